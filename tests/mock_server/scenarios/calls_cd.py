"""Calls that outages and broken lines need: the platform's own routes, and a search as `curl -i` shows it.

Like those of `calls_http.py` they return the answer as `{"status_code", "text"}`; a status is no exception for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calls_http import bearer, platform, tracking, with_curl, with_requests

MODEL = "30"
"""The model that is warmed up after a deployment."""
_ADDRESS = "0x" + "0" * 40
_SEARCH = "/api/2.0/mlflow/experiments/search"
_ONE = {"max_results": 1}

Ask = Callable[..., dict[str, Any]]


def _with_headers() -> dict[str, Any]:
    """A search whose text is what `curl -i` prints: the status line, the headers, then the body."""
    answer = with_requests("POST", tracking(_SEARCH), _ONE)
    lines = [str(answer["status_code"]), *(f"{name}: {value}" for name, value in answer["headers"].items())]
    return {**answer, "text": "\r\n".join([*lines, "", answer["text"]])}


def _create_experiment() -> dict[str, Any]:
    return with_requests("POST", tracking("/api/2.0/mlflow/experiments/create"), {"name": "scenario"})


def _at_the_other_mount(ask: Ask) -> dict[str, Any]:
    return ask("POST", platform("/mlflow" + _SEARCH), _ONE)


def _contribute(ask: Ask) -> dict[str, Any]:
    headers = {**bearer(), "Idempotency-Key": "scenario-1"}
    return ask("POST", platform(f"/api/v1/models/{MODEL}/contributions"), {"rows": []}, headers)


def _predict(ask: Ask) -> dict[str, Any]:
    return ask("POST", platform(f"/api/v1/models/{MODEL}/predict"), {"inputs": {"text": "scenario"}})


_BY_HAND: dict[str, Callable[[Ask], dict[str, Any]]] = {
    "contributions.create": _contribute,
    "contributors.impact": lambda ask: ask("GET", platform(f"/api/models/contributors/{_ADDRESS}/impact")),
    "experiments.search at /mlflow": _at_the_other_mount,
    "health.mlflow": lambda ask: ask("GET", platform("/api/health/mlflow"), headers={}),
    "serving.predict": _predict,
    "serving.ready": lambda ask: ask("GET", platform("/ready"), headers={}),
}


def _made(by_hand: Callable[[Ask], dict[str, Any]], ask: Ask) -> Callable[[], dict[str, Any]]:
    return lambda: by_hand(ask)


CALLS: dict[tuple[str, str], Callable[[], Any]] = {
    **{("requests", name): _made(call, with_requests) for name, call in _BY_HAND.items()},
    **{("curl", name): _made(call, with_curl) for name, call in _BY_HAND.items()},
    ("requests", "experiments.search -i"): _with_headers,
    ("requests", "experiments.create"): _create_experiment,
}
