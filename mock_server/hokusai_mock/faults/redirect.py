"""The effect `redirect`: the client is sent elsewhere, with what it makes of its method, body and credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import quote, urlsplit

from hokusai_mock.faults.interface import Effect, Occasion
from hokusai_mock.faults.pages import moved
from hokusai_mock.faults.status import check_header
from hokusai_mock.messages import Request, Response
from hokusai_mock.schema import ImpossibleError, did_you_mean

__all__ = ["Redirect"]

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LISTENER_URL = re.compile(r"listener\.[a-z][a-z0-9_]*\.url")
_BASE = re.compile(r"\{listener\.[a-z][a-z0-9_]*\.url\}/?")


@dataclass(frozen=True, slots=True)
class Redirect(Effect):
    """Answer with `status` and a `Location`: the same URL with https, or `location`.

    `{host}`, `{port}` and `{listener.NAME.url}` stand in `location` for what they stand for in `[client]`. A `location`
    that is only a server (`https://example.invalid`) or only a listener gets the path and query of the request.
    """

    name: ClassVar[str] = "redirect"

    status: Literal[301, 302, 303, 307, 308] = 302
    location: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no URL, and placeholders that stand for nothing."""
        if self.location is None:
            return
        check_header("Location", self.location)
        for name in _PLACEHOLDER.findall(self.location):
            if name not in ("host", "port") and not _LISTENER_URL.fullmatch(name):
                known = did_you_mean(name, ["host", "port", "listener.NAME.url"])
                raise ImpossibleError(f"the placeholder {{{name}}} stands for nothing in a location{known}")
        if not self.location.startswith(("http://", "https://", "/", "{listener.")):
            raise ImpossibleError(f"'location' begins with http://, https://, / or a listener, not {self.location!r}")

    def apply(self, occasion: Occasion) -> Response:
        """Send the client there."""
        page = moved(self.status).encode()
        return Response(
            self.status, page, [("Content-Type", "text/html"), ("Location", self._location(occasion.request))]
        )

    def _location(self, request: Request) -> str:
        environ = request.environ
        asked, query = _asked_path(request), f"?{request.query_string}" if request.query_string else ""
        server = environ.get("HTTP_HOST", "")
        if self.location is None:
            return f"https://{server}{asked}{query}"
        inner = quote(request.path if request.entry is None else request.entry.path)
        prefix = asked[: -len(inner)] if asked.endswith(inner) else ""
        location = request.world.fill(self.location, f"{environ.get('wsgi.url_scheme', 'http')}://{server}{prefix}")
        if _BASE.fullmatch(self.location):
            return location.rstrip("/") + inner + query
        return location.rstrip("/") + asked + query if urlsplit(location).path in ("", "/") else location


def _asked_path(request: Request) -> str:
    """The path as the client sent it, sandbox and all."""
    return quote(request.environ.get("PATH_INFO", "").encode("latin-1"))
