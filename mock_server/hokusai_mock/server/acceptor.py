"""The accept loop: one selector thread for many listening sockets, one thread for each connection.

A thread for each connection is what keeps sandboxes apart in time: on a pool of workers a dozen hanging requests of one
sandbox make every other one wait. Nothing here knows HTTP; `connection.py` does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
import weakref
from collections.abc import Callable

__all__ = ["Acceptor", "listen"]

BACKLOG = 1024
"""With a backlog of 128 a burst of 500 connects waits a second for the SYN to be sent again."""

ServeConnection = Callable[[socket.socket, tuple[str, int]], None]

_alive: weakref.WeakSet[Acceptor] = weakref.WeakSet()


def listen(host: str, port: int) -> socket.socket:
    """Return a non-blocking socket that listens on `host` and `port` (0 picks a free port).

    Raises `OSError` as the system gives it, for instance when the port is taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


class Acceptor:
    """Accepts on any number of listeners and serves each connection in a thread of its own."""

    def __init__(self) -> None:
        """Make a loop that accepts nothing yet."""
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_out.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        _alive.add(self)

    @property
    def stopping(self) -> threading.Event:
        """Set as soon as `stop` begins; whoever waits inside a request waits on this."""
        return self._stopping

    def add(self, listener: socket.socket, serve: ServeConnection) -> None:
        """Accept on `listener` (made by `listen`) from now on; each connection goes to `serve` in its own thread."""
        self._selector.register(listener, selectors.EVENT_READ, serve)

    def start(self) -> None:
        """Start the accepting thread."""
        self._thread = threading.Thread(target=self._run, name="hokusai-mock-accept", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Close every listener and connection, then wait at most `timeout` seconds in all for the threads to end.

        The ports are free when this returns; stopping again does nothing.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._wake_in.send(b"x")
        if self._thread is not None:
            self._thread.join(timeout)
        for key in list(self._selector.get_map().values()):
            if key.data is not None and isinstance(key.fileobj, socket.socket):
                self._close_listener(key.fileobj)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            if thread is not threading.current_thread():
                thread.join(timeout)
        _alive.discard(self)

    def _close_listener(self, listener: socket.socket) -> None:
        # shutdown first: a forked child may still hold the descriptor, and the port must refuse at once.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select():
                if key.data is not None and isinstance(key.fileobj, socket.socket):
                    self._accept_all(key.fileobj, key.data)

    def _accept_all(self, listener: socket.socket, serve: ServeConnection) -> None:
        while not self._stopping.is_set():
            try:
                connection, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._stopping.wait(0.02)  # out of descriptors: let connections end before accepting more
                return
            connection.setblocking(True)
            thread = threading.Thread(target=self._serve, args=(connection, address, serve), daemon=True)
            with self._lock:
                self._connections[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket, address: tuple[str, int], serve: ServeConnection) -> None:
        try:
            serve(connection, address[:2])
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            connection.close()

    def _abandon(self) -> None:
        """In a forked child: close the inherited descriptors without a word to the peers, and take no lock."""
        self._stopping.set()
        sockets = [key.fileobj for key in list(self._selector.get_map().values()) if key.data is not None]
        for sock in [*sockets, *self._connections, self._wake_in, self._wake_out]:
            if isinstance(sock, socket.socket):
                with contextlib.suppress(OSError):
                    socket.close(sock.detach())
        self._connections = {}
        self._selector.close()


def _abandon_all() -> None:
    for acceptor in list(_alive):
        acceptor._abandon()
    _alive.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
