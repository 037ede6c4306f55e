"""All routes of the platform: `ALL` is the one list that dispatcher, list of routes and OpenAPI document are made from.

The auth service and the web site are hosts of their own: their routes ask for no key of the gateway's. Who needs the
health family alone asks `routes/health.py`: a process that was just started is asked for nothing else.
"""

from __future__ import annotations

from hokusai_mock.gateway.route import Answer, Call, Route
from hokusai_mock.gateway.router import Router
from hokusai_mock.gateway.routes import (
    auth_service,
    contributions,
    events,
    health,
    models,
    samples,
    serving,
    webhook,
)
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["ALL", "NOT_PLAYED", "answer", "other_host"]

ALL: tuple[Route, ...] = (
    *health.ALL,
    *events.ROUTES.found,
    *samples.BEFORE.found,
    *models.ROUTES.found,
    *samples.AFTER.found,
    *serving.ROUTES.found,
    *contributions.ROUTES.found,
    *auth_service.ROUTES.found,
    *webhook.ROUTES.found,
)
"""Every route, in the order in which they are tried."""

NOT_PLAYED: tuple[tuple[str, str], ...] = tuple(
    (line.split()[0], line.split()[1])
    for line in """
    POST /api/v1/models/{model_id}/evaluate
    GET /api/v1/evaluations/{job_id}/status
    GET /api/v1/evaluations/{job_id}/manifest
    GET /api/v1/benchmarks
    POST /api/v1/benchmarks
    GET /api/v1/benchmarks/{benchmark_id}
    GET /api/v1/models/{model_id}/evaluation-schedule
    PUT /api/v1/models/{model_id}/evaluation-schedule
    POST /api/v1/outcomes
    """.strip().splitlines()
)
"""Routes that the real service has and the mock answers with 501 and their name."""

_API = Router(route for route in ALL if route.host == "api")
_OTHERS = Router(route for route in ALL if route.host != "api")


def _not_played(call: Call) -> Response:
    message = f"hokusai-testkit does not play {call.request.method} {call.request.path}"
    return Response.json({"detail": message}, 501)


_UNPLAYED = Router(
    Route(method, path, _not_played, "api", "assumed", {501: Answer("Not played.")}) for method, path in NOT_PLAYED
)


def answer(request: Request, mlflow: Handler) -> Response:
    """Answer a request that is the API's own; FastAPI's 404, 405 or 307 where no route is."""
    if isinstance(_API.find(request), Response) and not isinstance(_UNPLAYED.find(request), Response):
        return _UNPLAYED.answer(request, mlflow)
    return _API.answer(request, mlflow)


def other_host(request: Request, mlflow: Handler) -> Response | None:
    """Answer a request for the auth service or the site; `None` when it is for the API."""
    found = _OTHERS.find(request)
    if isinstance(found, Response):
        return None if found.status == 404 else found
    return found.route.handle(request, mlflow, found.parameters)
