"""How MLflow writes JSON: answers indented over several lines, errors in one.

`indented` gives what `json.dumps(value, indent=2)` gives, only faster: the standard library has no fast path for
indentation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from hokusai_mock.messages import JSON_TYPE, Response

__all__ = ["answer", "indented", "refusal"]

_EMPTY = b"{}"


def answer(payload: Mapping[str, Any]) -> Response:
    """A 200 with an indented body; an empty message is `{}`."""
    body = indented(payload).encode() if payload else _EMPTY
    return Response(200, body, [("Content-Type", JSON_TYPE)])


def refusal(status: int, code: str, message: str) -> Response:
    """An error body, in one line."""
    body = json.dumps({"error_code": code, "message": message}).encode()
    return Response(status, body, [("Content-Type", JSON_TYPE)])


def indented(value: object, line: str = "\n") -> str:
    """The JSON text of a value made of dicts, lists, texts, numbers, booleans and `None`, as `json.dumps(indent=2)`."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        inner = line + "  "
        items = [f"{quoted(key)}: {indented(item, inner)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(items) + line + "}"
    if isinstance(value, Sequence):
        if not value:
            return "[]"
        inner = line + "  "
        return "[" + inner + ("," + inner).join([indented(item, inner) for item in value]) + line + "]"
    return json.dumps(value)
