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
    """Do what `setup` does: the two are one function.

    Note:
        A second call replaces what the first one set. With `validate_with_auth_service` the key of every object
        that is made later is asked about, too.
    """
    api_key = hide(api_key)
    auth = HokusaiAuth(api_key, api_endpoint, auth_service_url, validate_with_auth_service)
    SETUP.values = SetupValues(auth.api_key, auth.api_endpoint, auth.auth_service_url, validate_with_auth_service)
    return auth


configure = setup
init = setup
