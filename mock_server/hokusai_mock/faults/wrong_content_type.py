"""The effect `wrong_content_type`: the real answer under another name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hokusai_mock.faults.interface import Effect, Occasion
from hokusai_mock.faults.status import check_header

if TYPE_CHECKING:
    from hokusai_mock.messages import Response

__all__ = ["WrongContentType"]


@dataclass(frozen=True, slots=True)
class WrongContentType(Effect):
    """The real answer, byte for byte, with the header `Content-Type: <content_type>`."""

    name: ClassVar[str] = "wrong_content_type"
    alters: ClassVar[bool] = True

    content_type: str = "text/html"

    def __post_init__(self) -> None:
        """Refuse what is no header."""
        check_header("Content-Type", self.content_type)

    def apply(self, occasion: Occasion) -> Response:
        """Replace the header."""
        response = occasion.answer()
        others = [pair for pair in response.headers if pair[0].lower() != "content-type"]
        response.headers = [("Content-Type", self.content_type), *others]
        return response
