"""The platform in front of MLflow, as an application: key check, mounts, rewrites, and the platform's own routes.

`Gateway` has the same interface as the MLflow application that it wraps. What differs between eras of the platform
comes from the world's platform profile, what a scenario changes from the world's settings.
"""

from __future__ import annotations

from collections.abc import Sequence

from hokusai_mock.gateway import cross_origin
from hokusai_mock.gateway.admission import admit
from hokusai_mock.gateway.decision import OPEN_PATHS, is_exempt
from hokusai_mock.gateway.forwarding import forwarded
from hokusai_mock.gateway.limits import limit_key
from hokusai_mock.gateway.tracking import upstream_failure
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Gateway"]

_SCANNED = ("/wp-admin/", "/.git/", "/actuator/", "/.env", "/server-status")
_OTHER_HOSTS = ("/api/v1/keys/", "/api/v1/usage/", "/api/webhooks/")
_ARTIFACTS = "/mlflow-artifacts/"


class Gateway:
    """Answers what the platform answers itself and passes the rest to MLflow."""

    def __init__(self, mlflow: Handler) -> None:
        """Put the gateway in front of `mlflow`."""
        self._mlflow = mlflow

    def handle(self, request: Request) -> Response:
        """Decide, then answer from a platform route or pass to MLflow under its own path."""
        if request.entry is not None:
            request.entry.layer = "gateway"
        path = request.path
        extra: Sequence[tuple[str, str]] = ()
        if path.startswith(_SCANNED):
            return Response(404, b"", [("Cache-Control", "no-store")])
        if path.startswith(_OTHER_HOSTS):
            from hokusai_mock.gateway import table  # noqa: PLC0415 - see `_own_route`

            other = table.other_host(request, self._mlflow)
            if other is not None:
                return self._signed(request, other)
        if not is_exempt(request.method, path):
            refusal = admit(request)
            if refusal is not None:
                return self._signed(request, Response.json(refusal.body, refusal.status, refusal.headers))
            if request.world.settings.rate_limit is not None:
                limited, extra = limit_key(request)
                if limited is not None:
                    return self._signed(request, limited, extra)
        response = cross_origin.preflight(request) or self._answer(request)
        cross_origin.allow(request, response)
        return self._signed(request, response, extra)

    def _answer(self, request: Request) -> Response:
        inner = request.world.settings.inner_path(request.path)
        return self._own_route(request) if inner is None else self._proxy(request, inner)

    def _own_route(self, request: Request) -> Response:
        # Loaded by the first request that needs them: whoever waits for a start asks for its health, and a client of
        # the registry for nothing here.
        if request.path.startswith(OPEN_PATHS):
            from hokusai_mock.gateway.routes import health  # noqa: PLC0415

            return health.ROUTER.answer(request, self._mlflow)
        from hokusai_mock.gateway import table  # noqa: PLC0415

        return table.answer(request, self._mlflow)

    def _proxy(self, request: Request, inner: str) -> Response:
        settings = request.world.settings
        refused = upstream_failure(request)
        if refused is None and not settings.gateway_artifacts and _ARTIFACTS in request.path:
            refused = _artifacts_disabled()
        if refused is not None:
            return refused
        if request.entry is not None:
            request.entry.layer = "mlflow"
        response = self._mlflow(forwarded(request, inner, request.world.platform))
        if response.wire is not None:
            return response  # a fault broke it behind the gateway, and the client shall see how
        if response.status == 404 and settings.rewrite_404 and _is_page(response):
            response.discard()
            return Response.json(
                {
                    "error_code": "RESOURCE_NOT_FOUND",
                    "message": f"The requested resource was not found: {inner.lstrip('/')}",
                },
                404,
            )
        return response

    @staticmethod
    def _signed(request: Request, response: Response, extra: Sequence[tuple[str, str]] = ()) -> Response:
        response.headers += [*extra, ("Server", request.world.platform.server)]
        return response


def _is_page(response: Response) -> bool:
    return (response.header("Content-Type") or "").startswith("text/html")


def _artifacts_disabled() -> Response:
    detail = {
        "error": "ARTIFACTS_DISABLED",
        "message": "Artifact storage is not configured. Please contact your administrator.",
    }
    return Response.json({"detail": detail}, 503)
