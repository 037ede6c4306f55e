"""Everything the SDK raises, under one root: `HokusaiException`.

An error says what happened, keeps the original as `__cause__`, and carries `code` (the incident, such as `A05`),
`status_code`, `remedy` (what to do next) and `url`. None of them ever holds a secret. How a failed call is turned into
one of these lives in `_errors.py`, not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "ABTestException",
    "AuthenticationError",
    "AuthorizationError",
    "ConfigurationError",
    "HokusaiAuthError",
    "HokusaiException",
    "HokusaiFallbackWarning",
    "InferenceException",
    "InvalidParameterError",
    "KeptRegistration",
    "MLflowAuthenticationError",
    "MLflowConnectionError",
    "MethodNotImplementedError",
    "MissingMLExtraError",
    "ModelNotFoundError",
    "NotificationError",
    "RateLimitError",
    "RegistryException",
    "VersioningException",
]


@dataclass(frozen=True, slots=True)
class KeptRegistration:
    """A registration that broke off in the middle: what exists at `target`, and where the rest is kept.

    The same call made again, or `hokusai sync`, goes on with it. What was cut off may exist without being known here.
    """

    id: str
    """The value of the tag `hokusai.registration_id` of run and version."""
    target: str
    """The tracking URI that it is meant for."""
    folder: str
    """Where the call and its model are kept on this machine."""
    run_id: str | None
    artifacts: bool
    """Whether all of the model's files were uploaded."""
    registered_model: bool
    version: str | None
    """MLflow's number."""
    missing: tuple[str, ...]
    """What is left to do, in words."""


class HokusaiException(Exception):
    """The root of everything that the SDK raises.

    `message` says what happened and why; `str()` adds the incident's code and the remedy. `kept` says what there is of
    a registration that broke off; `None` for everything else.
    """

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        status_code: int | None = None,
        remedy: str | None = None,
        url: str | None = None,
    ) -> None:
        """Make an error about `message`."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.status_code = status_code
        self.remedy = remedy
        self.url = url
        self.kept: KeptRegistration | None = None

    def __str__(self) -> str:
        text = f"[{self.code}] {self.message}" if self.code else self.message
        return f"{text} What to do: {self.remedy}" if self.remedy else text


class ConfigurationError(HokusaiException):
    """The configuration (key, endpoint, tracking URI, a variable) cannot work; nothing was sent."""


class InvalidParameterError(HokusaiException, ValueError):
    """An argument was refused before anything was changed; the message names it."""


class HokusaiAuthError(HokusaiException):
    """The platform's own HTTP interface refused the caller."""


class AuthenticationError(HokusaiAuthError):
    """The platform does not know the key (401)."""


class AuthorizationError(HokusaiAuthError):
    """The platform knows the key and refuses the action (403)."""


class MLflowAuthenticationError(HokusaiException):
    """The tracking side answered 401 or 403; `status_code` says which, `code` why."""

    def __init__(self, message: str = "", status_code: int | None = None, **fields: Any) -> None:
        """Make an error with the HTTP status that was seen."""
        super().__init__(message, status_code=status_code, **fields)


class RateLimitError(HokusaiException):
    """Too many requests (429); `retry_after` is the wait in seconds, `None` when the server did not say."""

    def __init__(self, message: str = "", retry_after: float | None = None, **fields: Any) -> None:
        """Make an error with the wait in seconds."""
        super().__init__(message, **fields)
        self.retry_after = retry_after


class MLflowConnectionError(HokusaiException):
    """The tracking server cannot be reached or does not work (5xx); `tracking_uri` says which."""

    def __init__(self, message: str = "", tracking_uri: str | None = None, **fields: Any) -> None:
        """Make an error about the server at `tracking_uri`."""
        super().__init__(message, **fields)
        self.tracking_uri = tracking_uri


class ModelNotFoundError(HokusaiException):
    """No such model or version; `model_id`, `model_name` and `version` say what was asked for."""

    def __init__(
        self,
        model_id: str | None = None,
        model_name: str | None = None,
        version: str | None = None,
        *,
        message: str | None = None,
        **fields: Any,
    ) -> None:
        """Make an error about a model that was asked for by id, or by name and version."""
        wanted = " ".join(part for part in (model_name or model_id, f"version {version}" if version else None) if part)
        if fields.get("remedy") is None and fields.get("code") is not None:
            fields["remedy"] = "Check name and version, and with get_mlflow_auth_status() that it is the right server."
        super().__init__(message or f"No such model: {wanted}.", **fields)
        self.model_id = model_id
        self.model_name = model_name
        self.version = version


class NotificationError(HokusaiException):
    """The registration event was not accepted; `mlflow_registered` says whether the model is registered anyway.

    `response_body` is what the platform answered, `result` what the call would have returned without this failure.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        response_body: str | None = None,
        mlflow_registered: bool = True,
        result: Any = None,
        **fields: Any,
    ) -> None:
        """Make an error with what the platform answered."""
        super().__init__(message, status_code=status_code, **fields)
        self.response_body = response_body
        self.mlflow_registered = mlflow_registered
        self.result = result


class RegistryException(HokusaiException):
    """The registry refused, or could not do, what was asked."""


class VersioningException(HokusaiException):
    """A semantic version is malformed, taken or missing."""


class InferenceException(HokusaiException):
    """A registered model could not be loaded, or did not predict as promised."""


class ABTestException(HokusaiException):
    """An A/B test is not defined, or its definition cannot work."""


class MissingMLExtraError(HokusaiException, ImportError):
    """A package of the `ml` extra is not installed (G05); raised when it is first needed, never by an import."""

    def __init__(self, message: str = "", *, name: str | None = None, **fields: Any) -> None:
        """Make an error about the missing module `name`."""
        super().__init__(message, **fields)
        self.name = name


class MethodNotImplementedError(HokusaiException, NotImplementedError):
    """A method that a subclass must provide was called on the base class."""


class HokusaiFallbackWarning(UserWarning):
    """MLflow is unavailable and work is kept in the local store; the text names the cause and the place."""
