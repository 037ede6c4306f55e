"""API keys: what a world knows of them, where a request may carry one, and in which order the gateway looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl

from hokusai_mock.messages import Request

__all__ = ["DEFAULT_KEYS", "HELD", "Key", "Presented", "find", "identify", "present"]

HELD = "admin"
"""The role whose key a test holds; scenarios change the rights of this key, never the key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One API key and its rights."""

    role: str
    secret: str
    valid: bool = True
    admin: bool = False
    scopes: tuple[str, ...] = ()
    balance: float = 1000.0
    roles: tuple[str, ...] = ()
    email: str = ""


DEFAULT_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "admin": Key("admin", "hk_test_admin", admin=True, scopes=("model:read", "model:write", "mlflow:access")),
        "default": Key("default", "hk_test_default", scopes=("model:read", "model:write", "mlflow:access")),
        "reader": Key("reader", "hk_test_reader", scopes=("model:read",)),
    }
)
"""The keys of every new sandbox; public constants, obviously fake."""


class Presented(NamedTuple):
    """A key as a request carries it: the secret and where it was (`bearer`, `apikey`, `x-api-key`, `query`)."""

    secret: str
    location: str


def find(authorization: str | None, x_api_key: str | None, query: Iterable[tuple[str, str]]) -> Presented | None:
    """Return the key that the gateway would read, or `None`.

    First match wins, and the scheme is matched by case and with one space: `Bearer`, `ApiKey`, then `X-API-Key`, then
    `?api_key=`. Basic credentials count as no key; a wrong Bearer shadows a good X-API-Key. Observed on the live
    service.
    """
    if authorization:
        for scheme, location in (("Bearer ", "bearer"), ("ApiKey ", "apikey")):
            if authorization.startswith(scheme):
                return Presented(authorization[len(scheme) :], location)
    if x_api_key:
        return Presented(x_api_key, "x-api-key")
    for name, value in query:
        if name == "api_key" and value:
            return Presented(value, "query")
    return None


def present(request: Request) -> Presented | None:
    """The key that `request` carries, or `None`."""
    query = parse_qsl(request.query_string) if "api_key" in request.query_string else ()
    environ = request.environ
    return find(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"), query)


def identify(keys: Mapping[str, Key], presented: Presented | None) -> Key | None:
    """The key of this world with the presented secret, valid or not; `None` when it is unknown."""
    if presented is None:
        return None
    for key in keys.values():
        if key.secret == presented.secret:
            return key
    return None
