"""Writes a run that is complete from the start: an experiment set up, a comparison, an improvement, a contribution.

It is one unit of work: where it is written is decided before the first request. When the server fails in the middle,
what it has stays there as a run that was never finished, which no reading method of the SDK counts; all of it is kept
in the local store where the rules of fallback allow that, and the error names both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeVar

from hokusai import _mlflow, _mlflow_active
from hokusai._backend import Backend, Place
from hokusai.exceptions import HokusaiException

__all__ = ["CompleteRun", "Point", "log_batch", "write_run"]

Point = tuple[str, float, int, int]
"""One value of a metric: name, value, milliseconds since the epoch, step."""

_METRICS, _TEXTS = 800, 100
"""At most so many metrics, parameters and tags go in one request: MLflow's servers take 1,000 in all, 100 of texts."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class CompleteRun:
    """A run and all that is in it; `files` are texts by their path."""

    experiment: str
    name: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def write_run(backend: Backend, action: str, run: CompleteRun) -> str:
    """Write `run`, ended as FINISHED, and return its id: `local:<id>` when it is kept in place of the server.

    Raises:
        MLflowAuthenticationError, MLflowConnectionError, RateLimitError, HokusaiException: as the server answered.
            Where it failed in the middle, the message says what is there, and where all of it is kept.
    """
    place = backend.unit(action)
    begun: list[str] = []
    try:
        with backend.calling(action, HokusaiException):
            _write(place, run, begun)
    except HokusaiException as error:
        if begun and place.local is None:
            _keep(backend, error, run, begun[0])
        raise
    return f"local:{begun[0]}" if place.fallback_from else begun[0]


def log_batch(
    client: Any,
    run_id: str,
    points: Sequence[Point] = (),
    *,
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Log metrics, parameters and tags in as few requests as MLflow's limits allow."""
    entities = _mlflow.require("mlflow.entities")
    requests = zip_longest(
        _parts([entities.Metric(*point) for point in points], _METRICS),
        _parts([entities.Param(*item) for item in (params or {}).items()], _TEXTS),
        _parts([entities.RunTag(*item) for item in (tags or {}).items()], _TEXTS),
        fillvalue=(),
    )
    for some_metrics, some_params, some_tags in requests:
        # Said every time: a variable of MLflow's makes it asynchronous, and then nobody hears of a failure.
        client.log_batch(run_id, metrics=some_metrics, params=some_params, tags=some_tags, synchronous=True)


def _write(place: Place, run: CompleteRun, begun: list[str], further: Mapping[str, str] | None = None) -> None:
    """Create the run, fill it and end it; its id is in `begun` as soon as there is one."""
    tags = {"mlflow.runName": run.name, **_mlflow_active.context_tags(), **place.tags(), **(further or {})}
    created = place.client.create_run(place.experiment(run.experiment), tags=tags)
    run_id = str(created.info.run_id)
    begun.append(run_id)
    now = time.time_ns() // 1_000_000
    points = [(name, value, now, 0) for name, value in run.metrics.items()]
    log_batch(place.client, run_id, points, params=run.params, tags=run.tags)
    for path, text in run.files.items():
        place.client.log_text(run_id, text, path)
    _mlflow.end_run(place.client, run_id)


def _keep(backend: Backend, error: HokusaiException, run: CompleteRun, there: str) -> None:
    """Keep all of a run that the server has in part, where that is allowed; the error tells."""
    error.message += f" The server has run {there}, which is incomplete."
    try:
        place = backend.instead(error)
        if place is None:
            return
        begun: list[str] = []
        with backend.calling("keep it in the local store", HokusaiException):
            _write(place, run, begun, {"hokusai.replaces": there})
    except (HokusaiException, ImportError) as second:
        error.message += f" It could not be kept locally: {second}"
        return
    folder = place.local.folder if place.local else place.uri
    error.message += f" All of it is kept as local:{begun[0]} in {folder}: `hokusai sync` uploads it."


def _parts(items: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
