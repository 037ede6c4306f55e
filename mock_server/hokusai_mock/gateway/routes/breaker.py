"""`/health/mlflow`: the circuit breaker that the platform keeps between itself and MLflow.

It opens after five failures in a row and tries again after a minute of the world's clock. Closed with MLflow away it
answers 200 and `connected: false`: a status alone says nothing here.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from hokusai_mock.gateway.bodies import Json
from hokusai_mock.gateway.route import Call, Routes, iso
from hokusai_mock.gateway.routes.schemas import answered, failure, record
from hokusai_mock.gateway.tracking import TrackingError
from hokusai_mock.messages import Response
from hokusai_mock.platform_state import Breaker

__all__ = ["ROUTES"]

ROUTES = Routes()

THRESHOLD = 5
RECOVERY_S = 60

_STATE = {
    "circuit_breaker_state": str,
    "circuit_breaker_details": dict,
    "connected": bool,
    "tracking_uri": str,
    "connection_timeout": int,
    "error": (str, None),
    "last_check_time": str,
    "dns_resolution": dict,
    "timestamp": str,
}
_BROKEN = record({"error": str, "connected": bool, "circuit_breaker_state": str, "timestamp": str})


@ROUTES.route(
    "GET",
    "/health/mlflow",
    {
        200: answered("The breaker lets requests pass, whether MLflow answers or not.", _STATE),
        500: failure("An open breaker is a date that cannot be written.", _BROKEN, loss="breaker_health"),
        503: answered("The breaker is open.", _STATE),
    },
    provenance="proved",
)
def state(call: Call) -> Response:
    """Whether MLflow answers, and what the circuit breaker makes of it."""
    before = _named(call, call.state.breaker)
    error = None if before == "OPEN" else _ask(call)
    with call.world.lock:
        if before != "OPEN":
            call.state.breaker = _after(call, call.state.breaker, failed=error is not None)
        breaker = call.state.breaker
    name = _named(call, breaker)
    if name == "OPEN" and call.lacks("breaker_health"):
        broken = "Object of type datetime is not JSON serializable"
        body = {"error": broken, "connected": False, "circuit_breaker_state": "UNKNOWN", "timestamp": call.timestamp}
        return Response.json(body, 500)
    body = {
        "circuit_breaker_state": name,
        "circuit_breaker_details": _details(call, breaker, name),
        "connected": before != "OPEN" and error is None,
        "tracking_uri": call.settings.upstream_url,
        "connection_timeout": 5,
        "error": str(error) if error is not None else None,
        "last_check_time": call.timestamp,
        "dns_resolution": {"hostname": urlsplit(call.settings.upstream_url).hostname, "resolved": True},
        "timestamp": call.timestamp,
    }
    return Response.json(body, 503 if name == "OPEN" else 200)


@ROUTES.route(
    "POST",
    "/health/mlflow/reset",
    {200: answered("The breaker is closed.", {"message": str, "timestamp": str, "reset_by": str})},
    provenance="documented",
)
def reset(call: Call) -> Json:
    """Close the circuit breaker. Anybody may: the path needs no key."""
    with call.world.lock:
        call.state.breaker = Breaker()
    return {"message": "Circuit breaker reset successfully", "timestamp": call.timestamp, "reset_by": "manual"}


def _ask(call: Call) -> TrackingError | None:
    try:
        call.mlflow.get("registered-models/search", max_results=1)
    except TrackingError as error:
        return error
    return None


def _after(call: Call, breaker: Breaker, *, failed: bool) -> Breaker:
    now = call.now_ms
    if not failed:
        return breaker._replace(failures=0, opened_ms=None, last_success_ms=now)
    failures = breaker.failures + 1
    return breaker._replace(failures=failures, opened_ms=now if failures >= THRESHOLD else None, last_failure_ms=now)


def _named(call: Call, breaker: Breaker) -> str:
    if breaker.opened_ms is None:
        return "CLOSED"
    return "OPEN" if call.now_ms < breaker.opened_ms + RECOVERY_S * 1000 else "HALF_OPEN"


def _details(call: Call, breaker: Breaker, name: str) -> Json:
    def seconds(since_ms: int | None) -> float | None:
        return None if since_ms is None else (call.now_ms - since_ms) / 1000

    opened = seconds(breaker.opened_ms)
    return {
        "state": name,
        "failure_count": breaker.failures,
        "consecutive_successes": 0,
        "recovery_attempts": 0,
        "last_failure_time": _iso(breaker.last_failure_ms),
        "last_success_time": _iso(breaker.last_success_ms),
        "time_since_last_failure": seconds(breaker.last_failure_ms),
        "time_until_retry": None if opened is None else max(0.0, RECOVERY_S - opened),
        "failure_threshold": THRESHOLD,
        "recovery_timeout": RECOVERY_S,
    }


def _iso(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else iso(moment_ms)
