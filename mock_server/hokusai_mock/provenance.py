"""Every route that a mock of given profiles answers, and how its answer is known.

Only lists: what a route does is in `mlflow_api/` and `gateway/`, which versions have it in `profiles/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hokusai_mock.gateway import table as platform_routes
from hokusai_mock.mlflow_api.routing import endpoint_for
from hokusai_mock.profiles import MlflowProfile

__all__ = ["MEANING", "Route", "mlflow_routes", "platform_routes_known"]

MEANING = {
    "proved": "MLflow: compared with real servers, exchange by exchange; platform: seen on the live service",
    "documented": "from published documents or source",
    "assumed": "nobody said, this is the likely answer",
    "not implemented": "the mock answers 501 and names the route",
}
"""What each provenance claims, strongest first."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route, with one of the keys of `MEANING`; `path` is relative to the MLflow server's or platform's root."""

    method: str
    path: str
    provenance: str


def mlflow_routes(profile: MlflowProfile) -> list[Route]:
    """The routes of an MLflow version, in the order of its profile."""
    return [Route(method, path, _provenance(method, path)) for method, path in profile.routes]


def _provenance(method: str, path: str) -> str:
    endpoint = endpoint_for(method, path)
    return "not implemented" if endpoint is None else endpoint.provenance


def platform_routes_known() -> list[Route]:
    """The platform's own routes, which the gateway answers without MLflow."""
    played = [Route(one.method, one.path, one.provenance) for one in platform_routes.ALL]
    return [*played, *(Route(method, path, "not implemented") for method, path in platform_routes.NOT_PLAYED)]
