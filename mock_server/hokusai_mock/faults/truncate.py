"""The effect `truncate`: an answer that ends before it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.faults.framing import chunked, declare
from hokusai_mock.faults.interface import Bytes, Effect, Layer, Occasion, whole_body
from hokusai_mock.messages import Response, Wire
from hokusai_mock.schema import ImpossibleError

__all__ = ["Truncate"]


@dataclass(frozen=True, slots=True)
class Truncate(Effect):
    """Send `sent` bytes of the real body where `declared` were announced, then close the connection.

    Without `declared` the true length is announced, without `sent` half of the body is sent; in any case at least one
    byte of what was announced is missing. With `chunked` the length is that of a chunk that does not end.
    """

    name: ClassVar[str] = "truncate"
    home: ClassVar[Layer] = "transport"
    alters: ClassVar[bool] = True

    sent: Bytes | None = None
    declared: Bytes | None = None
    chunked: bool = False

    def __post_init__(self) -> None:
        """Refuse an answer that would be whole."""
        if self.declared is not None and self.declared <= (self.sent or 0):
            raise ImpossibleError(
                f"an answer that declares {self.declared} bytes and sends {self.sent or 0} is not truncated"
            )

    def apply(self, occasion: Occasion) -> Response:
        """Announce more than is sent."""
        response = occasion.answer()
        body = whole_body(response)
        declared = max(1, len(body)) if self.declared is None else self.declared
        sent = body[: min(len(body) // 2 if self.sent is None else self.sent, declared - 1)]
        if self.chunked:
            chunked(response)
            response.body = b"%x\r\n%b" % (declared, sent)
        else:
            declare(response, declared)
            response.body = sent
        response.wire = Wire("cut")
        return response
