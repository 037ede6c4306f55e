"""The health family that answers without a key and never looks at a dependency, as observed on the live service."""

from __future__ import annotations

from datetime import datetime, timezone

from hokusai_mock.messages import Handler, Request, Response

__all__ = ["ROUTES"]


def _timestamp(request: Request) -> str:
    moment = datetime.fromtimestamp(request.world.clock.now_ms() / 1000, tz=timezone.utc)
    return moment.replace(tzinfo=None).isoformat()


def health(request: Request) -> Response:
    """Always healthy: the real route skips its dependency checks."""
    return Response.json(
        {
            "status": "healthy",
            "version": "1.0.0",
            "services": {"api": "healthy", "dependency_checks": "skipped"},
            "timestamp": _timestamp(request),
            "system_info": None,
        }
    )


def alb(request: Request) -> Response:
    """What the load balancer asks."""
    return Response.json({"status": "healthy", "timestamp": _timestamp(request)})


def version(request: Request) -> Response:  # noqa: ARG001 - a handler takes the request
    """The gateway's version, not MLflow's."""
    return Response.json({"version": "1.0.0", "build_date": "2025-01-01", "git_commit": "unknown", "api_version": "v1"})


ROUTES: dict[str, dict[str, Handler]] = {
    "/health": {"GET": health},
    "/health/alb": {"GET": alb},
    "/version": {"GET": version},
}
