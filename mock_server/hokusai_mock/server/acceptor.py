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
import time
import weakref
from collections import deque
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
        self._connections: dict[threading.Thread, _Connected] = {}
        self._ending: set[threading.Thread] = set()
        """Threads whose connection has ended, and that may not have: `stop` waits for them too."""
        self._tasks: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        _alive.add(self)

    @property
    def stopping(self) -> threading.Event:
        """Set as soon as `stop` begins; whoever waits inside a request waits on this."""
        return self._stopping

    def add(self, listener: socket.socket, serve: ServeConnection) -> None:
        """Accept on `listener` (made by `listen`) from now on; each connection goes to `serve` in its own thread.

        Listeners come and go while the loop runs; what connects before the loop knows of the new one waits for it.
        """
        self._on_loop(lambda: self._register(listener, serve), wait=False)

    def remove(self, listener: socket.socket) -> None:
        """Close `listener` and end the connections that came through it; it refuses connections when this returns."""
        _shut_down(listener)
        self._on_loop(lambda: self._forget(listener), wait=True)
        listener.close()
        with self._lock:
            through = [one.socket for one in self._connections.values() if one.listener is listener]
        for connection in through:
            _shut_down(connection)

    def go_on_as(self, connection: socket.socket) -> None:
        """Replace the connection of the calling thread, which has wrapped it (TLS), by the wrapped one."""
        with self._lock:
            known = self._connections.get(threading.current_thread())
            if known is not None:
                known.socket = connection

    def start(self) -> None:
        """Start the accepting thread."""
        self._thread = threading.Thread(target=self._run, name="hokusai-mock-accept", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Close every listener and connection, then wait at most `timeout` seconds in all for the threads to end.

        The ports are free when this returns; stopping again does nothing.
        """
        with self._lock:
            if self._stopping.is_set():
                return
            self._stopping.set()
        deadline = time.monotonic() + timeout
        self._wake()
        if self._thread is not None:
            self._thread.join(timeout)
        for key in list(self._selector.get_map().values()):
            if key.data is not None and isinstance(key.fileobj, socket.socket):
                _shut_down(key.fileobj)
                key.fileobj.close()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()
        with self._lock:
            connections, threads = list(self._connections.values()), [*self._connections, *self._ending]
        for one in connections:
            _shut_down(one.socket)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        _alive.discard(self)

    def _on_loop(self, task: Callable[[], None], *, wait: bool) -> None:
        """Do `task` in the accepting thread, which alone may touch the selector while it runs; else do it here."""
        done = threading.Event()

        def run() -> None:
            try:
                task()
            finally:
                done.set()

        with self._lock:
            running = self._thread is not None and not self._stopping.is_set()
            if running:
                self._tasks.append(run)
        if not running:
            task()
            return
        self._wake()
        if wait:
            done.wait()

    def _register(self, listener: socket.socket, serve: ServeConnection) -> None:
        if self._stopping.is_set():
            listener.close()  # nobody would ever accept on it
        elif listener.fileno() >= 0:  # it may have been removed since
            self._selector.register(listener, selectors.EVENT_READ, serve)

    def _forget(self, listener: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError, RuntimeError, AttributeError):
            # It was never accepted on, or the loop has ended and closed it already.
            self._selector.unregister(listener)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wake_in.send(b"x")

    def _run(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake_out.recv(4096)
                elif isinstance(key.fileobj, socket.socket):
                    self._accept_all(key.fileobj, key.data)
            self._run_tasks()
        self._run_tasks()

    def _run_tasks(self) -> None:
        while self._tasks:
            self._tasks.popleft()()

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
                self._connections[thread] = _Connected(connection, listener)
            try:
                thread.start()
            except RuntimeError:  # no more threads: this client is turned away, and accepting goes on
                with self._lock:
                    del self._connections[thread]
                connection.close()

    def _serve(self, connection: socket.socket, address: tuple[str, int], serve: ServeConnection) -> None:
        try:
            serve(connection, address[:2])
        finally:
            thread = threading.current_thread()
            with self._lock:
                known = self._connections.pop(thread, None)
                self._ending = {one for one in self._ending if one.is_alive()} | {thread}
            (connection if known is None else known.socket).close()

    def _abandon(self) -> None:
        """In a forked child: close the inherited descriptors without a word to the peers, and take no lock."""
        self._stopping.set()
        listeners = [key.fileobj for key in list(self._selector.get_map().values()) if key.data is not None]
        connections = [one.socket for one in self._connections.values()]
        for sock in [*listeners, *connections, self._wake_in, self._wake_out]:
            if isinstance(sock, socket.socket):
                with contextlib.suppress(OSError):
                    socket.close(sock.detach())
        self._connections = {}
        self._selector.close()


class _Connected:
    """The connection that a thread serves, and through which listener it came."""

    __slots__ = ("listener", "socket")

    def __init__(self, connection: socket.socket, listener: socket.socket) -> None:
        self.socket = connection
        self.listener = listener


def _shut_down(sock: socket.socket) -> None:
    # Before close: a forked child, or a thread that reads, may hold the descriptor, and the peer must know at once.
    # The method of the plain socket: that of a TLS socket changes what another thread is reading from.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _abandon_all() -> None:
    for acceptor in list(_alive):
        acceptor._abandon()
    _alive.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_all)
