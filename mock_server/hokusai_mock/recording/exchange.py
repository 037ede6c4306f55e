"""One request with its answer, collected while both pass by; nothing here waits or redacts."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import IO, Any

from hokusai_mock.messages import DELIVERED, Request, Response

__all__ = ["Exchange", "Spool"]

IN_MEMORY = 1024 * 1024
"""Bytes of a body that are kept in memory; what comes after them goes to the spool."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a body that are recorded at most: a cassette is read as a whole by whoever plays it."""

"""Key of a request's environ: who is told how many bytes of the answer's body left, and whether it is complete."""


class Spool:
    """One file without a name for what is too long for memory, of all exchanges together: descriptors are scarce."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._closed = False

    def append(self, data: bytes) -> tuple[int, int]:
        """Keep `data`; returns its place. After the end, for a request that outlives it, nothing is kept."""
        with self._lock:
            if self._closed:
                return 0, 0
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the recorder
            start = self._file.seek(0, os.SEEK_END)
            self._file.write(data)
            return start, len(data)

    def read(self, place: tuple[int, int]) -> bytes:
        """What was kept at `place`; nothing is left after the end."""
        with self._lock:
            if self._closed:
                return b""
            assert self._file is not None, "a place was given out, so there is a file"
            self._file.seek(place[0])
            return self._file.read(place[1])

    def close(self) -> None:
        """Forget everything; nothing is kept from now on."""
        with self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None


class Body:
    """A body that grows piece by piece, in one thread; it may be read in any."""

    __slots__ = ("_pieces", "_spool", "size")

    def __init__(self, spool: Spool) -> None:
        self._pieces: list[bytes | tuple[int, int]] = []
        self._spool = spool
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > LARGEST:
            self._pieces = []
        else:
            self._pieces.append(piece if self.size <= IN_MEMORY else self._spool.append(piece))

    def read(self) -> bytes:
        return b"".join(piece if isinstance(piece, bytes) else self._spool.read(piece) for piece in list(self._pieces))


class Exchange:
    """What was asked and what was answered."""

    __slots__ = (
        "headers",
        "method",
        "mlflow",
        "platform",
        "request_body",
        "response",
        "response_body",
        "state",
        "uri",
    )

    def __init__(self, request: Request, spool: Spool) -> None:
        """Begin with the head of the request; its body is collected as it is read, what is long goes to `spool`."""
        environ, world = request.environ, request.world
        self.method = request.method
        self.uri = _uri(environ)
        self.headers = [(name.title(), value) for name, value in request.headers.items()]
        self.mlflow = None if world.options.backend else world.mlflow.version
        self.platform = None if world.plain else world.platform.name
        self.request_body = Body(spool)
        self.response: Response | None = None
        self.response_body = Body(spool)
        self.state = "under way"
        """`under way`, `complete`, or `cut`: the answer did not leave as a whole, so there is none to play back."""
        environ["wsgi.input"].on_data = self.request_body.add

    def answered(self, response: Response, environ: dict[str, Any]) -> None:
        """Take over the answer: its body is collected as it is sent, and the exchange ends with it."""
        self.response = response
        if isinstance(response.body, bytes):
            self.response_body.add(response.body)
        elif not isinstance(response.body, tuple):
            response.body = _Passing(response.body, self.response_body)
        told = environ.get(DELIVERED)

        def delivered(status: int | None, body_bytes: int, fate: str) -> None:
            self.state = "complete" if fate == "sent" and response.wire is None else "cut"
            if told is not None:
                told(status, body_bytes, fate)

        environ[DELIVERED] = delivered

    @property
    def left_out(self) -> str | None:
        """Why this exchange cannot be played back, or `None`."""
        if self.state != "complete":
            return self.state
        return "too large" if max(self.request_body.size, self.response_body.size) > LARGEST else None


class _Passing:
    """A streamed body that is collected while it is sent."""

    __slots__ = ("_chunks", "_kept")

    def __init__(self, chunks: Iterable[bytes], kept: Body) -> None:
        self._chunks, self._kept = chunks, kept

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._kept.add(chunk)
            yield chunk

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def _uri(environ: dict[str, Any]) -> str:
    """The URL as the client used it, sandbox and all: that is what it asks for again when the cassette is played."""
    target: str = environ.get("RAW_URI") or environ["PATH_INFO"]
    if target.startswith(("http://", "https://")):
        return target
    return f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}{target}"
