"""The effect `hang`: the request is taken, and nothing comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.interface import Effect, Layer, Occasion
from hokusai_mock.messages import Response, Wire
from hokusai_mock.schema import Seconds

__all__ = ["Hang"]


@dataclass(frozen=True, slots=True)
class Hang(Effect):
    """Send nothing for `hold`, then close the connection; without `hold`: until the sandbox is reset or dropped.

    A client that gives up ends it too.
    """

    name: ClassVar[str] = "hang"
    home: ClassVar[Layer] = "transport"

    hold: Seconds | None = None

    def apply(self, occasion: Occasion) -> Response:  # noqa: ARG002 - nobody is answered
        """Say how long the line is silent. The connection waits, so that no layer does."""
        response = Response(200)
        response.wire = Wire("hung", limit=0, hold=float("inf") if self.hold is None else self.hold)
        return response
