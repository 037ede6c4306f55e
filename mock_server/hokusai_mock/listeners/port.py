"""A port of this machine that belongs to one listener until it is closed: it listens, refuses, or lets nothing in.

Nothing here knows what is said on the port.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import weakref

__all__ = ["Port"]

BACKLOG = 256

_GUARDED = sys.platform == "linux"
"""Whether a second socket may be bound to the port of one that listens; elsewhere a port that stops may be lost."""

_alive: weakref.WeakSet[Port] = weakref.WeakSet()


class Port:
    """A free port, held by a socket that never listens: while nobody else does, connections are refused at once.

    The guard is bound first, because Linux lets two sockets share a port only while none of them listens. It keeps the
    port from being given to anybody else between `stop` and the next `listen`.
    """

    def __init__(self, host: str) -> None:
        """Bind a free port of `host`; `OSError` as the system gives it."""
        family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self._family = family
        self._guard: socket.socket | None = _bound(family, address)
        self._address = self._guard.getsockname()
        self._blocking: tuple[socket.socket, ...] = ()
        _alive.add(self)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self._address[0], self._address[1]

    def listen(self, backlog: int = BACKLOG) -> socket.socket:
        """Return a new non-blocking socket that listens on the port; its owner closes it."""
        if _GUARDED or self._guard is None:
            sock = _bound(self._family, self._address)
        else:
            sock, self._guard = self._guard, None
        sock.listen(backlog)
        sock.setblocking(False)
        return sock

    def block(self) -> None:
        """Let every connection wait for an answer that never comes, as behind a firewall that drops packets.

        The queue of connections that nobody accepts is filled with one of our own: Linux drops the SYN of any other.
        """
        if self._blocking:
            return
        listening = self.listen(0)
        filler = socket.socket(self._family, socket.SOCK_STREAM)
        self._blocking = (filler, listening)
        filler.settimeout(5)
        filler.connect(self._address)

    def unblock(self) -> None:
        """Refuse connections again."""
        for sock in self._blocking:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # a forked child may hold the descriptor for a moment
        self._close_blocking()

    def close(self) -> None:
        """Give the port back; closing again does nothing."""
        self.unblock()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the descriptors and say nothing: in a forked child the port stays the parent's."""
        self._close_blocking()
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.close()

    def _close_blocking(self) -> None:
        blocking, self._blocking = self._blocking, ()
        for sock in blocking:
            sock.close()


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _abandon_all() -> None:
    for port in list(_alive):
        with contextlib.suppress(OSError):
            port.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
