"""The two values that travel through the pipeline: a request and its response.

Every layer and both applications (gateway, MLflow) take a `Request` and return a `Response`; nothing below the pipeline
knows WSGI or Flask. Layers live in `layers/`, applications in `gateway/` and `mlflow_api/`.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Literal
from urllib.parse import parse_qsl, quote_from_bytes

from hokusai_mock._version import __version__

if TYPE_CHECKING:
    from hokusai_mock.journal import Entry
    from hokusai_mock.world import World

__all__ = [
    "DELIVERED",
    "GONE",
    "MARK",
    "WAIT",
    "WIRE",
    "BodyTooLarge",
    "Handler",
    "Headers",
    "Request",
    "Response",
    "Wire",
]

DELIVERED = "hokusai_mock.delivered"
"""Key in the WSGI environment, for the connection to call: `(status, body bytes, fate)` of the answer, `None` for a
status that was not sent. Called before the last byte leaves; again when a silence behind it is over."""

WIRE = "hokusai_mock.wire"
"""Key in the WSGI environment: the `Wire` of the answer, if it has one."""

WAIT = "hokusai_mock.wait"
"""Key in the WSGI environment: how to wait in the request's world, `World.wait`."""

GONE = "hokusai_mock.client_has_gone"
"""Key in the WSGI environment, set by a connection that can break the line: whether the client has closed its side."""

MARK = ("X-Hokusai-Testkit", __version__)
"""On every answer, so that nobody mistakes the mock for the real platform."""

MAX_BODY = 16 * 1024 * 1024
"""Largest request body in bytes that is read into memory; artifact uploads stream and have their own limit."""

JSON_TYPE = "application/json"


_NOT_UTF8 = "hokusai.percent"
"""What is no UTF-8 in a query stays percent-encoded, as Werkzeug leaves it."""


def _percent(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return quote_from_bytes(error.object[error.start : error.end]), error.end


codecs.register_error(_NOT_UTF8, _percent)


class BodyTooLarge(Exception):
    """The request body is longer than the limit; the pipeline answers 413 and nothing is kept."""


class Headers(Mapping[str, str]):
    """Request headers by case-insensitive name; repeated headers arrive joined with a comma, as WSGI gives them."""

    __slots__ = ("_by_name",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Keep `pairs` by lower-cased name; of equal names the last wins."""
        self._by_name = {name.lower(): value for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._by_name[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


class Request:
    """One HTTP request, as the layer that holds it sees it.

    `path` is percent-decoded and relative to the application that handles it: the sandbox layer strips `/s/<id>`, the
    gateway strips its mount. Body and query are parsed on first use. A layer that needs another path passes
    `with_path(...)` on; everything else is shared.
    """

    __slots__ = ("_body", "_headers", "_query", "entry", "environ", "method", "path", "query_string", "world")

    def __init__(self, environ: dict[str, Any], path: str, world: World) -> None:
        """Wrap the WSGI `environ` of a request that belongs to `world`."""
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path = path
        self.query_string: str = environ.get("QUERY_STRING", "")
        self.world = world
        self.entry: Entry | None = None
        """The journal entry of this request, as soon as the journal layer opened it."""
        self._headers: Headers | None = None
        self._query: list[tuple[str, str]] | None = None
        self._body: bytes | None = None

    def with_path(self, path: str) -> Request:
        """Return the same request under another path; body and headers are shared, not read again."""
        other = Request.__new__(Request)
        other.environ, other.method, other.query_string, other.world = (
            self.environ,
            self.method,
            self.query_string,
            self.world,
        )
        other.path, other.entry = path, self.entry
        other._headers, other._query, other._body = self._headers, self._query, self._body
        return other

    def without_body(self) -> Request:
        """Return the same request as if the client had sent no body; what it sent is still on the connection."""
        headless = {**self.environ, "wsgi.input": BytesIO(), "CONTENT_LENGTH": ""}
        for name in ("HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT"):
            headless.pop(name, None)
        other = Request(headless, self.path, self.world)
        other.query_string, other.entry = self.query_string, self.entry
        return other

    def with_query(self, query_string: str) -> Request:
        """Return the same request with another query."""
        other = self.with_path(self.path)
        other.query_string, other._query = query_string, None
        return other

    @property
    def headers(self) -> Headers:
        """The request's headers, by case-insensitive name."""
        if self._headers is None:
            pairs = [
                (name[5:].replace("_", "-"), value) for name, value in self.environ.items() if name.startswith("HTTP_")
            ]
            pairs += [
                (name.replace("_", "-"), self.environ[name])
                for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
                if self.environ.get(name)
            ]
            self._headers = Headers(pairs)
        return self._headers

    def header(self, name: str) -> str | None:
        """One header without building the whole mapping; `None` when it was not sent."""
        key = name.upper().replace("-", "_")
        if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            return self.environ.get(key) or None
        return self.environ.get("HTTP_" + key)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Query parameters in order, repeated names kept, blank values kept."""
        if self._query is None:
            self._query = parse_qsl(self.query_string, keep_blank_values=True, errors=_NOT_UTF8)
        return self._query

    @property
    def stream(self) -> BinaryIO:
        """The body as a stream that ends where the body ends; for uploads. Read either this or `body`, not both."""
        stream: BinaryIO = self.environ["wsgi.input"]
        return stream

    @property
    def content_length(self) -> int | None:
        """The declared length of the body in bytes; `None` when it is chunked or absent."""
        value = self.environ.get("CONTENT_LENGTH")
        return int(value) if value else None

    def body(self) -> bytes:
        """The whole body, read once; `BodyTooLarge` beyond 16 MiB."""
        if self._body is None:
            if (self.content_length or 0) > MAX_BODY:
                raise BodyTooLarge(self.content_length)
            data = self.environ["wsgi.input"].read(MAX_BODY + 1)
            if len(data) > MAX_BODY:
                raise BodyTooLarge(len(data))
            self._body = data
        return self._body

    def pieces(self, size: int) -> Iterator[bytes]:
        """The body in pieces of `size` bytes, never held as a whole; in one piece when somebody has read it before."""
        if self._body is not None:
            yield self._body
            return
        while data := self.stream.read(size):
            yield data


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer leaves that does not leave as HTTP wants it; the connection always ends with it.

    The answer is sent as it stands: what its headers announce and what its body is need not agree.
    """

    fate: Literal["sent", "cut", "reset", "hung"]
    """What the journal says of it; `reset` resets the connection at the end, the others close it in good order."""
    headless: bool = False
    """The bytes of the body leave alone, without a status line and headers."""
    limit: int | None = None
    """Bytes that leave, counted from the status line on; `None`: all."""
    hold: float = 0.0
    """Seconds of silence, before `time_scale`, ahead of the end; they end early with the sandbox or the client."""


class Response:
    """One HTTP answer: status, headers in order, and a body in one piece or as chunks."""

    __slots__ = ("body", "headers", "status", "wire")

    def __init__(
        self, status: int, body: bytes | Iterable[bytes] = b"", headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Make an answer; a `body` that is not bytes is sent chunk by chunk."""
        self.status = status
        self.body = body
        self.headers = list(headers)
        self.wire: Wire | None = None
        """Set by a fault that breaks the line; `None`: the answer leaves whole."""

    def discard(self) -> None:
        """Let go of what a streamed body holds open; for an answer that is not sent."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()

    @property
    def is_framed(self) -> bool:
        """Whether the headers say already how long the body is."""
        return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in self.headers)

    @classmethod
    def json(cls, payload: object, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
        """Compact JSON, as FastAPI writes it (the gateway); MLflow's own spacing is made in `mlflow_api`."""
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        return cls(status, body, [("Content-Type", JSON_TYPE), *headers])

    @classmethod
    def text(cls, text: str, status: int = 200, content_type: str = "text/plain; charset=utf-8") -> Response:
        """A text answer of the given type (`text/html; charset=utf-8` for pages)."""
        return cls(status, text.encode(), [("Content-Type", content_type)])

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; `None` when there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


Handler = Callable[[Request], Response]
"""What every layer wraps and every application is."""
