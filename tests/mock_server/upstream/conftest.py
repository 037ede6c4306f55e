"""A mock in front of a backend, over real sockets: a plain mock, or a server that says what it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hokusai_mock import MockServer


@pytest.fixture
def plain() -> Iterator[MockServer]:
    """Stands for a real MLflow server; its journal tells what reached it."""
    with MockServer(plain=True, seed=1) as server:
        yield server


@pytest.fixture
def start() -> Iterator[Callable[..., MockServer]]:
    """Start a mock with any options; stopped at the end."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(MockServer(**options))


@pytest.fixture
def front(plain, start):
    """A mock with its gateway in front of `plain`."""
    return start(backend=plain.url)


class Line:
    """One connection as a scripted server sees it."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.number = number
        """1 for the first connection."""
        self._socket = connection

    def read(self) -> bytes:
        """A request up to the end of its headers; empty when the other side hung up."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self._socket.recv(65536)
            if not piece:
                return b""
            data += piece
        return data

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def hangs_up(self) -> bool:
        """Wait until the other side has closed; what it still sends is forgotten."""
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True


Play = Callable[[Line], object]


class Scripted:
    """A server that answers with given bytes: each connection goes to `play`, then it is closed."""

    def __init__(self, play: Play) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.connections = 0
        self._play = play
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(10)
            with connection:
                self._play(Line(connection, self.connections))

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join(10)


@pytest.fixture
def scripted() -> Iterator[Callable[[Play], Scripted]]:
    running: list[Scripted] = []

    def serve(play: Play) -> Scripted:
        running.append(Scripted(play))
        return running[-1]

    yield serve
    for one in running:
        one.stop()
