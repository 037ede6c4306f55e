"""The request body as a stream that knows where it ends.

It sends "100 Continue" only when somebody reads, keeps the first bytes for the journal as they pass, and can be drained
so that the next request of a kept-alive connection starts at its own first byte.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

from werkzeug.serving import DechunkedInput

__all__ = ["TEE_LIMIT", "RequestBody"]

TEE_LIMIT = 16 * 1024
"""Bytes of each body that the journal keeps."""

_BLOCK = 64 * 1024


class RequestBody(io.RawIOBase):
    """A body of `length` bytes, or a chunked one where `length` is `None`, read from the connection's stream."""

    def __init__(self, source: BinaryIO, length: int | None, before_first_read: Callable[[], None] | None) -> None:
        """Wrap the connection's `source`; `before_first_read` answers an `Expect: 100-continue`."""
        super().__init__()
        self._source: BinaryIO | io.BufferedReader = source
        if length is None:
            self._source = io.BufferedReader(DechunkedInput(source))  # type: ignore[type-var]
        self._remaining = length
        self._before_first_read = before_first_read
        self._tee = bytearray()
        self.size = 0
        """Bytes read so far."""
        self.complete = length == 0
        """Whether the body was read to its end."""
        self.on_data: Callable[[bytes], None] | None = None
        """Told every piece that is read, by whomever; the recorder listens here."""

    @property
    def teed(self) -> bytes:
        """The first bytes that were read, for the journal."""
        return bytes(self._tee)

    @property
    def refused(self) -> bool:
        """Whether the client waits for a "100 Continue" that was never sent: it may or may not send the body now."""
        return self._before_first_read is not None

    def readable(self) -> bool:
        """A body can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read `size` bytes, fewer only at the end of the body; everything when `size` is negative."""
        if self.complete:
            return b""
        if self._before_first_read is not None:
            self._before_first_read()
            self._before_first_read = None
        wanted = size if self._remaining is None else self._remaining if size < 0 else min(size, self._remaining)
        data = self._read(wanted)
        self.size += len(data)
        if self._remaining is not None:
            if len(data) < wanted:
                raise ConnectionAbortedError("the client closed the connection in the middle of the body")
            self._remaining -= len(data)
            self.complete = self._remaining == 0
        else:
            self.complete = wanted < 0 or len(data) < wanted
        if len(self._tee) < TEE_LIMIT:
            self._tee += data[: TEE_LIMIT - len(self._tee)]
        if self.on_data is not None and data:
            self.on_data(data)
        return data

    def _read(self, wanted: int) -> bytes:
        try:
            return self._source.read(wanted)
        except (ConnectionError, TimeoutError):
            raise
        except (OSError, ValueError) as error:  # as Werkzeug complains of chunks that are malformed or break off
            raise ConnectionAbortedError(f"the client's chunks cannot be read: {error}") from error

    def readall(self) -> bytes:
        """Read to the end of the body."""
        return self.read(-1)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill `buffer` as far as the body reaches; part of the file interface that Werkzeug and Flask expect."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = -1) -> bytes:
        """Read one line, of at most `size` bytes; form parsers use it."""
        limit = -1 if size is None else size
        line = bytearray()
        while limit < 0 or len(line) < limit:
            byte = self.read(1)
            line += byte
            if byte in (b"\n", b""):
                break
        return bytes(line)

    def drain(self, limit: int) -> bool:
        """Read and forget up to `limit` bytes; true when the body is at its end."""
        while not self.complete and limit > 0:
            data = self.read(min(limit, _BLOCK))
            limit -= len(data)
            if not data:
                break
        return self.complete
