"""`setup()`, alias `configure()` and `init()`: the key and endpoint of this process."""

from __future__ import annotations

from hokusai.auth._key import check_key, hide
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import SETUP, SetupValues
from hokusai.config._uris import check_endpoint

__all__ = ["configure", "init", "setup"]


def setup(
    api_key: str | None = None,
    api_endpoint: str | None = None,
    auth_service_url: str | None = None,
    validate_with_auth_service: bool = False,
) -> HokusaiAuth:
    """Set the key and endpoint of this process; they outrank environment and configuration files.

    With `validate_with_auth_service` the auth service (`https://auth.hokus.ai`, or `HOKUSAI_AUTH_SERVICE_URL`) is
    asked about the key, which travels in the `Authorization` header; a service that is down holds nobody up.

    Raises:
        ConfigurationError: a key that cannot be sent (A14), an address without a scheme (B08); nothing is set.
        AuthenticationError: the auth service does not know the key (A03); nothing is set.
        RateLimitError: the auth service has had too many questions (C11); nothing is set.

    Note:
        A second call replaces what the first one set. With `validate_with_auth_service` the key of every object
        that is made later is asked about, too.
    """
    api_key = hide(api_key)
    if api_key is not None:
        check_key(api_key, "setup(api_key=...)")
    if api_endpoint is not None:
        check_endpoint(api_endpoint, "setup(api_endpoint=...)")
    auth = HokusaiAuth(api_key, api_endpoint, auth_service_url, validate_with_auth_service)
    SETUP.values = SetupValues(auth.api_key, auth.api_endpoint, auth.auth_service_url, validate_with_auth_service)
    return auth


configure = setup
init = setup
