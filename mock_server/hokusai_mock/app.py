"""`create_app`: the mock as a Flask application, assembled from the layers; the only place that knows them all.

Its `wsgi_app` runs the pipeline; the admin API is a blueprint of the same application, registered when the first
request for `/_testkit/` arrives, because each Flask rule costs a third of a millisecond that a start must not take.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask

from hokusai_mock._version import __version__
from hokusai_mock.gateway import Gateway
from hokusai_mock.layers import build, fault_point
from hokusai_mock.layers.sandbox import enter
from hokusai_mock.messages import BodyTooLarge, Handler, Request, Response
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.world import Worlds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["ADMIN_PREFIX", "MARK", "AdminOptions", "create_app"]

ADMIN_PREFIX = "/_testkit"

MARK = ("X-Hokusai-Testkit", __version__)
"""On every answer, so that nobody mistakes the mock for the real platform."""


@dataclass(frozen=True, slots=True)
class AdminOptions:
    """Who may use the admin API."""

    allowed_hosts: tuple[str, ...] = ()
    """Host names that are accepted besides 127.0.0.1, localhost and [::1]."""
    token: str | None = None
    """Demanded in `X-Hokusai-Testkit-Token` when set; off loopback it must be."""


def create_app(worlds: Worlds, admin: AdminOptions | None = None) -> Flask:
    """Return the Flask application that plays the platform for the given worlds."""
    app = Flask("hokusai_mock", static_folder=None)
    serve_admin = _LateAdmin(app, app.wsgi_app, worlds, admin or AdminOptions())
    app.wsgi_app = _Pipeline(worlds, _application(), serve_admin)  # type: ignore[method-assign]
    return app


def _application() -> Handler:
    """Gateway and MLflow, one inside the other; a plain world is answered by MLflow alone."""
    mlflow = fault_point("mlflow", MlflowApplication(lambda endpoint: fault_point("handler", endpoint)).handle)
    gateway = fault_point("gateway", Gateway(mlflow).handle)

    def choose(request: Request) -> Response:
        return mlflow(request) if request.world.plain else gateway(request)

    return choose


class _Pipeline:
    """The WSGI side: a request enters its world, passes the layers and becomes an answer on the wire."""

    def __init__(self, worlds: Worlds, application: Handler, admin: WSGIApplication) -> None:
        self._worlds = worlds
        self._handle = build(application)
        self._admin = admin

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path == ADMIN_PREFIX or path.startswith(ADMIN_PREFIX + "/"):
            return self._admin(environ, start_response)
        request = enter(environ, self._worlds)
        response = request if isinstance(request, Response) else self._answer(request)
        headers = response.headers
        headers.append(MARK)
        body = response.body
        if isinstance(body, bytes):
            headers.append(("Content-Length", str(len(body))))
            body = (body,)
        start_response(f"{response.status} ", headers)
        return body

    def _answer(self, request: Request) -> Response:
        try:
            return self._handle(request)
        except BodyTooLarge:
            return Response.json({"error": "hokusai-testkit: the request body is larger than 16 MiB"}, 413)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - an error of the mock itself must fail the test that met it, by name
            request.world.errors.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
            return Response.json(
                {"error": "hokusai-testkit: internal error of the mock, see the sandbox's errors"}, 500
            )


class _LateAdmin:
    """The admin API: guarded before Flask sees the request, registered when it is first asked for."""

    def __init__(self, app: Flask, flask_wsgi: WSGIApplication, worlds: Worlds, options: AdminOptions) -> None:
        self._app, self._flask_wsgi, self._worlds, self._options = app, flask_wsgi, worlds, options
        self._lock = threading.Lock()
        self._ready = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        from hokusai_mock.admin import guard  # noqa: PLC0415 - late on purpose, like the blueprint

        refusal = guard.refuse(environ, self._options.allowed_hosts, self._options.token)
        if refusal is not None:
            response = Response.json({"error": refusal}, 403, [*guard.PAGE_HEADERS, MARK])
            start_response("403 FORBIDDEN", response.headers)
            return [response.body] if isinstance(response.body, bytes) else response.body
        if not self._ready:
            with self._lock:
                if not self._ready:
                    from hokusai_mock.admin import blueprint  # noqa: PLC0415

                    self._app.register_blueprint(blueprint(self._worlds, MARK))
                    self._ready = True
        return self._flask_wsgi(environ, start_response)
