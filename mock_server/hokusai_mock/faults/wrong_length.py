"""The effect `wrong_length`: the whole body under a length that is not its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.framing import declare
from hokusai_mock.faults.interface import Effect, Layer, Occasion, whole_body
from hokusai_mock.messages import Response, Wire
from hokusai_mock.schema import ImpossibleError

__all__ = ["WrongLength"]


@dataclass(frozen=True, slots=True)
class WrongLength(Effect):
    """Announce a length that differs from the true one by `difference` bytes, send the whole body, close.

    Negative: the client takes the beginning for the whole. Positive: it waits for bytes that never come.
    """

    name: ClassVar[str] = "wrong_length"
    home: ClassVar[Layer] = "transport"
    alters: ClassVar[bool] = True

    difference: int = 10

    def __post_init__(self) -> None:
        """Refuse the true length."""
        if self.difference == 0:
            raise ImpossibleError("a 'difference' of 0 is the true length")

    def apply(self, occasion: Occasion) -> Response:
        """Announce another length."""
        response = occasion.answer()
        response.body = whole_body(response)
        declare(response, max(0, len(response.body) + self.difference))
        response.wire = Wire("cut" if self.difference > 0 else "sent")
        return response
