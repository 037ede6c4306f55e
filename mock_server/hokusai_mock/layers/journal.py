"""Opens the journal entry before anything can cut the line, and closes it with the answer."""

from __future__ import annotations

from functools import lru_cache

from hokusai_mock.messages import Handler, Request, Response

__all__ = ["journal"]


def journal(request: Request, forward: Handler) -> Response:
    """Record the request, pass it on, record the status; body and fate are known to `transport` at the end."""
    world, environ = request.world, request.environ
    entry = world.journal.open(
        t=world.clock.now_ms(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        headers=_pairs(environ),
        host=environ.get("HTTP_HOST", ""),
    )
    request.entry = entry
    response = forward(request)
    if response.status >= 300:
        entry.retry_after = response.header("Retry-After")
    if response.wire is None:
        entry.status = response.status  # where the line breaks, only the connection knows whether a status left
    return response


def _pairs(environ: dict[str, object]) -> list[tuple[str, str]]:
    pairs = [
        (_header_name(name[5:]), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        value = environ.get(name)
        if isinstance(value, str) and value:
            pairs.append((_header_name(name), value))
    return pairs


@lru_cache(maxsize=256)
def _header_name(variable: str) -> str:
    """`USER_AGENT` as `User-Agent`; clients send the same few names again and again."""
    return variable.replace("_", "-").title()
