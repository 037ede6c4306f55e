"""What a route of the admin API is: data that Flask's rules, the OpenAPI document and the docs are made from.

A view is a function of a `Call` that returns JSON data in the form that its return annotation says. It knows no Flask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hokusai_mock.messages import MAX_BODY
from hokusai_mock.world import World, WorldError
from hokusai_mock.worlds import Worlds

__all__ = ["ROLE_PATTERN", "SANDBOX", "AdminError", "Call", "Route", "View"]

SANDBOX = "/sandboxes/{id}"
"""The beginning of the paths that belong to one sandbox; without it they mean the sandbox `default`."""

ROLE_PATTERN = "^[a-z][a-z0-9_-]{0,63}$"


class AdminError(WorldError):
    """A request to the admin API that cannot be carried out; `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Say why, and with which HTTP status."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the admin API, its input read and checked."""

    worlds: Worlds
    sandbox: str
    """The id of the sandbox that is meant."""
    server_url: str
    """The server's base URL as this client reaches it, without a slash at the end."""
    body: Any = None
    """What the route's `body` reads, or `None` when nothing was sent."""
    query: Any = None
    """What the route's `query` reads."""
    role: str = ""
    """The `{role}` of the path, where it has one."""

    @property
    def world(self) -> World:
        """The world that is meant; made when it does not exist."""
        return self.worlds.get(self.sandbox)

    def root(self, world: World) -> str:
        """The base URL of a world, as this client reaches it; with TLS control is elsewhere than the platform."""
        elsewhere = None if self.server_url.startswith("https:") else self.worlds.public_url
        return f"{elsewhere or self.server_url}/s/{world.id}"


View = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    """Below `/_testkit/v1`; for one sandbox it begins with `SANDBOX`."""
    view: View
    body: type | None = None
    """A dataclass whose fields are those of the JSON body; `None`: it has none."""
    needs_body: bool = False
    """Whether a request without a body makes no sense."""
    query: type | None = None
    """A dataclass whose fields are the query parameters."""
    largest_body: int = MAX_BODY
    """Bytes of a body beyond which it is refused with 413."""
    status: int = 200
    """The status of success."""
    conflict: str | None = None
    """When it is refused with 409, in words."""

    @property
    def methods(self) -> tuple[str, ...]:
        """All its methods: what sets some fields and leaves the others may be called PUT or PATCH."""
        return ("PUT", "PATCH") if self.method == "PUT" else (self.method,)

    @property
    def of_sandbox(self) -> bool:
        """Whether it is about one sandbox."""
        return self.path.startswith(SANDBOX)

    @property
    def name(self) -> str:
        """A name that no other route has."""
        return self.view.__name__
