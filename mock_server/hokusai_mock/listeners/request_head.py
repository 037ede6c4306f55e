"""The head of a request, as a listener reads it that is no HTTP server: for the journal, or to know where to go."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

__all__ = ["Head", "read_head"]

LIMIT = 64 * 1024
"""Bytes of a head that are read; a longer one is none."""

_LINE = re.compile(rb"([A-Za-z]+) (\S+) HTTP/1\.[01]\r?\n")
_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Head:
    """Method, target and headers as they were sent, and what came after them."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    raw: bytes
    rest: bytes
    """Bytes that were read beyond the head: the beginning of the body."""

    def header(self, name: str) -> str:
        """The first header of that name, in any case; empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def read_head(connection: socket.socket) -> Head | None:
    """Read a request head; `None` when the client sends something else or ends before."""
    data = b""
    while (end := _END.search(data)) is None:
        try:
            chunk = connection.recv(65536)
        except OSError:
            return None
        data += chunk
        if not chunk or len(data) > LIMIT or not _may_begin(data):
            return None
    return _parse(data, end.end())


def _may_begin(data: bytes) -> bool:
    """Whether these first bytes may be those of a request: TLS begins with 0x16, methods with a letter."""
    return data[:1].isalpha()


def _parse(data: bytes, end: int) -> Head | None:
    line = _LINE.match(data)
    if line is None:
        return None
    pairs = (text.partition(":") for text in data[line.end() : end].decode("latin-1").splitlines() if text)
    return Head(
        method=line[1].decode().upper(),
        target=line[2].decode("latin-1"),
        headers=tuple((name.strip(), value.strip()) for name, _, value in pairs),
        raw=data[:end],
        rest=data[end:],
    )
