"""The platform in front of MLflow, as an application: key check, mounts, rewrites, and the platform's own routes.

`Gateway` has the same interface as the MLflow application that it wraps. What differs between eras of the platform
comes from the world's platform profile.
"""

from __future__ import annotations

from hokusai_mock.gateway import routes
from hokusai_mock.gateway.decision import Refusal, decide, is_exempt
from hokusai_mock.gateway.forwarding import forwarded
from hokusai_mock.keys import identify, present
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Gateway"]


class Gateway:
    """Answers what the platform answers itself and passes the rest to MLflow."""

    def __init__(self, mlflow: Handler) -> None:
        """Put the gateway in front of `mlflow`."""
        self._mlflow = mlflow

    def handle(self, request: Request) -> Response:
        """Decide, then answer from a platform route or pass to MLflow under its own path."""
        if request.entry is not None:
            request.entry.layer = "gateway"
        world = request.world
        if not is_exempt(request.method, request.path):
            presented = present(request)
            refusal = decide(
                request.path, presented, identify(world.keys, presented), world.settings.registry_admin_scopes
            )
            if refusal is not None:
                return self._signed(request, _refuse(refusal))
        inner = world.settings.inner_path(request.path)
        if inner is not None:
            return self._signed(request, self._proxy(request, inner))
        answer = routes.find(request.method, request.path)
        return self._signed(request, answer if isinstance(answer, Response) else answer(request))

    def _proxy(self, request: Request, inner: str) -> Response:
        if request.entry is not None:
            request.entry.layer = "mlflow"
        response = self._mlflow(forwarded(request, inner, request.world.platform))
        content_type = response.header("Content-Type") or ""
        if response.status == 404 and content_type.startswith("text/html"):
            response.discard()
            return Response.json(
                {
                    "error_code": "RESOURCE_NOT_FOUND",
                    "message": f"The requested resource was not found: {inner.lstrip('/')}",
                },
                404,
            )
        return response

    def _signed(self, request: Request, response: Response) -> Response:
        response.headers.append(("Server", request.world.platform.server))
        return response


def _refuse(refusal: Refusal) -> Response:
    return Response.json(refusal.body, refusal.status, refusal.headers)
