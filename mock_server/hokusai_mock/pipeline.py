"""The pipeline as a WSGI application: a request enters its world, passes the layers and becomes an answer on the wire.

The only place that knows every layer. It needs no Flask: the admin API, which is Flask's, is made by whoever builds the
pipeline when the first request for `/_testkit/` arrives, so that a start costs neither Flask's import nor its routing.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hokusai_mock.admin import guard
from hokusai_mock.gateway import Gateway
from hokusai_mock.layers import build, fault_point
from hokusai_mock.layers.sandbox import enter, enter_bound
from hokusai_mock.messages import MARK, WIRE, BodyTooLarge, Handler, Request, Response
from hokusai_mock.worlds import Worlds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hokusai_mock.upstream import Upstream
    from hokusai_mock.world import World, WorldOptions

__all__ = ["ADMIN_PREFIX", "MARK", "AdminOptions", "Pipeline"]

ADMIN_PREFIX = "/_testkit"


@dataclass(frozen=True, slots=True)
class AdminOptions:
    """Who may use the admin API."""

    allowed_hosts: tuple[str, ...] = ()
    """Host names that are accepted besides 127.0.0.1, localhost and [::1]."""
    token: str | None = None
    """Demanded in `X-Hokusai-Testkit-Token` when set; off loopback it must be."""


class Pipeline:
    """The whole mock as one WSGI callable."""

    def __init__(self, worlds: Worlds, options: AdminOptions, make_admin: Callable[[], WSGIApplication]) -> None:
        """Serve `worlds`; `make_admin` is called once, for the first request that the guard lets through to control."""
        self._worlds = worlds
        self._upstream = _upstream(worlds.options)
        self._handle = build(_application(self._upstream))
        self._answer = self._safely if worlds.recorder is None else worlds.recorder.around(self._safely)
        self._admin = _Admin(options, make_admin)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        path: str = environ["PATH_INFO"]
        if path == ADMIN_PREFIX or path.startswith(ADMIN_PREFIX + "/"):
            return self._admin(environ, start_response)
        return self._respond(enter(environ, self._worlds), environ, start_response)

    def bound(self, world: World) -> WSGIApplication:
        """The application of a listener that belongs to `world`: neither `/s/<id>` nor `/_testkit/` exists on it."""

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            return self._respond(enter_bound(environ, world), environ, start_response)

        return application

    def _respond(
        self, request: Request | Response, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        response = request if isinstance(request, Response) else self._answer(request)
        if response.wire is not None:
            environ[WIRE] = response.wire
        return _send(response, start_response)

    def close(self) -> None:
        """Let go of the backend, if there is one; requests that wait for it are cut off."""
        if self._upstream is not None:
            self._upstream.close()

    def _safely(self, request: Request) -> Response:
        try:
            return self._handle(request)
        except BodyTooLarge:
            return Response.json({"error": "hokusai-testkit: the request body is larger than 16 MiB"}, 413)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - an error of the mock itself must fail the test that met it, by name
            request.world.errors.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
            return Response.json({"error": "hokusai-testkit: internal error, see the sandbox's errors"}, 500)


def _upstream(options: WorldOptions) -> Upstream | None:
    if options.backend is None:
        return None
    from hokusai_mock.upstream import Backend, Upstream  # noqa: PLC0415 - without a backend its client is not loaded

    return Upstream(Backend.parse(options.backend), options.backend_timeout)


def _application(upstream: Upstream | None) -> Handler:
    """Gateway and MLflow, one inside the other; a plain world is answered by MLflow alone.

    MLflow is a real server where there is one, else the one that is played here.
    """
    inner = fault_point("handler", upstream.handle) if upstream is not None else _Late(_played_mlflow)
    mlflow = fault_point("mlflow", inner)
    gateway = fault_point("gateway", Gateway(mlflow).handle)

    def choose(request: Request) -> Response:
        if not request.world.plain:
            return gateway(request)
        if request.entry is not None:
            request.entry.layer = "mlflow"
        return mlflow(request)

    return choose


def _played_mlflow() -> Handler:
    from hokusai_mock.mlflow_api import MlflowApplication  # noqa: PLC0415 - `_Late` says why

    return MlflowApplication(lambda endpoint: fault_point("handler", endpoint)).handle


class _Late:
    """A handler that is made by its first request: a process that serves answers before it has loaded everything."""

    def __init__(self, make: Callable[[], Handler]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._handler: Handler | None = None

    def __call__(self, request: Request) -> Response:
        return (self._handler or self._made())(request)

    def _made(self) -> Handler:
        with self._lock:
            if self._handler is None:
                self._handler = self._make()
            return self._handler


class _Admin:
    """The admin API: guarded before Flask sees the request, made when it is first asked for."""

    def __init__(self, options: AdminOptions, make: Callable[[], WSGIApplication]) -> None:
        self._options, self._make = options, make
        self._lock = threading.Lock()
        self._application: WSGIApplication | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refusal = guard.refuse(environ, self._options.allowed_hosts, self._options.token)
        if refusal is not None:
            return _send(Response.json({"error": refusal}, 403, guard.PAGE_HEADERS), start_response)
        if self._application is None:
            with self._lock:
                if self._application is None:
                    self._application = self._make()
        return self._application(environ, start_response)


def _send(response: Response, start_response: Callable[..., Any]) -> Iterable[bytes]:
    response.headers.append(MARK)
    body = response.body
    if isinstance(body, bytes):
        if response.wire is None or not response.is_framed:
            response.headers.append(("Content-Length", str(len(body))))
        body = (body,)
    start_response(f"{response.status} ", response.headers)
    return body
