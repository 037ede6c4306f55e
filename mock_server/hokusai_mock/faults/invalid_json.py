"""The effect `invalid_json`: a well-framed answer whose JSON does not end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hokusai_mock.faults.framing import undeclare
from hokusai_mock.faults.interface import Effect, Occasion, whole_body

if TYPE_CHECKING:
    from hokusai_mock.messages import Response

__all__ = ["InvalidJson"]


@dataclass(frozen=True, slots=True)
class InvalidJson(Effect):
    """The real answer with the first half of its body: status, headers and length are in order, the JSON is not."""

    name: ClassVar[str] = "invalid_json"
    alters: ClassVar[bool] = True

    def apply(self, occasion: Occasion) -> Response:
        """Cut the body."""
        response = occasion.answer()
        text = whole_body(response).decode("utf-8", "ignore")
        half = text[: len(text) // 2]
        response.body = ("{" if _is_json(half) or not half else half).encode()
        undeclare(response)
        return response


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
