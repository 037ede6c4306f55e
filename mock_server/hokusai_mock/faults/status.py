"""The effect `status`: a complete, well-formed answer with any status, body and headers."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from hokusai_mock.faults.interface import Effect, Occasion
from hokusai_mock.faults.pages import page
from hokusai_mock.messages import Response
from hokusai_mock.schema import Between, ImpossibleError

__all__ = ["Status", "check_header"]

_TYPES = {
    "json": "application/json",
    "html": "text/html",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING = {"content-length", "transfer-encoding", "connection"}
_BODILESS = {204, 304}


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """Answer with `status` and at most one body: `json`, `html`, `text`, `xml`, or explicitly `empty`.

    `html` without a `<` is the name of a page: `load-balancer`, `bad-gateway`, `service-unavailable`, `gateway-timeout`
    or `forbidden`. `content_type` replaces the type that belongs to the body.
    """

    name: ClassVar[str] = "status"

    status: Annotated[int, Between(200, 599)]
    json: Any = None
    html: str | None = None
    text: str | None = None
    xml: str | None = None
    empty: bool = False
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse two bodies, bodies where HTTP has none, and headers that would break the framing."""
        given = [name for name in _TYPES if getattr(self, name) is not None] + ["empty"] * self.empty
        if len(given) > 1:
            raise ImpossibleError(f"an answer has one body, not {' and '.join(given)}")
        if self.status in _BODILESS and given and not self.empty:
            raise ImpossibleError(f"an answer with status {self.status} has no body: leave {given[0]!r} out")
        if self.html is not None and "<" not in self.html:
            page(self.html, self.status)
        for header, value in self.headers.items():
            check_header(header, value)
        if self.content_type is not None:
            check_header("Content-Type", self.content_type)

    def apply(self, occasion: Occasion) -> Response:  # noqa: ARG002 - the same answer to all
        """Answer with the status, whatever is asked for."""
        body, content_type = self._body()
        replaced = {name.lower() for name in self.headers}
        pairs = [("Content-Type", content_type)] if content_type and "content-type" not in replaced else []
        return Response(self.status, body, [*pairs, *self.headers.items()])

    def _body(self) -> tuple[bytes, str | None]:
        if self.json is not None:
            text, kind = json_module.dumps(self.json, separators=(",", ":"), ensure_ascii=False), "json"
        elif self.html is not None:
            text, kind = self.html if "<" in self.html else page(self.html, self.status), "html"
        elif self.text is not None:
            text, kind = self.text, "text"
        elif self.xml is not None:
            text, kind = self.xml, "xml"
        else:
            return b"", self.content_type
        return text.encode(), self.content_type or _TYPES[kind]


def check_header(name: str, value: str) -> None:
    """Refuse a header that HTTP cannot carry, or that would change where the answer ends."""
    if not _TOKEN.fullmatch(name):
        raise ImpossibleError(f"{name!r} is not the name of a header")
    if name.lower() in _FRAMING:
        raise ImpossibleError(
            f"the header {name!r} belongs to the server: effects that break the framing have their own names"
        )
    if any(ord(character) < 0x20 and character != "\t" for character in value) or not value.isprintable():
        raise ImpossibleError(f"the value of the header {name!r} has characters that end a header")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise ImpossibleError(f"the value of the header {name!r} has characters that HTTP cannot carry") from None
