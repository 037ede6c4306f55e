"""Sends the records of one model version to its run. Which records, when, and what a failure means is in `_outbox.py`.

Nothing here uses MLflow's fluent API, so the caller's active run is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from hokusai import _mlflow, _mlflow_active
from hokusai._backend import Place
from hokusai.tracking._lane import Lane, LaneRun
from hokusai.tracking._records import Record
from hokusai.tracking._writing import log_batch

__all__ = ["EXPERIMENT", "end", "log", "open_run"]

EXPERIMENT = "hokusai_inference"
"""What the experiments of inferences begin with: `hokusai_inference/<model_id>`."""

_MARK = "hokusai.tracker"


def open_run(place: Place, lane: Lane) -> LaneRun:
    """Create the run of `lane` at `place`, or find the one that an earlier attempt has created."""
    experiment = place.experiment(f"{EXPERIMENT}/{lane.model_id}")
    if lane.creating and place.local is None:
        found = place.client.search_runs([experiment], f"tags.`{_MARK}` = '{lane.mark}'", max_results=1)
        if found:
            return LaneRun(place, str(found[0].info.run_id))
    tags = {
        "mlflow.runName": f"inference {lane.model_version}",
        "model_id": lane.model_id,
        "model_version": lane.model_version,
        _MARK: lane.mark,
        **_mlflow_active.context_tags(),
        **place.tags(),
    }
    lane.creating = True
    run = place.client.create_run(experiment, tags=tags)
    lane.creating = False
    return LaneRun(place, str(run.info.run_id))


def log(run: LaneRun, first: int, batch: Sequence[Record]) -> None:
    """Log a batch in one request; the step of a metric is the number of its record, of which `first` is the first."""
    rows = [
        (name, value, record.timestamp, first + position)
        for position, record in enumerate(batch)
        for name, value in record.metrics
    ]
    texts = {name: value for record in batch for name, value in record.tags}
    changed = {name: value for name, value in texts.items() if run.tags.get(name) != value}
    run.open = True
    log_batch(run.place.client, run.run_id, rows, tags=changed)
    run.tags.update(changed)


def end(run: LaneRun) -> None:
    """End the run: later batches go to it all the same, and end it again."""
    _mlflow.end_run(run.place.client, run.run_id)
    run.open = False
