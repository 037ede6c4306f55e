"""What a private listener is, what opens it, and what its kind may use of the server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["MAIN", "Ground", "Kind", "ListenerError", "OpenListener", "Opener", "ServeConnection"]

MAIN = "main"
"""The listener that replaces its sandbox's base URL."""

ServeConnection = Callable[[socket.socket, "tuple[str, int]"], None]
"""Serves one accepted connection, in a thread of its own, until it ends; who calls it closes the socket."""


class ListenerError(ValueError):
    """A listener cannot be opened; the message says why and what to do. Nothing was changed."""


class OpenListener(Protocol):
    """One listener of a world, from its opening until `close`."""

    name: str
    kind: str
    tls: bool
    """Whether its URL begins with https."""
    ca: str | None
    """Path of the certificate (PEM) that a client must trust to talk to it; `None`: it shows none."""
    trusted: bool
    """Whether clients are told to trust it; else they have never heard of it."""
    client_certificate: str | None
    """Path of a certificate with its key (PEM) that the listener accepts, when it demands one."""

    def url(self, host: str) -> str:
        """Its base URL without a slash at the end; `host` is used when it listens on every address."""

    def stop(self) -> None:
        """Refuse connections and end those that are open; the port stays reserved for `resume`."""

    def resume(self) -> None:
        """Accept connections again, on the same port."""

    def close(self) -> None:
        """Free the port and end its connections; closing again does nothing."""


Opener = Callable[["World", "Sequence[Listener]"], "Mapping[str, OpenListener]"]
"""Opens what a scenario asks for, by name: all of it or, with `ListenerError`, nothing."""


class Ground(Protocol):
    """What a listener may use of the server that it belongs to."""

    host: str
    """The address that private listeners bind."""

    def when_started(self, action: Callable[[], None]) -> None:
        """Do `action` now, or as soon as the server has started."""

    def accept(self, listener: socket.socket, serve: ServeConnection) -> None:
        """Accept on a listening socket from now on."""

    def release(self, listener: socket.socket) -> None:
        """Accept no more, close the socket, end the connections that came through it."""

    def go_on_as(self, connection: socket.socket) -> None:
        """Replace the connection of the calling thread, which TLS has wrapped."""

    def http(self, world: World, address: tuple[str, int], *, tls: bool) -> ServeConnection:
        """What serves HTTP for one world whose base URL has no path."""

    def neighbour(self, world: World, name: str) -> World:
        """Make a fresh healthy world that belongs to the listener `name` of `world`."""

    def drop(self, world: World) -> None:
        """Forget a world that `neighbour` made."""


Kind = Callable[["Listener", "World", tuple[str, int], Ground], ServeConnection]
"""A kind of listener: what serves the connections of a listener, given where it listens."""
