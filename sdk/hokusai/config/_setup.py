"""`setup()`, alias `configure()` and `init()`: the key and endpoint of this process."""

from __future__ import annotations

from hokusai.auth._key import hide
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import SETUP, SetupValues

__all__ = ["configure", "init", "setup"]


def setup(
    api_key: str | None = None,
    api_endpoint: str | None = None,
    auth_service_url: str | None = None,
    validate_with_auth_service: bool = False,
) -> HokusaiAuth:
    """Set the key and endpoint that every SDK object uses which is not given its own.

    They outrank environment and configuration files; what is left out goes by those. A second call replaces what the
    first one set. No request is made, unless `validate_with_auth_service`: then the auth service is asked about the
    key now, and about the key of every object that is made later.

    Raises:
        ConfigurationError: a key that cannot be sent (A14), or an address without a scheme (B08); nothing is set.
        AuthenticationError, RateLimitError: the auth service refuses the key (with `validate_with_auth_service`);
            nothing is set.
    """
    api_key = hide(api_key)
    auth = HokusaiAuth(api_key, api_endpoint, auth_service_url, validate_with_auth_service)
    SETUP.values = SetupValues(auth.api_key, auth.api_endpoint, auth.auth_service_url, validate_with_auth_service)
    return auth


configure = setup
init = setup
