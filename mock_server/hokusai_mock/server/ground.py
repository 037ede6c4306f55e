"""What private listeners may use of the server: its accept loop, its application, its worlds. See `listeners/`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from hokusai_mock.server.connection import WSGIHost

if TYPE_CHECKING:
    from hokusai_mock.listeners.interface import OpenListener, ServeConnection
    from hokusai_mock.pipeline import Pipeline
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.server.acceptor import Acceptor
    from hokusai_mock.world import World
    from hokusai_mock.worlds import Worlds

__all__ = ["ServerGround"]


class ServerGround:
    """The ground of one `MockServer`; listeners that are asked for before it starts are opened when it does."""

    def __init__(self, host: str) -> None:
        """Bind listeners to `host`, once `start` was called."""
        self.host = host
        self._waiting: list[Callable[[], None]] = []
        self._started: tuple[Acceptor, Pipeline, Worlds] | None = None

    def open(self, world: World, specs: Sequence[Listener]) -> Mapping[str, OpenListener]:
        """Open private listeners for `world`; this is the `Opener` that all worlds of the server have."""
        from hokusai_mock.listeners.opener import open_all  # noqa: PLC0415 - few servers ever open one

        return open_all(world, specs, self)

    def start(self, acceptor: Acceptor, pipeline: Pipeline, worlds: Worlds) -> None:
        """Open what was asked for so far; from now on listeners open at once."""
        self._started = acceptor, pipeline, worlds
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()

    def when_started(self, action: Callable[[], None]) -> None:
        """Do `action` now, or as soon as the server has started."""
        if self._started is None:
            self._waiting.append(action)
        else:
            action()

    def accept(self, listener: socket.socket, serve: ServeConnection) -> None:
        """Accept on a listening socket from now on."""
        self._parts[0].add(listener, serve)

    def release(self, listener: socket.socket) -> None:
        """Accept no more, close the socket, end the connections that came through it."""
        self._parts[0].remove(listener)

    def go_on_as(self, connection: socket.socket) -> None:
        """Replace the connection of the calling thread, which TLS has wrapped."""
        self._parts[0].go_on_as(connection)

    def http(self, world: World, address: tuple[str, int], *, tls: bool) -> ServeConnection:
        """What serves HTTP for one world whose base URL has no path."""
        return WSGIHost(self._parts[1].bound(world), address, tls=tls).serve

    def neighbour(self, world: World, name: str) -> World:
        """Make a fresh healthy world that belongs to the listener `name` of `world`."""
        return self._parts[2].beside(world, name)

    def drop(self, world: World) -> None:
        """Forget a world that `neighbour` made."""
        self._parts[2].let_go(world)

    @property
    def _parts(self) -> tuple[Acceptor, Pipeline, Worlds]:
        if self._started is None:
            raise RuntimeError("the server has not started")
        return self._started
