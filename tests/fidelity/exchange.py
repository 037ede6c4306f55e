"""Play a script of steps, and make answers comparable: ids, times and generated names are unified.

The same code serves the recorder (real servers) and the replay test (the mock), so both sides are unified alike.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from step import Step

__all__ = ["Answer", "Send", "compared", "dig", "fill", "play", "unify"]

HEADERS = (
    "content-type",
    "content-disposition",
    "x-content-type-options",
    "x-frame-options",
    "access-control-allow-origin",
    "allow",
    "vary",
)
"""Response headers that a client could act upon; all others are the web server's own business."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[str, str, Mapping[str, str], bytes | None], Answer]
"""(method, path with query, headers, body) -> answer"""


def play(steps: Iterable[Step], send: Send, known: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Send every step and return the exchanges: name and unified answer. `known` is what was captured before."""
    known = {} if known is None else known
    exchanges = []
    for one in steps:
        path, body = fill(one.path, known), None if one.body is None else fill(one.body, known).encode()
        answer = send(one.method, path, one.headers, body)
        for name, way in one.capture.items():
            value = dig(answer.body, way)
            if value is not None:
                known[name] = value
        exchanges.append({"name": one.name, **compared(answer, known)})
    return exchanges


def fill(text: str, known: Mapping[str, str]) -> str:
    """The text with every `{name}` replaced by what is known under it."""
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], f"no-{found[1]}"), text)


def dig(body: bytes, way: str) -> str | None:
    """The value at the end of a way such as `run.info.run_id` through a JSON body; `None` where it does not lead."""
    try:
        value = json.loads(body)
        for key in way.split("."):
            value = value[key]
    except (ValueError, KeyError, TypeError):
        return None
    return str(value)


def compared(answer: Answer, known: Mapping[str, str]) -> dict[str, Any]:
    """The unified form of an answer: status, interesting headers, body as JSON where it is JSON, else as text."""
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    if "allow" in headers:
        headers["allow"] = ", ".join(sorted(headers["allow"].split(", ")))  # a set, on the real server
    text = answer.body.decode("utf-8", "backslashreplace")
    if headers.get("content-type", "").startswith("application/json") and text:
        layout = "indented" if "\n" in text.strip() else "one line"
        body: Any = json.loads(unify(text, known))
        return {"status": answer.status, "headers": headers, "layout": layout, "json": _decode_tokens(body)}
    return {"status": answer.status, "headers": headers, "text": unify(text, known)}


def unify(text: str, known: Mapping[str, str]) -> str:
    """Replace what differs from run to run: captured ids, present times, generated names, sets' order, places."""
    for name, value in known.items():
        if len(value) >= 32 and name != "page":
            text = text.replace(value, f"<{name}>")
    text = re.sub(
        r"\b1[6-9]\d{11}\b", '"<time>"' if text.lstrip().startswith("{") and '"message"' not in text else "<time>", text
    )
    text = re.sub(r"\bm-[0-9a-f]{32}\b", "<model id>", text)
    text = re.sub(r"\b[0-9a-f]{32}\b", _unless_zero, text)
    text = re.sub(r'"[a-z]+-[a-z]+-\d+"', '"<generated name>"', text)
    text = re.sub(r"'[a-z]+-[a-z]+-\d+', 'UNKNOWN'", "'<generated name>', 'UNKNOWN'", text)
    text = re.sub(r"\{('[^{}]*')\}", _sorted_set, text)
    text = re.sub(r"(.)\1{199,}", lambda found: f"<{found[1]} {len(found[0])} times>", text)
    text = re.sub(r"http://127\.0\.0\.1(:\d+)?/", "<server>/", text)
    return re.sub(r"/[\w./-]+?/art\b(?!\w)|\./mlartifacts", "<artifact root>", text)


def _unless_zero(found: re.Match[str]) -> str:
    return found[0] if not found[0].strip("0") else "<id>"


def _sorted_set(found: re.Match[str]) -> str:
    parts = [part.strip() for part in found[1].split(",")]
    return "{" + ", ".join(sorted(parts)) + "}" if all(":" not in part for part in parts) else found[0]


def _decode_tokens(value: Any) -> Any:
    """Page tokens in clear: `eyJvZm...` is the base64 of JSON."""
    if isinstance(value, dict):
        return {key: _token(item) if key == "next_page_token" else _decode_tokens(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode_tokens(item) for item in value]
    return value


def _token(token: str) -> Any:
    try:
        return json.loads(base64.b64decode(token))
    except (ValueError, binascii.Error):
        return token
