"""The effect `reset`: the connection is reset, at once or in the middle of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.interface import Bytes, Effect, Layer, Occasion
from hokusai_mock.messages import Response, Wire

__all__ = ["Reset"]


@dataclass(frozen=True, slots=True)
class Reset(Effect):
    """Reset the connection after `after_bytes` of the answer, counted from its status line on.

    A shorter answer leaves whole before the reset. With 0 the layer does not act, unless `when = "after"`; with more it
    acts, for there must be an answer to cut.
    """

    name: ClassVar[str] = "reset"
    home: ClassVar[Layer] = "transport"

    after_bytes: Bytes = 0

    def apply(self, occasion: Occasion) -> Response:
        """Say after how many bytes the line is reset."""
        response = occasion.answer() if self.after_bytes else Response(200)
        response.wire = Wire("reset", limit=self.after_bytes)
        return response
