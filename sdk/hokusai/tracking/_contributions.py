"""The runs that a `PerformanceTracker` writes at once, and reads again: improvements and contributions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hokusai._backend import Backend
from hokusai.exceptions import InvalidParameterError
from hokusai.tracking._history import search_all
from hokusai.tracking._numbers import checked_metrics, finite, rounded
from hokusai.tracking._times import utc
from hokusai.tracking._writing import CompleteRun

__all__ = ["CONTRIBUTIONS", "IMPROVEMENTS", "checked_delta", "contribution_run", "impact_of", "improvement_run"]

IMPROVEMENTS = "hokusai_improvements"
CONTRIBUTIONS = "hokusai_contributions"
"""The experiments that hold these runs."""

_ADDRESS, _MODEL, _DELTA = "contributor_address", "model_id", "delta_"
_SINGLE = "improvement"
"""The name of an impact that is given as one number."""


def improvement_run(
    baseline: Mapping[str, Any], improved: Mapping[str, Any], attestation: Mapping[str, Any]
) -> CompleteRun:
    """Return the run that records an improvement and holds its attestation as `attestation.json`."""
    delta, contributor = attestation["delta_metrics"], attestation["contributor_info"]
    metrics = {
        **{f"baseline_{name}": float(value) for name, value in baseline.items()},
        **{f"improved_{name}": float(value) for name, value in improved.items()},
        **{f"{_DELTA}{name}": value for name, value in delta.items()},
        "deltaone_value": attestation["deltaone_value"],
    }
    described = {
        "contributor_id": contributor["id"],
        # Lower case: the same address is written in both cases, and searching tells them apart.
        _ADDRESS: contributor["address"].lower() if contributor["address"] else None,
        "dataset_hash": attestation["data_contribution"]["dataset_hash"],
        "attestation_hash": attestation["attestation_hash"],
    }
    tags = {name: value for name, value in described.items() if value}
    files = {"attestation.json": json.dumps(attestation, sort_keys=True, indent=2)}
    return CompleteRun(IMPROVEMENTS, f"improvement {attestation['timestamp']}", tags, metrics=metrics, files=files)


def checked_delta(delta: object) -> dict[str, float]:
    """Return an impact by metric name; a single number is the metric `improvement`."""
    if isinstance(delta, Mapping):
        return checked_metrics(delta, "delta")
    if isinstance(delta, (str, bytes)) or not hasattr(delta, "__float__"):
        raise InvalidParameterError(f"delta must be a dict of numbers by name, or a number, not {delta!r}.")
    return {_SINGLE: finite(delta, "delta")}


def contribution_run(address: str, model_id: str, delta: Mapping[str, float]) -> CompleteRun:
    """Return the run that records what a contributor did for a model."""
    tags = {_ADDRESS: address.lower(), _MODEL: model_id}
    metrics = {f"{_DELTA}{name}": value for name, value in delta.items()}
    return CompleteRun(CONTRIBUTIONS, f"contribution to {model_id}", tags, metrics=metrics)


def impact_of(backend: Backend, address: str) -> dict[str, Any]:
    """Return what `get_contributor_impact` promises, from the runs that `log_contribution_impact` has written."""
    client = backend.client
    experiment = client.get_experiment_by_name(CONTRIBUTIONS)
    query = f"tags.{_ADDRESS} = '{address.lower()}'"
    runs = [] if experiment is None else search_all(client, str(experiment.experiment_id), query)
    runs.sort(key=lambda run: (run.info.start_time, run.info.run_id))
    contributions = [_contribution(run) for run in runs]
    by_model: dict[str, float] = {}
    for contribution in contributions:
        model_id = contribution["model_id"]
        by_model[model_id] = by_model.get(model_id, 0.0) + contribution["improvement_score"]
    return {
        "total_models_improved": sum(rounded(score) > 0 for score in by_model.values()),
        "total_improvement_score": rounded(sum(by_model.values())),
        "contributions": contributions,
        "first_contribution": contributions[0]["timestamp"] if contributions else None,
        "last_contribution": contributions[-1]["timestamp"] if contributions else None,
    }


def _contribution(run: Any) -> dict[str, Any]:
    delta = {name.removeprefix(_DELTA): value for name, value in run.data.metrics.items() if name.startswith(_DELTA)}
    return {
        "run_id": str(run.info.run_id),
        "model_id": run.data.tags.get(_MODEL),
        "delta": delta,
        "improvement_score": rounded(sum(delta.values())),
        "timestamp": utc(run.info.start_time),
    }
