"""`HokusaiAuth`: a key and an endpoint as one object, to be passed as `auth=`."""

from __future__ import annotations

from typing import Any

from hokusai.auth._key import Secret, check_key, hide
from hokusai.config._resolver import resolve
from hokusai.config._uris import check_endpoint
from hokusai.exceptions import ConfigurationError

__all__ = ["HokusaiAuth"]


class HokusaiAuth:
    """An API key together with the endpoint that it belongs to.

    What is left out is resolved like everywhere else: `setup()`, environment, configuration file, default.
    """

    api_key: Secret | None = None
    api_endpoint: str | None = None
    auth_service_url: str | None = None

    def __init__(
        self,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        auth_service_url: str | None = None,
        validate_with_auth_service: bool = False,
    ) -> None:
        """Check the values; nothing is sent.

        Raises:
            ConfigurationError: a key that cannot be sent in a header (A14), an address without a scheme (B08).
        """
        api_key = hide(api_key)
        self.api_key = None if api_key is None else check_key(api_key, "HokusaiAuth(api_key=...)")
        self.api_endpoint = _checked(api_endpoint, "HokusaiAuth(api_endpoint=...)")
        self.auth_service_url = _checked(auth_service_url, "HokusaiAuth(auth_service_url=...)")
        if validate_with_auth_service:
            self.validate()

    def validate(self) -> dict[str, Any] | None:
        """Ask the auth service about the key: one request, bounded to 10 s.

        Returns what the service says about it (`user_id`, `scopes`, `is_admin`, ...), or None when it could not say
        (it is down: logged as a warning).

        Raises:
            ConfigurationError: there is no key (A01).
            AuthenticationError: the key is wrong, expired or revoked (A03).
            RateLimitError: too many questions (C11).
        """
        from hokusai.auth._validation import validate_key  # noqa: PLC0415 - brings requests' helpers in

        key = self.api_key if self.api_key is not None else resolve(mode="local").api_key
        if key is None:
            raise ConfigurationError(
                "There is no API key to validate.",
                code="A01",
                remedy='Set HOKUSAI_API_KEY, or call hokusai.setup(api_key="...").',
            )
        return validate_key(key, self.auth_service_url)

    def __repr__(self) -> str:
        return f"HokusaiAuth(api_key={'***' if self.api_key else None}, api_endpoint={self.api_endpoint!r})"


def _checked(address: str | None, source: str) -> str | None:
    return None if address is None else check_endpoint(address, source)
