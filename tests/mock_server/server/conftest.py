"""A bare WSGI application on the accept loop: these tests are about HTTP and sockets, not about the platform."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hokusai_mock.server.acceptor import Acceptor, listen
from hokusai_mock.server.connection import WSGIHost

Serve = Callable[[Callable[..., Any]], tuple[Acceptor, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[Acceptor] = []

    def start(app: Callable[..., Any]) -> tuple[Acceptor, int]:
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        acceptor = Acceptor()
        acceptor.add(listener, WSGIHost(app, ("127.0.0.1", port)).serve)
        acceptor.start()
        running.append(acceptor)
        return acceptor, port

    yield start
    for acceptor in running:
        acceptor.stop()


class Wire:
    """A client that sees bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self) -> tuple[int, dict[str, str]]:
        status = int(self.file.readline().split()[1])
        headers = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status, headers = self.head()
        return status, headers, self.file.read(int(headers.get("content-length", 0)))

    def closed(self) -> bool:
        return self.file.read(1) == b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def wire() -> Iterator[Callable[[int], Wire]]:
    opened: list[Wire] = []

    def connect(port: int) -> Wire:
        opened.append(Wire(port))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
