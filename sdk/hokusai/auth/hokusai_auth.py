"""`HokusaiAuth`: a key and an endpoint as one object, to be passed as `auth=`."""

from __future__ import annotations

from hokusai.auth._key import check_key
from hokusai.config._resolver import check_endpoint

__all__ = ["HokusaiAuth"]


class HokusaiAuth:
    """An API key together with the endpoint that it belongs to.

    What is left out is resolved like everywhere else: `setup()`, environment, configuration file, default.
    """

    def __init__(
        self, api_key: str | None = None, api_endpoint: str | None = None, auth_service_url: str | None = None
    ) -> None:
        """Check the values; `ConfigurationError` when one of them can never work (A14, B08)."""
        self.api_key = None if api_key is None else check_key(api_key, "HokusaiAuth(api_key=...)")
        self.api_endpoint = None if api_endpoint is None else check_endpoint(api_endpoint, "HokusaiAuth(api_endpoint)")
        self.auth_service_url = auth_service_url

    def __repr__(self) -> str:
        return f"HokusaiAuth(api_key={'***' if self.api_key else None}, api_endpoint={self.api_endpoint!r})"
