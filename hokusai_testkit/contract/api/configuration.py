"""Configuration and authentication: `setup` and its twins, `HokusaiAuth`, and what concerns plain MLflow servers.

One resolver serves every class and function: argument, then `setup()`, then environment, then the first configuration
file that exists (`~/.hokusai/config`, `./.hokusai`, `./hokusai.ini`; section `[default]`, names `api_key` and
`api_endpoint`), then the default `https://registry.hokus.ai/api`. The tracking URI is the argument, then
`MLFLOW_TRACKING_URI`, then `<api_endpoint>/mlflow`.
"""

from __future__ import annotations

from typing import Any, Protocol

from typing_extensions import overload

__all__ = [
    "ConfigureFunction",
    "GetMlflowAuthStatusFunction",
    "GetMlflowStatusFunction",
    "HokusaiAuth",
    "HokusaiAuthClass",
    "InitFunction",
    "SetupFunction",
    "SetupMlflowAuthFunction",
]


class HokusaiAuth(Protocol):
    """A key and the endpoint that it belongs to, to be passed as `auth=`. Its representation never shows the key.

    Documented imports: `from hokusai import HokusaiAuth`, `from hokusai.auth import HokusaiAuth`.
    """

    @property
    def api_key(self) -> str | None:
        """The key that was given; None: it is resolved like everywhere else."""

    @property
    def api_endpoint(self) -> str | None:
        """The endpoint that was given; None: it is resolved like everywhere else."""


class HokusaiAuthClass(Protocol):
    """The class `HokusaiAuth` itself."""

    def __call__(
        self, api_key: str | None = None, api_endpoint: str | None = None, auth_service_url: str | None = None
    ) -> HokusaiAuth:
        """Check the values; nothing is sent.

        Raises:
            ConfigurationError: a key that cannot be sent in a header (A14), an address without a scheme (B08).
        """


class SetupFunction(Protocol):
    """`setup`, also called `configure` and `init`. Documented import: `from hokusai import setup`."""

    def __call__(
        self,
        api_key: str,
        api_endpoint: str | None = None,
        auth_service_url: str | None = None,
        validate_with_auth_service: bool = False,
    ) -> Any:
        """Set the key and endpoint of this process; they outrank environment and configuration files.

        With `validate_with_auth_service` the auth service (`https://auth.hokus.ai`, or `HOKUSAI_AUTH_SERVICE_URL`) is
        asked about the key, which travels in the `Authorization` header; a service that is down holds nobody up.

        Raises:
            ConfigurationError: a key that cannot be sent (A14), an address without a scheme (B08); nothing is set.
            AuthenticationError: the auth service does not know the key (A03); nothing is set.
            RateLimitError: the auth service has had too many questions (C11); nothing is set.
        """


class ConfigureFunction(Protocol):
    """`configure`: another name of `setup`. Documented import: `from hokusai import configure`."""

    def __call__(
        self,
        api_key: str,
        api_endpoint: str | None = None,
        auth_service_url: str | None = None,
        validate_with_auth_service: bool = False,
    ) -> Any:
        """Set the key and endpoint of this process; they outrank environment and configuration files.

        With `validate_with_auth_service` the auth service (`https://auth.hokus.ai`, or `HOKUSAI_AUTH_SERVICE_URL`) is
        asked about the key, which travels in the `Authorization` header; a service that is down holds nobody up.

        Raises:
            ConfigurationError: a key that cannot be sent (A14), an address without a scheme (B08); nothing is set.
            AuthenticationError: the auth service does not know the key (A03); nothing is set.
            RateLimitError: the auth service has had too many questions (C11); nothing is set.
        """


class InitFunction(Protocol):
    """`init`: another name of `setup`. Documented import: `from hokusai import init`."""

    def __call__(
        self,
        api_key: str,
        api_endpoint: str | None = None,
        auth_service_url: str | None = None,
        validate_with_auth_service: bool = False,
    ) -> Any:
        """Set the key and endpoint of this process; they outrank environment and configuration files.

        With `validate_with_auth_service` the auth service (`https://auth.hokus.ai`, or `HOKUSAI_AUTH_SERVICE_URL`) is
        asked about the key, which travels in the `Authorization` header; a service that is down holds nobody up.

        Raises:
            ConfigurationError: a key that cannot be sent (A14), an address without a scheme (B08); nothing is set.
            AuthenticationError: the auth service does not know the key (A03); nothing is set.
            RateLimitError: the auth service has had too many questions (C11); nothing is set.
        """


class SetupMlflowAuthFunction(Protocol):
    """`setup_mlflow_auth`. Documented imports: `from hokusai import ...`, `from hokusai.config import ...`."""

    @overload
    def __call__(
        self,
        tracking_uri: str,
        username: str,
        password: str,
        *,
        validate: bool = True,
        insecure_tls: bool = False,
        client_cert_path: str | None = None,
        client_key_path: str | None = None,
        ca_bundle_path: str | None = None,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        tracking_uri: str | None = None,
        *,
        token: str | None = None,
        validate: bool = True,
        insecure_tls: bool = False,
        client_cert_path: str | None = None,
        client_key_path: str | None = None,
        ca_bundle_path: str | None = None,
    ) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Configure this process for a plain MLflow server: basic, bearer, client certificate (mTLS), own CA.

        The secret goes to the origin (scheme, host, port) of `tracking_uri` only, and `os.environ` stays as it is. With
        `validate` the server is asked once, bounded to 10 s. Paths are those of PEM files. The Hokusai platform needs
        none of this: `HOKUSAI_API_KEY` is enough.

        Raises:
            InvalidParameterError: `username` without `password`, or both a password and a token; nothing is changed.
            ConfigurationError: a URI without a scheme (B08), a token that cannot be sent (A14), a secret that would
                travel over plain http to another machine; nothing is changed.
            MLflowAuthenticationError: the server refused (with `validate`); `code` says why.
            MLflowConnectionError: the server was not reached (with `validate`).
        """


class GetMlflowAuthStatusFunction(Protocol):
    """`get_mlflow_auth_status`. Documented imports: `from hokusai import ...`, `from hokusai.config import ...`."""

    def __call__(self) -> dict[str, Any]:
        """Report how MLflow calls of this process will be authenticated, without making one.

        The keys are `tracking_uri`, `auth_type` (the scheme that will really be sent: `bearer`, `basic`, `aws_sigv4`,
        `mtls`, `none`), `is_remote`, `is_configured`, `source` (what the credential comes from, None without one) and
        `conflicts` (sentences, each beginning with an incident: A02, A12, A13). No value holds a secret.

        Raises:
            ConfigurationError: the configuration cannot work at all (A14, B08, F05).
        """


class GetMlflowStatusFunction(Protocol):
    """`get_mlflow_status`, another name. Documented import: `from hokusai.config import get_mlflow_status`."""

    def __call__(self) -> dict[str, Any]:
        """Report how MLflow calls of this process will be authenticated, without making one.

        The keys are `tracking_uri`, `auth_type` (the scheme that will really be sent: `bearer`, `basic`, `aws_sigv4`,
        `mtls`, `none`), `is_remote`, `is_configured`, `source` (what the credential comes from, None without one) and
        `conflicts` (sentences, each beginning with an incident: A02, A12, A13). No value holds a secret.

        Raises:
            ConfigurationError: the configuration cannot work at all (A14, B08, F05).
        """
