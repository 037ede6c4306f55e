"""What of a request reaches the backend, and what of its answer comes back: targets and headers, never bodies."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote

from hokusai_mock.keys import identify, present
from hokusai_mock.messages import Request
from hokusai_mock.upstream.backend import Backend

__all__ = ["answer_headers", "request_headers", "target"]

Pairs = list[tuple[str, str]]

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OURS = frozenset({"x-hokusai-testkit", "x-hokusai-testkit-client", "x-hokusai-testkit-token"})
"""Between a test and the mock only; a backend that is a mock itself marks its answers too."""

_MADE_HERE = frozenset({"host", "content-length", "expect", "x-hokusai-user-id", "x-hokusai-api-key-id"})
_CREDENTIALS = frozenset({"authorization", "x-api-key"})
_UNRESERVED = "/%~!$&'()*+,;=:@"


def target(request: Request, backend: Backend) -> str:
    """The request target for the backend, percent-encoded as the client wrote it."""
    query = request.query_string
    if query and "api_key" in query and not _credentials_pass(request):
        query = "&".join(pair for pair in query.split("&") if not _is_key(pair))
    return backend.prefix + _written_path(request) + (f"?{quote(query, safe=_UNRESERVED + '?')}" if query else "")


def request_headers(request: Request, backend: Backend) -> Pairs:
    """The headers for the backend, without those that say how the body is framed.

    Behind the gateway the client's key is the platform's business, not MLflow's: whether it is passed on is a fact of
    the platform profile. A plain server has no key of its own, so credentials are the backend's and pass.
    """
    dropped = _HOP_BY_HOP | _OURS | _MADE_HERE | _named_by_connection(request.header("Connection"))
    if not _credentials_pass(request):
        dropped |= _CREDENTIALS
    passed = [(name.title(), value) for name, value in request.headers.items() if name not in dropped]
    return [("Host", backend.netloc), *passed, *_identity(request)]


def answer_headers(pairs: Iterable[tuple[str, str]], *, with_length: bool) -> Pairs:
    """The headers of the backend's answer for the client; `with_length` keeps Content-Length."""
    headers = list(pairs)
    connection = ",".join(value for name, value in headers if name.lower() == "connection")
    dropped = _HOP_BY_HOP | _OURS | _named_by_connection(connection)
    if not with_length:
        dropped |= {"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _credentials_pass(request: Request) -> bool:
    return request.world.plain or request.world.platform.forwards_credentials


def _identity(request: Request) -> Pairs:
    """Who the gateway says that asks; a client cannot say it for itself."""
    key = None if request.world.plain else identify(request.world.keys, present(request))
    return [] if key is None else [("X-Hokusai-User-Id", key.role), ("X-Hokusai-Api-Key-Id", key.role)]


def _named_by_connection(value: str | None) -> frozenset[str]:
    return frozenset(name.strip().lower() for name in (value or "").split(",") if name.strip())


def _is_key(pair: str) -> bool:
    return any(name == "api_key" for name, _ in parse_qsl(pair, keep_blank_values=True))


def _written_path(request: Request) -> str:
    """The end of the path that the client wrote which means `request.path`: `%2F` in a name is not a slash."""
    raw: str = request.environ.get("RAW_URI", "").partition("?")[0]
    if "%" in raw:
        start = raw.find("/")
        while start >= 0:
            if unquote(raw[start:]) == request.path:
                return quote(raw[start:], safe=_UNRESERVED)
            start = raw.find("/", start + 1)
    return quote(request.path, safe=_UNRESERVED.replace("%", ""))
