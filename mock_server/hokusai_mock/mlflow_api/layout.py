"""How MLflow writes JSON: answers indented over several lines, errors in one.

`indented` gives what `json.dumps(value, indent=2)` gives, only faster: the standard library has no fast path for
indentation.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from hokusai_mock.messages import JSON_TYPE, Response

__all__ = ["Json", "answer", "indented", "refusal"]

Json = dict[str, Any]

_EMPTY = b"{}"


def answer(payload: Json) -> Response:
    """A 200 with an indented body; an empty message is `{}`."""
    body = indented(payload).encode() if payload else _EMPTY
    return Response(200, body, [("Content-Type", JSON_TYPE)])


def refusal(
    status: int, code: str, message: str, classes: tuple[str, str] | None = None, *, compact: bool = False
) -> Response:
    """An error body, in one line; `classes` are its SQLSTATE and error class, `compact` leaves out blanks."""
    payload = {"error_code": code, "message": message}
    if classes is not None:
        payload["sqlstate"], payload["error_class"] = classes
    if compact:
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    else:
        body = json.dumps(payload).encode()
    return Response(status, body, [("Content-Type", JSON_TYPE)])


def indented(value: object, line: str = "\n") -> str:
    """The JSON text of plain dicts with text keys, lists, texts, numbers, booleans and `None`.

    The same text as `json.dumps(value, indent=2)`; `line` is the line break with the indentation around the value.
    """
    if type(value) is str:
        return quoted(value)
    if type(value) is int:
        return str(value)
    if type(value) is dict:
        inner = line + "  "
        return _block("{", [f"{quoted(k)}: {indented(v, inner)}" for k, v in value.items()], "}", line)
    if type(value) is list:
        inner = line + "  "
        return _block("[", [indented(item, inner) for item in value], "]", line)
    return json.dumps(value)


def _block(start: str, items: list[str], end: str, line: str) -> str:
    if not items:
        return start + end
    inner = line + "  "
    return start + inner + ("," + inner).join(items) + line + end
