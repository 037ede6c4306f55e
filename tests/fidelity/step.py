"""What a step of the exchange is: one request, relative to MLflow's API, with what to remember of its answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["API", "ARTIFACTS", "JSON_HEADERS", "NO_RUN", "Step", "step"]

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
JSON_HEADERS = {"Content-Type": "application/json"}
NO_RUN = "0" * 32
"""The id of a run that does not exist."""


@dataclass(frozen=True)
class Step:
    """One request. `body` is sent as it is; `capture` maps a name to the way to a value in the JSON answer."""

    name: str
    method: str
    path: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    capture: Mapping[str, str] = field(default_factory=dict)


def step(
    name: str,
    method: str,
    path: str,
    payload: Any = None,
    *,
    raw: str | None = None,
    headers: Mapping[str, str] | None = None,
    **capture: str,
) -> Step:
    """A step with a JSON payload, or with a raw body."""
    body = raw if raw is not None else None if payload is None else json.dumps(payload)
    if headers is None:
        headers = JSON_HEADERS if payload is not None else {}
    return Step(name, method, path if path.startswith("/") else API + path, body, headers, capture)
