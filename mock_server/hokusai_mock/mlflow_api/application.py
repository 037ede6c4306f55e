"""The way of a request through an MLflow server: security checks, routing, endpoint, headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api import pages
from hokusai_mock.mlflow_api.basic_auth import BasicAuthCheck, RefusedEarly
from hokusai_mock.mlflow_api.endpoints import PARAMETERS
from hokusai_mock.mlflow_api.errors import Collapse
from hokusai_mock.mlflow_api.routing import RouteTable, allowed_methods
from hokusai_mock.mlflow_api.security import Guard
from hokusai_mock.mlflow_api.switches import Switches
from hokusai_mock.world import World

__all__ = ["MlflowApplication"]

_PATH_SAFE = "!$&'()*+,/:;=@"
_QUERY_SAFE = "%!#$&'()*+,/:;=?@"
"""What stands unquoted in the Location of the real servers."""

_KEPT = 64
"""Servers whose routes are kept ready: versions, each as it may be started."""


class MlflowApplication:
    """An MLflow server of whatever version the request's world plays."""

    def __init__(self, wrap_endpoint: Callable[[Handler], Handler] = lambda handler: handler) -> None:
        """`wrap_endpoint` goes around every endpoint, inside of security checks and routing."""
        self._wrap = wrap_endpoint
        self._ready: dict[tuple[object, ...], tuple[RouteTable, Guard]] = {}

    def handle(self, request: Request) -> Response:
        """Answer one request; `request.path` is relative to the server's root."""
        world = request.world
        profile, settings = world.mlflow, world.settings
        key = (profile.name, *settings.of_mlflow)
        table, guard = self._ready.get(key) or self._prepare(key, world)
        refused = guard.refuse(request)
        if refused is not None:
            return refused
        try:
            if settings.basic_auth is None:
                return guard.finish(request, self._route(request, table))
            check = BasicAuthCheck(settings.basic_auth, request, settings.static_prefix)
            return guard.finish(request, check.answer(lambda passed: self._route(passed, table)))
        except Collapse:
            return pages.collapsed(profile.web_server)
        except RefusedEarly as early:
            return early.response

    def _prepare(self, key: tuple[object, ...], world: World) -> tuple[RouteTable, Guard]:
        if len(self._ready) >= _KEPT:
            self._ready.clear()
        profile, settings = world.mlflow, world.settings
        prepared = RouteTable(profile, self._wrap, Switches.of(settings)), Guard(profile, settings)
        self._ready[key] = prepared
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
    if "\n" in request.path:
        return pages.never_routed(request.world.mlflow.web_server)
    if "//" in request.path:
        merged = re.sub("/{2,}", "/", request.path)
        if table.find(merged, request.method) is not None:
            return pages.moved(_url(request, merged))
    return pages.not_found()


def _url(request: Request, path: str) -> str:
    """The URL of another path of this server as the client reaches it, sandbox and mount included; safe in a header."""
    environ = request.environ
    outer = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    prefix = outer[: -len(request.path)] if outer.endswith(request.path) else ""
    query = f"?{quote(request.query_string, safe=_QUERY_SAFE)}" if request.query_string else ""
    host = quote(environ.get("HTTP_HOST", ""), safe="[]:")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{quote(prefix + path, safe=_PATH_SAFE)}{query}"
