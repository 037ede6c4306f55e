"""What the platform tells browsers: any page of any origin may call it with a key.

The real service allows every origin. It stands inside the key check: a refusal of the gateway has none of its headers.
"""

from __future__ import annotations

from hokusai_mock.messages import Request, Response

__all__ = ["allow", "preflight"]

_ANY = ("Access-Control-Allow-Origin", "*")


def preflight(request: Request) -> Response | None:
    """The answer to a browser's question whether it may send a request; `None` for any other request."""
    if request.method != "OPTIONS" or request.header("Access-Control-Request-Method") is None:
        return None
    if request.header("Origin") is None:
        return None
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        _ANY,
        ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("Access-Control-Max-Age", "600"),
    ]
    wanted = request.header("Access-Control-Request-Headers")
    if wanted is not None:
        headers.append(("Access-Control-Allow-Headers", wanted))
    return Response(200, b"OK", headers)


def allow(request: Request, response: Response) -> None:
    """Let the page that asked read the answer; what MLflow said about origins gives way."""
    if "HTTP_ORIGIN" in request.environ:
        response.headers = [one for one in response.headers if one[0] != _ANY[0]]
        response.headers.append(_ANY)
