"""The effect `close_before_status`: the connection is closed in good order, without an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.interface import Effect, Layer, Occasion
from hokusai_mock.messages import Response, Wire

__all__ = ["CloseBeforeStatus"]


@dataclass(frozen=True, slots=True)
class CloseBeforeStatus(Effect):
    """Read the request, then close the connection before the status line."""

    name: ClassVar[str] = "close_before_status"
    home: ClassVar[Layer] = "transport"

    def apply(self, occasion: Occasion) -> Response:  # noqa: ARG002 - nobody is answered
        """Say that nothing is sent."""
        response = Response(200)
        response.wire = Wire("cut", limit=0)
        return response
