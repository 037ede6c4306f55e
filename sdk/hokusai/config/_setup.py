"""`setup()`, alias `configure()` and `init()`: the key and endpoint of this process."""

from __future__ import annotations

from hokusai.auth._key import check_key
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import SETUP, SetupValues, check_endpoint

__all__ = ["configure", "init", "setup"]


def setup(
    api_key: str | None = None,
    api_endpoint: str | None = None,
    auth_service_url: str | None = None,
) -> HokusaiAuth:
    """Set the key and endpoint that every SDK object uses which is not given its own.

    They outrank environment and configuration files; what is left out goes by those. No request is made.

    Raises:
        ConfigurationError: a key that cannot be sent (A14), or an endpoint without a scheme (B08).
    """
    key = None if api_key is None else check_key(api_key, "setup(api_key=...)")
    endpoint = None if api_endpoint is None else check_endpoint(api_endpoint, "setup(api_endpoint=...)")
    SETUP.values = SetupValues(key, endpoint)
    return HokusaiAuth(key, endpoint, auth_service_url)


configure = setup
init = setup
