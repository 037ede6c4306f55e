"""Clients that see bytes: what a fault does to a connection is looked at on the connection."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search"
CREATE = "/api/mlflow/api/2.0/mlflow/experiments/create"


class Line:
    """One connection to a sandbox. `ask` sends a request, `rest` reads to the end of the connection, whatever it is."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.root = parts.netloc, parts.path
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=20)
        self.ended_with: str | None = None

    def ask(self, method: str = "POST", path: str = SEARCH, body: Any = None, **headers: str) -> Line:
        data = json.dumps({"max_results": 1} if body is None else body).encode() if method == "POST" else b""
        sent = {
            "Host": self.host,
            "Authorization": "Bearer hk_test_admin",
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self.socket.sendall(f"{method} {self.root}{path} HTTP/1.1\r\n{head}\r\n".encode() + data)
        return self

    def rest(self) -> bytes:
        """Every byte until the end of the connection; `ended_with` says whether it was `close` or `reset`."""
        received = bytearray()
        try:
            while data := self.socket.recv(65536):
                received += data
            self.ended_with = "close"
        except ConnectionResetError:
            self.ended_with = "reset"
        return bytes(received)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """One well-framed answer; the connection stays open."""
        with self.socket.makefile("rb") as file:
            status = int(file.readline().split()[1])
            headers = {}
            while (line := file.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            return status, headers, file.read(int(headers.get("content-length", 0)))

    def close(self) -> None:
        self.socket.close()


def parsed(data: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and the bytes behind them."""
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


@pytest.fixture
def line(sandbox: Any) -> Iterator[Callable[[], Line]]:
    """Open a connection to the test's sandbox."""
    opened: list[Line] = []

    def connect() -> Line:
        opened.append(Line(sandbox.url))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
