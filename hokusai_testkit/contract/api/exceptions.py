"""The exceptions of `hokusai.exceptions`: which there are, what each derives from, and what they carry.

An error keeps the original as `__cause__`. `code` is the incident of the catalogue when it is known (`A05`), `remedy`
says what to do next, `url` is the address that was asked and never holds a secret. The HTTP status is the one that was
on the wire; it never comes from searching a message for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

__all__ = [
    "EXCEPTIONS",
    "HokusaiException",
    "HokusaiExceptionClass",
    "MLflowAuthenticationError",
    "MLflowAuthenticationErrorClass",
    "MLflowConnectionError",
    "MLflowConnectionErrorClass",
    "ModelNotFoundError",
    "ModelNotFoundErrorClass",
    "NotificationError",
    "NotificationErrorClass",
    "RateLimitError",
    "RateLimitErrorClass",
]

EXCEPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "HokusaiException": ("Exception",),
        "ConfigurationError": ("HokusaiException",),
        "InvalidParameterError": ("HokusaiException", "ValueError"),
        "HokusaiAuthError": ("HokusaiException",),
        "AuthenticationError": ("HokusaiAuthError",),
        "AuthorizationError": ("HokusaiAuthError",),
        "MLflowAuthenticationError": ("HokusaiException",),
        "RateLimitError": ("HokusaiException",),
        "MLflowConnectionError": ("HokusaiException",),
        "ModelNotFoundError": ("HokusaiException",),
        "NotificationError": ("HokusaiException",),
        "RegistryException": ("HokusaiException",),
        "VersioningException": ("HokusaiException",),
        "InferenceException": ("HokusaiException",),
        "ABTestException": ("HokusaiException",),
        "MethodNotImplementedError": ("HokusaiException",),
    }
)
"""Every documented exception, and what it derives from directly; a name that is not in the table is a builtin."""


class HokusaiException(Protocol):
    """The root of everything that the SDK raises. Documented import: `from hokusai.exceptions import ...`."""

    @property
    def code(self) -> str | None:
        """The incident of the catalogue, such as `A05`; None when it is not known."""

    @property
    def status_code(self) -> int | None:
        """The HTTP status that was on the wire; None where there was no answer."""

    @property
    def remedy(self) -> str | None:
        """What to do next."""

    @property
    def url(self) -> str | None:
        """The address that was asked, without user-info and query."""


class HokusaiExceptionClass(Protocol):
    """The class `HokusaiException` itself."""

    def __call__(self, message: str = "") -> HokusaiException:
        """Make an error about `message`."""


class MLflowAuthenticationError(HokusaiException, Protocol):
    """The tracking side answered 401 or 403; `status_code` says which, `code` why."""


class MLflowAuthenticationErrorClass(Protocol):
    """The class `MLflowAuthenticationError` itself."""

    def __call__(self, message: str = "", status_code: int | None = None) -> MLflowAuthenticationError:
        """Make an error with the HTTP status that was seen."""


class MLflowConnectionError(HokusaiException, Protocol):
    """The tracking server cannot be reached or does not work."""

    @property
    def tracking_uri(self) -> str | None:
        """The server that was meant."""


class MLflowConnectionErrorClass(Protocol):
    """The class `MLflowConnectionError` itself."""

    def __call__(self, message: str = "", tracking_uri: str | None = None) -> MLflowConnectionError:
        """Make an error about the server at `tracking_uri`."""


class ModelNotFoundError(HokusaiException, Protocol):
    """No such model or version."""

    @property
    def model_id(self) -> str | None:
        """The id that was asked for; None when it was asked for by name."""

    @property
    def model_name(self) -> str | None:
        """The registered model's name that was asked for."""

    @property
    def version(self) -> str | None:
        """The version that was asked for."""


class ModelNotFoundErrorClass(Protocol):
    """The class `ModelNotFoundError` itself."""

    def __call__(
        self, model_id: str | None = None, model_name: str | None = None, version: str | None = None
    ) -> ModelNotFoundError:
        """Make an error about a model that was asked for by id, or by name and version."""


class NotificationError(HokusaiException, Protocol):
    """The registration event was not accepted."""

    @property
    def response_body(self) -> str | None:
        """What the platform answered; None where there was no answer."""

    @property
    def mlflow_registered(self) -> bool:
        """Whether the model is registered all the same."""


class NotificationErrorClass(Protocol):
    """The class `NotificationError` itself."""

    def __call__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        response_body: str | None = None,
        mlflow_registered: bool = True,
    ) -> NotificationError:
        """Make an error with what the platform answered."""


class RateLimitError(HokusaiException, Protocol):
    """Too many requests (429)."""

    @property
    def retry_after(self) -> float | None:
        """The wait that the server asked for, in seconds, from an integer or an HTTP date; None when it did not say."""


class RateLimitErrorClass(Protocol):
    """The class `RateLimitError` itself."""

    def __call__(self, message: str = "", retry_after: Any = None) -> RateLimitError:
        """Make an error with the wait in seconds."""
