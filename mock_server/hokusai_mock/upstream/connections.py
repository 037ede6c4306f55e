"""Connections to the backend: kept alive between requests, bounded while idle, closed all at once.

Only idle connections are counted. A limit on busy ones would let a dozen hanging requests of one sandbox make every
other one wait; each request has its thread, and its connection, to itself.
"""

from __future__ import annotations

import contextlib
import http.client
import selectors
import socket
import ssl
import threading
import time

from hokusai_mock.upstream.backend import Backend

__all__ = ["Connections", "Link", "Unreachable"]

MAX_IDLE = 64

MAX_IDLE_SECONDS = 1.0
"""Servers close idle connections after 2 s (gunicorn) or 5 s (uvicorn). One that was idle for longer than this is not
used again: a request that met the closing end could not be repeated unless it is safe."""


class Unreachable(OSError):
    """No connection could be made; the reason is the cause."""


class Link:
    """One connection to the backend."""

    __slots__ = ("connection", "idle_since", "reused", "socket")

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        """Connect; `Unreachable` when that fails, `TimeoutError` when it takes too long."""
        try:
            connection.connect()
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError) and not isinstance(error, TimeoutError):
                raise Unreachable(str(error)) from error
            raise
        connection.auto_open = 0
        self.connection = connection
        self.socket: socket.socket = connection.sock
        """Kept here: `http.client` gives its own reference away with an answer that ends the connection."""
        self.reused = False
        self.idle_since = 0.0

    def is_fresh(self) -> bool:
        """Whether it may carry another request: not idle for long, and the backend has neither closed it nor spoken."""
        if time.monotonic() - self.idle_since > MAX_IDLE_SECONDS:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            return not selector.select(0)

    def interrupt(self) -> None:
        """Wake whoever waits on this connection."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the connection, whatever state it is in."""
        self.connection.close()
        self.socket.close()


class Connections:
    """The connections to one backend."""

    def __init__(self, backend: Backend, timeout: float) -> None:
        """Connect nothing yet; `timeout` seconds bound the connect and every silence of the backend."""
        self._backend, self._timeout = backend, timeout
        self._tls = ssl.create_default_context() if backend.secure else None
        self._lock = threading.Lock()
        self._idle: list[Link] = []
        self._busy: set[Link] = set()
        self.closed = False

    def take(self, *, fresh: bool = False) -> Link:
        """A connection for one request: the one used last, or a new one (always with `fresh`); raises as `Link`."""
        link = None if fresh else self._take_idle()
        if link is None:
            link = Link(self._new())
            with self._lock:
                self._busy.add(link)
                if self.closed:
                    link.interrupt()
        return link

    def give_back(self, link: Link, *, usable: bool) -> None:
        """End of a request; a `usable` connection is kept for the next one."""
        with self._lock:
            self._busy.discard(link)
            keep = usable and not self.closed and len(self._idle) < MAX_IDLE
            if keep:
                link.reused, link.idle_since = True, time.monotonic()
                self._idle.append(link)
        if not keep:
            link.close()

    def close(self) -> None:
        """Close what is idle and interrupt what is busy."""
        with self._lock:
            self.closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for link in busy:
            link.interrupt()
        for link in idle:
            link.close()

    def _take_idle(self) -> Link | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                link = self._idle.pop()
                self._busy.add(link)
            if link.is_fresh():
                return link
            self.give_back(link, usable=False)

    def _new(self) -> http.client.HTTPConnection:
        host, port = self._backend.host, self._backend.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)
