"""The health family: who looks at what, and what each says when something is broken.

None asks for a key, the root apart. `/health` never looks at a dependency; `/ready` does, and the family around
`/health/mlflow` asks MLflow, so that it feels a fault that is played before it.
"""

from __future__ import annotations

from typing import Any

from hokusai_mock.gateway.bodies import Field, Flag, Json
from hokusai_mock.gateway.route import Answer, Call, Routes
from hokusai_mock.gateway.router import Router
from hokusai_mock.gateway.routes import breaker
from hokusai_mock.gateway.routes.schemas import TEXT, answered, failure, record
from hokusai_mock.gateway.tracking import TrackingError
from hokusai_mock.gateway.warming import warming
from hokusai_mock.messages import Response

__all__ = ["ALL", "ROUTER"]

ROUTES = Routes()

_MEMORY_MB = 128.0
"""What a process of the real service takes; the mock says nothing about itself here."""

_HEALTH = {
    "status": str,
    "version": str,
    "services": dict,
    "timestamp": str,
    "system_info": (dict, None),
}


@ROUTES.route(
    "GET",
    "/health",
    {
        200: answered("Healthy, or degraded.", _HEALTH),
        500: failure("The detailed form breaks its own response model.", loss="detailed_health"),
    },
    query={"detailed": Field(Flag(), required=False, default=False)},
    provenance="proved",
)
def health(call: Call) -> Json | Response:
    """Whether the process answers: no dependency is checked."""
    detailed = call.query["detailed"]
    if detailed and call.lacks("detailed_health"):
        return Response.json({"detail": "Internal server error"}, 500)
    services: Json = {"api": "healthy"}
    if detailed:
        services |= {
            "mlflow": "healthy" if _mlflow_answers(call) else "unhealthy",
            "database": "healthy" if call.settings.database == "up" else "unhealthy",
        }
    if detailed or call.settings.cache != "up":
        services["redis"] = "healthy" if call.settings.cache == "up" else "unhealthy"
    if not detailed:
        services["dependency_checks"] = "skipped"
    return {
        "status": "degraded" if "unhealthy" in services.values() else "healthy",
        "version": "1.0.0",
        "services": services,
        "timestamp": call.timestamp,
        "system_info": {"memory_usage_mb": _MEMORY_MB} if detailed else None,
    }


@ROUTES.route("GET", "/health/alb", {200: answered("Up.", {"status": str, "timestamp": str})}, provenance="documented")
def alb(call: Call) -> Json:
    """What the load balancer asks."""
    return {"status": "healthy", "timestamp": call.timestamp}


@ROUTES.route(
    "GET",
    "/live",
    {200: answered("Alive.", {"alive": bool, "uptime": int, "memory_usage_mb": float})},
    provenance="documented",
)
def live(call: Call) -> Json:  # noqa: ARG001 - a route takes its call
    """Whether the process is alive."""
    return {"alive": True, "uptime": 0, "memory_usage_mb": _MEMORY_MB}


_VERSION = {"version": str, "build_date": str, "git_commit": str, "api_version": str}


@ROUTES.route("GET", "/version", {200: answered("The version.", _VERSION)}, provenance="documented")
def version(call: Call) -> Json:  # noqa: ARG001
    """The gateway's version, not MLflow's."""
    return {"version": "1.0.0", "build_date": "2025-01-01", "git_commit": "unknown", "api_version": "v1"}


_READINESS = {
    "ready": bool,
    "can_serve_traffic": bool,
    "checks": list,
    "degraded_mode": bool,
    "model_30": dict,
    "warmup_duration_ms": (float, None),
}


@ROUTES.route(
    "GET",
    "/ready",
    {
        200: answered("Ready, perhaps with something missing that it can do without.", _READINESS),
        503: answered("Not ready: the database is down, or model 30 is warming up.", _READINESS),
    },
    provenance="proved",
)
def ready(call: Call) -> Response:
    """Whether traffic may come."""
    warm_up = warming(call)
    checks = [
        _check("database", call.settings.database == "up", critical=True, error="connection refused"),
        _check("mlflow", _mlflow_answers(call), critical=False, error="MLflow is unreachable"),
        _check("model_30_warmed", warm_up.ready, critical=True, error="prewarm pending"),
    ]
    serves = all(check["passed"] for check in checks if check["critical"])
    return Response.json(
        {
            "ready": serves,
            "can_serve_traffic": serves,
            "checks": checks,
            "degraded_mode": serves and not all(check["passed"] for check in checks),
            "model_30": {"warmup_state": warm_up.state, "ready": warm_up.ready},
            "warmup_duration_ms": call.settings.warm_up_s * 1000 if warm_up.ready else None,
        },
        200 if serves else 503,
    )


def _check(name: str, passed: bool, *, critical: bool, error: str) -> Json:
    return {"name": name, "passed": passed, "error": None if passed else error, "critical": critical}


def _mlflow_answers(call: Call) -> bool:
    return _mlflow_error(call) is None


def _mlflow_error(call: Call) -> TrackingError | None:
    try:
        call.mlflow.get("registered-models/search", max_results=1)
    except TrackingError as error:
        return error
    return None


@ROUTES.route(
    "GET", "/metrics", {200: Answer("Metrics of Prometheus.", TEXT, media="text/plain")}, provenance="documented"
)
def metrics(call: Call) -> Response:
    """What Prometheus collects: requests to this sandbox."""
    requests = call.world.journal.counters["requests"]
    text = (
        "# HELP http_requests_total Total number of requests\n"
        "# TYPE http_requests_total counter\n"
        f"http_requests_total {float(requests)}\n"
    )
    return Response.text(text, content_type="text/plain; version=0.0.4; charset=utf-8")


@ROUTES.route(
    "GET",
    "/health/status",
    {200: answered("The overall state.", {"overall_status": str, "services": dict, "timestamp": str})},
    provenance="documented",
)
def status(call: Call) -> Json:
    """The overall state, in short."""
    parts = {
        "mlflow": _mlflow_answers(call),
        "database": call.settings.database == "up",
        "redis": call.settings.cache == "up",
    }
    return {
        "overall_status": "healthy" if all(parts.values()) else "degraded",
        "services": {name: "healthy" if up else "unhealthy" for name, up in parts.items()},
        "timestamp": call.timestamp,
    }


_CONNECTION = {"status": str, "tracking_uri": str, "latency_ms": float, "sample_model": None}
_CONNECTED = {
    200: answered("MLflow answers.", _CONNECTION),
    503: answered("MLflow does not answer.", {**_CONNECTION, "error_type": str, "error": str}),
}


@ROUTES.route("GET", "/api/health/mlflow", _CONNECTED, provenance="proved")
@ROUTES.route("GET", "/api/health/mlflow/detailed", _CONNECTED, provenance="proved")
@ROUTES.route("GET", "/api/health/mlflow/connectivity", _CONNECTED, provenance="proved")
def connection(call: Call) -> Response:
    """Whether MLflow answers the platform; the three paths say the same."""
    error = _mlflow_error(call)
    found: dict[str, Any] = {
        "status": "ok" if error is None else "error",
        "tracking_uri": call.settings.upstream_url,
        "latency_ms": 28.25,
        "sample_model": None,
    }
    if error is None:
        return Response.json(found)
    timeout = error.status == 504
    kind = "TimeoutError" if timeout else "MlflowException"
    return Response.json({**found, "error_type": kind, "error": str(error)}, 503)


_ROOT = {"service": str, "version": str, "health_check": str, "health_endpoints": dict, "documentation": str}


@ROUTES.route("GET", "/", {200: answered("What this service is.", _ROOT)}, provenance="proved")
def root(call: Call) -> Json:  # noqa: ARG001
    """What this service is; the only one of the family that asks for a key."""
    return {
        "service": "Hokusai MLOps API",
        "version": "1.0.0",
        "health_check": "/health",
        "health_endpoints": {"health": "/health", "ready": "/ready", "live": "/live", "mlflow": "/health/mlflow"},
        "documentation": "/docs",
    }


_OPENAPI = answered("An OpenAPI 3.1 document.", {"openapi": str, "info": record({"title": str}), "paths": dict})


@ROUTES.route("GET", "/openapi.json", {200: _OPENAPI}, provenance="assumed")
def openapi(call: Call) -> Json:
    """What the platform answers, as an OpenAPI document."""
    from hokusai_mock.gateway.openapi import document  # noqa: PLC0415 - it reads the table that this route is in

    return document(call.world.platform)


ALL = (*ROUTES.found, *breaker.ROUTES.found)
ROUTER = Router(ALL)
"""Answers what begins as a path of this family."""
