"""The platform's own routes: `find(method, path)` gives the function that answers, one module a family."""

from __future__ import annotations

from hokusai_mock.gateway.routes import health
from hokusai_mock.messages import Handler, Response

__all__ = ["find", "known"]

_ROUTES: dict[str, dict[str, Handler]] = {**health.ROUTES}


def find(method: str, path: str) -> Handler | Response:
    """Return the handler of a platform route, or FastAPI's answer where there is none (404, or 405 by method)."""
    methods = _ROUTES.get(path)
    if methods is None:
        return Response.json({"detail": "Not Found"}, 404)
    handler = methods.get(method)
    if handler is None:
        return Response.json({"detail": "Method Not Allowed"}, 405, [("Allow", ", ".join(sorted(methods)))])
    return handler


def known() -> list[tuple[str, str]]:
    """(method, path) of every platform route that the mock answers."""
    return [(method, path) for path, methods in sorted(_ROUTES.items()) for method in methods]
