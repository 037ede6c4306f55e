"""The effect `garbage`: another program speaks on the port, and not HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Annotated, ClassVar

from hokusai_mock.faults.interface import Effect, Layer, Occasion
from hokusai_mock.messages import Response, Wire
from hokusai_mock.schema import Between

__all__ = ["Garbage"]


@dataclass(frozen=True, slots=True)
class Garbage(Effect):
    """Send `size` bytes that are no HTTP, then close the connection; a sandbox's seed gives always the same ones.

    They end with an empty line, if there are more than four: a client that reads a head has one to refuse.
    """

    name: ClassVar[str] = "garbage"
    home: ClassVar[Layer] = "transport"

    size: Annotated[int, Between(1, 2**20)] = 64

    def apply(self, occasion: Occasion) -> Response:
        """Make the bytes: none below 0x80, so that no client finds a protocol in them."""
        drawn = Random(occasion.request.world.seed).randbytes(self.size)  # noqa: S311 - noise, not a secret
        noise = bytes(byte | 0x80 for byte in drawn)
        response = Response(200, noise[:-4] + b"\r\n\r\n" if self.size > 4 else noise)
        response.wire = Wire("sent", headless=True)
        return response
