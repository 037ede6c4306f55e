"""The way of a request through an MLflow server: security checks, routing, endpoint, headers."""

from __future__ import annotations

import re
from collections.abc import Callable

from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api import pages
from hokusai_mock.mlflow_api.endpoints import PARAMETERS
from hokusai_mock.mlflow_api.errors import Collapse
from hokusai_mock.mlflow_api.routing import RouteTable, allowed_methods
from hokusai_mock.mlflow_api.security import Guard
from hokusai_mock.profiles import MlflowProfile

__all__ = ["MlflowApplication"]


class MlflowApplication:
    """An MLflow server of whatever version the request's world plays."""

    def __init__(self, wrap_endpoint: Callable[[Handler], Handler] = lambda handler: handler) -> None:
        """`wrap_endpoint` goes around every endpoint, inside of security checks and routing."""
        self._wrap = wrap_endpoint
        self._by_profile: dict[str, tuple[RouteTable, Guard]] = {}

    def handle(self, request: Request) -> Response:
        """Answer one request; `request.path` is relative to the server's root."""
        profile = request.world.mlflow
        table, guard = self._by_profile.get(profile.name) or self._prepare(profile)
        refused = guard.refuse(request)
        if refused is not None:
            return refused
        try:
            return guard.finish(request, self._route(request, table))
        except Collapse:
            return pages.collapsed(profile.web_server)

    def _prepare(self, profile: MlflowProfile) -> tuple[RouteTable, Guard]:
        prepared = self._by_profile[profile.name] = (RouteTable(profile, self._wrap), Guard(profile))
        return prepared

    @staticmethod
    def _route(request: Request, table: RouteTable) -> Response:
        found = table.find(request.path, request.method)
        if found is None:
            return _unknown(request, table)
        methods, parameters = found
        if parameters is not None:
            request.environ[PARAMETERS] = parameters
        handler = methods.get(request.method)
        if handler is None:
            if request.method == "OPTIONS":
                return Response(200, b"", [("Content-Type", pages.HTML), ("Allow", allowed_methods(methods))])
            return pages.method_not_allowed(allowed_methods(methods))
        response = handler(request)
        if request.method == "HEAD":
            response.body = b""
            response.headers = [one for one in response.headers if one[0] != "Content-Length"]
        return response


def _unknown(request: Request, table: RouteTable) -> Response:
    """A path with doubled slashes is moved to the one with single slashes, if that has a route."""
    if "//" in request.path:
        merged = re.sub("/{2,}", "/", request.path)
        if table.find(merged, request.method) is not None:
            return pages.moved(_url(request, merged))
    return pages.not_found()


def _url(request: Request, path: str) -> str:
    environ = request.environ
    outer: str = environ.get("PATH_INFO", "")
    prefix = outer[: -len(request.path)] if outer.endswith(request.path) else ""
    query = f"?{request.query_string}" if request.query_string else ""
    return f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}{prefix}{path}{query}"
