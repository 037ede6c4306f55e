"""The effect `broken_chunk`: an answer in chunks, one of which has no size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.framing import chunked
from hokusai_mock.faults.interface import Effect, Layer, Occasion, whole_body
from hokusai_mock.messages import Response, Wire

__all__ = ["BrokenChunk"]


@dataclass(frozen=True, slots=True)
class BrokenChunk(Effect):
    """Send the first half of the real body as a chunk, the rest under what is no size, then close the connection."""

    name: ClassVar[str] = "broken_chunk"
    home: ClassVar[Layer] = "transport"
    alters: ClassVar[bool] = True

    def apply(self, occasion: Occasion) -> Response:
        """Write the chunks."""
        response = occasion.answer()
        body = whole_body(response)
        half = len(body) // 2
        first = b"%x\r\n%b\r\n" % (half, body[:half]) if half else b""  # a chunk of size 0 would end the body
        chunked(response)
        response.body = first + b"oops\r\n" + body[half:] + b"\r\n"
        response.wire = Wire("cut")
        return response
