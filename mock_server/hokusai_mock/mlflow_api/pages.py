"""The HTML pages that Werkzeug answers where MLflow has no answer of its own; byte for byte."""

from __future__ import annotations

from html import escape

from hokusai_mock.messages import JSON_TYPE, Response

__all__ = [
    "HTML",
    "bad_request",
    "collapsed",
    "method_not_allowed",
    "moved",
    "never_routed",
    "not_found",
    "server_error",
]

HTML = "text/html; charset=utf-8"

_PAGE = "<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{heading}</h1>\n<p>{text}</p>\n"

_NOT_FOUND = _PAGE.format(
    title="404 Not Found",
    heading="Not Found",
    text="The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again.",
).encode()
_BAD_REQUEST = _PAGE.format(
    title="400 Bad Request",
    heading="Bad Request",
    text="The browser (or proxy) sent a request that this server could not understand.",
).encode()
_NOT_ALLOWED = _PAGE.format(
    title="405 Method Not Allowed",
    heading="Method Not Allowed",
    text="The method is not allowed for the requested URL.",
).encode()
_ERROR = _PAGE.format(
    title="500 Internal Server Error",
    heading="Internal Server Error",
    text="The server encountered an internal error and was unable to complete your request. Either the server is "
    "overloaded or there is an error in the application.",
).encode()
_MOVED = (
    "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n<p>You should be "
    'redirected automatically to the target URL: <a href="{url}">{url}</a>. If not, click the link.\n'
)


_COLLAPSED = {
    "gunicorn": (
        "text/html",
        b"<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n  <body>\n"
        b"    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n",
    ),
    "uvicorn": ("text/plain; charset=utf-8", b"Internal Server Error"),
}


def collapsed(web_server: str) -> Response:
    """500 of the web server, for an answer of MLflow that it cannot send."""
    content_type, body = _COLLAPSED[web_server]
    return Response(500, body, [("Content-Type", content_type)])


def never_routed(web_server: str) -> Response:
    """404 for a path with a line break: uvicorn's framework does not hand it to MLflow's routes at all."""
    if web_server == "uvicorn":
        return Response(404, b'{"detail":"Not Found"}', [("Content-Type", JSON_TYPE)])
    return not_found()


def bad_request() -> Response:
    """400: a parameter is missing without which the endpoint cannot start."""
    return Response(400, _BAD_REQUEST, [("Content-Type", HTML)])


def not_found() -> Response:
    """404: no route has this path."""
    return Response(404, _NOT_FOUND, [("Content-Type", HTML)])


def method_not_allowed(allowed: str) -> Response:
    """405: the path has routes, but not for this method."""
    return Response(405, _NOT_ALLOWED, [("Content-Type", HTML), ("Allow", allowed)])


def server_error() -> Response:
    """500: the real server met an exception that it does not expect."""
    return Response(500, _ERROR, [("Content-Type", HTML)])


def moved(url: str) -> Response:
    """308 to the same path with single slashes."""
    shown = escape(url).replace("&#x27;", "&#39;")
    body = _MOVED.format(url=shown).encode()
    return Response(308, body, [("Content-Type", HTML), ("Location", url)])
