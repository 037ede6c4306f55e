"""Which requests a fault rule is for: methods, paths, key and headers. Pure: takes facts, returns true or false.

Paths are percent-decoded and relative to the sandbox, gateway mount included. What a key is worth is found out by the
gateway, which hands the answer in (`RequestFacts.key`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Annotated, NamedTuple

from hokusai_mock.paths import REGISTRY_PREFIXES
from hokusai_mock.schema import AtLeast, Custom, ImpossibleError, Matches, did_you_mean

__all__ = ["ENDPOINT", "GROUPS", "KeyFacts", "Match", "RequestFacts", "endpoint_name"]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

GROUPS: dict[str, str] = {
    # The gateway compares these prefixes as plain text, in lower case: `/mlflowX` belongs to the registry too.
    "@registry": f"(?i:{'|'.join(re.escape(prefix) for prefix in REGISTRY_PREFIXES)}).*",
    "@api": r"/api/v1(?:/.*)?",
    "@artifacts": r"(?:/.*)?/(?:ajax-)?api/2\.0/mlflow-artifacts(?:/.*)?",
    "@health": r"(?:/api)?/(?:health|ready|live|version|metrics)(?:/.*)?",
    "@all": r".*",
}
"""Named sets of paths, as regular expressions that match a whole path."""

ENDPOINT = "@mlflow/"
"""Begins the path of an MLflow endpoint, whatever it is mounted under."""

_ENDPOINT_ROOT = r"(?:/.*)?/(?:ajax-)?api/\d\.\d/(?:preview/)?mlflow/"


class KeyFacts(NamedTuple):
    """What is known about the key of a request: whether it is accepted, and the role that it has in this world."""

    state: str
    """`valid`, `invalid` or `none` (the request carries no key)."""
    role: str | None


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What rules look at in a request. `header` and `key` are only called when a rule asks for them."""

    method: str
    path: str
    header: Callable[[str], str | None]
    key: Callable[[], KeyFacts]

    def client(self) -> str:
        """Who asks: the header `X-Hokusai-Testkit-Client` when it is sent, else the key, by its role if it has one."""
        return (
            self.header("X-Hokusai-Testkit-Client")
            or self.key().role
            or self.header("Authorization")
            or self.header("X-API-Key")
            or ""
        )


@lru_cache(maxsize=512)
def _pattern(path: str) -> re.Pattern[str]:
    """The regular expression of a path pattern: a glob whose `*` also crosses slashes, a group, or an endpoint."""
    if path.startswith(ENDPOINT):
        return re.compile(_ENDPOINT_ROOT + translate(path[len(ENDPOINT) :]))
    if path.startswith("@"):
        return re.compile(GROUPS[path] + r"\Z", re.DOTALL)
    return re.compile(translate(path))


def endpoint_name(route: str) -> str | None:
    """What `@mlflow/` calls an endpoint, given its route; `None` for a route that it has no name for."""
    root = re.match(_ENDPOINT_ROOT, route)
    return None if root is None else route[root.end() :]


def _path(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be a path, not {value!r}")
    if value.startswith(ENDPOINT) and len(value) > len(ENDPOINT):
        return value
    if value.startswith("@") and value not in GROUPS:
        known = [*GROUPS, "@mlflow/..."]
        raise ValueError(f"names no group of paths: {value!r}{did_you_mean(value, known)}")
    if not value.startswith(("/", "@", "*")):
        raise ValueError(f"must begin with '/' (relative to the sandbox), '*' or '@', not {value!r}")
    return value


def _method(value: object) -> str:
    name = value.upper() if isinstance(value, str) else value
    if name not in METHODS:
        raise ValueError(f"is not an HTTP method: {value!r}{did_you_mean(name, METHODS)}")
    return str(name)


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests: all given conditions must hold, one of each list; nothing given matches every request.

    `key` is `valid`, `invalid`, `none` (no key was sent) or a role; `header` maps names to globs of their values;
    `min_bytes` is the length that the body says it has, at least.
    """

    methods: tuple[Annotated[str, Custom(_method)], ...] = ()
    paths: tuple[Annotated[str, Custom(_path)], ...] = ()
    key: Annotated[str, Matches(r"[a-z][a-z0-9_-]*", "valid, invalid, none or a role")] | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    min_bytes: Annotated[int, AtLeast(0)] | None = None

    def __post_init__(self) -> None:
        """Refuse conditions that exclude each other."""
        asks_for_key = any(name.lower() in ("authorization", "x-api-key") for name in self.header)
        if self.key == "none" and asks_for_key:
            raise ImpossibleError("a request without a key ('key' is 'none') has no header that carries one")

    def holds(self, facts: RequestFacts) -> bool:
        """Say whether the request belongs to the rule; the cheap conditions are asked first."""
        if self.methods and facts.method not in self.methods:
            return False
        if self.paths and not any(_pattern(path).match(facts.path) for path in self.paths):
            return False
        if self.min_bytes is not None and _length(facts) < self.min_bytes:
            return False
        if self.key is not None:
            known = facts.key()
            if self.key not in known:
                return False
        return all(_header_holds(facts.header(name), glob) for name, glob in self.header.items())


def _length(facts: RequestFacts) -> int:
    value = facts.header("Content-Length") or ""
    return int(value) if value.isdecimal() else 0


def _header_holds(value: str | None, glob: str) -> bool:
    return value is not None and re.match(translate(glob), value) is not None
