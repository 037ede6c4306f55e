"""Finds the route of a request among those of the platform, in the order of FastAPI's own router.

The first route with path and method wins; a path that only other methods have is 405 with those of its first route; a
path that is known with or without its last slash is moved there with 307.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from hokusai_mock.gateway.route import Route
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Found", "Router"]


class Found(NamedTuple):
    """A route, and the parameters of the path."""

    route: Route
    parameters: Mapping[str, str]


class _Pattern(NamedTuple):
    route: Route
    segments: tuple[str, ...]

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        parameters = {}
        for wanted, given in zip(self.segments, segments, strict=True):
            if wanted.startswith("{"):
                if not given:
                    return None
                parameters[wanted[1:-1]] = given
            elif wanted != given:
                return None
        return parameters


class Router:
    """The routes by the number of their segments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Earlier routes come first."""
        self._by_length: dict[int, list[_Pattern]] = {}
        for route in routes:
            segments = tuple(route.path.split("/"))
            self._by_length.setdefault(len(segments), []).append(_Pattern(route, segments))

    def find(self, request: Request) -> Found | Response:
        """The route, or FastAPI's answer where there is none: 404, 405 or 307."""
        method, path = request.method, request.path
        found, allowed = self._match(method, path)
        if found is not None:
            return found
        if allowed is not None:
            return Response.json({"detail": "Method Not Allowed"}, 405, [("Allow", allowed)])
        twin = path.rstrip("/") if path.endswith("/") else path + "/"
        if path != "/" and any(one is not None for one in self._match(method, twin)):
            return Response(307, b"", [("Location", _url(request, twin))])
        return Response.json({"detail": "Not Found"}, 404)

    def answer(self, request: Request, mlflow: Handler) -> Response:
        """Answer a request by its route, or as `find` says where there is none."""
        found = self.find(request)
        return found if isinstance(found, Response) else found.route.handle(request, mlflow, found.parameters)

    def _match(self, method: str, path: str) -> tuple[Found | None, str | None]:
        """The route, and else the method of the first route that has the path."""
        segments = tuple(path.split("/"))
        allowed = None
        for pattern in self._by_length.get(len(segments), ()):
            parameters = pattern.match(segments)
            if parameters is None:
                continue
            if pattern.route.method == method:
                return Found(pattern.route, parameters), None
            allowed = allowed or pattern.route.method
        return None, allowed


def _url(request: Request, path: str) -> str:
    """The address of another path of the same sandbox, as the client reached it."""
    environ = request.environ
    outer: str = environ.get("PATH_INFO", "")
    prefix = outer[: -len(request.path)] if outer.endswith(request.path) else ""
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}{prefix}{quote(path)}{query}"
