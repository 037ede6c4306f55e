"""The effect `hang`: the request is taken, and nothing comes back, or not all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.interface import Bytes, Effect, Layer, Occasion
from hokusai_mock.messages import Response, Wire
from hokusai_mock.schema import Seconds

__all__ = ["Hang"]


@dataclass(frozen=True, slots=True)
class Hang(Effect):
    """Send `after_bytes` of the answer, counted from its status line on, then nothing for `hold`, then close.

    Without `hold` the silence lasts until the sandbox is reset or dropped; a client that gives up ends it too.
    A shorter answer leaves whole. With 0 the layer does not act, unless `when = "after"`; with more it acts, for there
    must be an answer.
    """

    name: ClassVar[str] = "hang"
    home: ClassVar[Layer] = "transport"

    hold: Seconds | None = None
    after_bytes: Bytes = 0

    def apply(self, occasion: Occasion) -> Response:
        """Say how long the line is silent. The connection waits, so that no layer does."""
        response = occasion.answer() if self.after_bytes else Response(200)
        hold = float("inf") if self.hold is None else self.hold
        response.wire = Wire("hung", limit=self.after_bytes, hold=hold)
        return response
