"""Copies one kept run: itself, its parameters, tags, metric history, data sets and artifacts.

Everything is made so that it can be begun again anywhere: the run is searched before it is created, what MLflow would
keep twice (points of a metric) is compared with what is there, and the run is ended last.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hokusai import _mlflow
from hokusai._backend import Backend, Place
from hokusai._sync import artifacts
from hokusai._sync.journal import Journal
from hokusai._sync.kept import COPY, ORIGIN, UNTIL, KeptRun, own_tags
from hokusai._sync.report import Progress
from hokusai.exceptions import HokusaiException

__all__ = ["Job", "copy_run", "end_run"]

_RUN_ID = re.compile(r"\b[0-9a-f]{32}\b")
_BATCH = 100
_POINTS = 1000
"""What MLflow's servers take in one log-batch: parameters or tags, and points."""

_Item = TypeVar("_Item")


@dataclass(slots=True)
class Job:
    """One sync at work: from where, to where, and what has got which id so far."""

    backend: Backend
    source: Any
    """The client of the local store."""
    place: Place
    """The server."""
    store: str
    """The id of the local store."""
    journal: Journal
    progress: Progress = field(default_factory=Progress)
    run_ids: dict[str, str] = field(default_factory=dict)
    """Ids of runs on the server, by their ids in the local store."""
    experiments: dict[str, str] = field(default_factory=dict)
    """Ids of experiments on the server, by their ids in the local store."""

    def origin(self, thing: str) -> str:
        """Return what marks the copy of `thing`."""
        return f"{self.store}/{thing}"

    def translated(self, text: str) -> str:
        """Return `text` with the ids of kept runs as they are on the server."""
        return _RUN_ID.sub(lambda match: self.run_ids.get(match[0], match[0]), text)


def copy_run(job: Job, kept: KeptRun) -> str:
    """Copy `kept` and all that it holds but logged models; return its id on the server. It is not ended yet."""
    item = f"run/{kept.id}"
    experiment = _experiment(job, kept)
    found = _find(job, kept, item, experiment)
    new = found or _create(job, kept, item, experiment)
    job.run_ids[kept.id] = new
    job.source.set_tag(kept.id, COPY, new)  # from here on others see where it went; until it is ended, it still waits
    _log_params_and_tags(job, kept, new)
    _log_points(job, kept, new, fresh=found is None)
    _log_inputs(job, kept, new)
    with artifacts.run_folder(job.source, kept.run) as folder:
        artifacts.upload(
            job.journal,
            item,
            folder,
            lambda file, below: job.place.client.log_artifact(new, str(file), below),
            job.progress,
        )
    return new


def end_run(job: Job, kept: KeptRun) -> None:
    """End the copy as the original ended, and mark the original: all of it is on the server."""
    status = "KILLED" if kept.unfinished else kept.run.info.status
    _mlflow.end_run(job.place.client, job.run_ids[kept.id], status, kept.run.info.end_time or _last_seen(kept))
    job.journal.done(f"run/{kept.id}")
    job.source.set_tag(kept.id, UNTIL, str(kept.run.info.end_time))


def _last_seen(kept: KeptRun) -> int:
    """Return the last moment (ms) at which a run that was never ended is known to have been at work."""
    times = [int(point.timestamp) for point in kept.run.data._metric_objs]
    return max([int(kept.run.info.start_time), *times])


def _experiment(job: Job, kept: KeptRun) -> str:
    """Return the experiment's id on the server; made there, it gets the tags that it has here."""
    old = str(kept.experiment.experiment_id)
    if old not in job.experiments:
        job.experiments[old] = _find_experiment(job, kept) or _create_experiment(job, kept)
    return job.experiments[old]


def _find_experiment(job: Job, kept: KeptRun) -> str | None:
    name = kept.experiment.name
    there = job.place.client.get_experiment_by_name(name)
    if there is not None and there.lifecycle_stage == "deleted":
        raise HokusaiException(
            f"The experiment {name!r} is deleted on the server.",
            remedy=f"Restore it there (mlflow experiments restore -x {there.experiment_id}), then sync again.",
        )
    return None if there is None else str(there.experiment_id)


def _create_experiment(job: Job, kept: KeptRun) -> str:
    made = job.place.experiment(kept.experiment.name)
    for tag, value in own_tags(kept.experiment.tags or {}).items():
        job.place.client.set_experiment_tag(made, tag, value)
    return made


def _find(job: Job, kept: KeptRun, item: str, experiment: str) -> str | None:
    """Return the copy that an earlier sync made: by its mark on the server, wherever the journal broke off."""
    origin = job.origin(kept.id)
    found = job.place.client.search_runs([experiment], f"tags.`{ORIGIN}` = '{origin}'", max_results=1)
    if found:
        new = str(found[0].info.run_id)
        if job.journal.entry(item).created != new:
            job.journal.created(item, new)
        return new
    if job.journal.entry(item).created:
        job.journal.forget(item)  # deleted there since
    return None


def _create(job: Job, kept: KeptRun, item: str, experiment: str) -> str:
    tags = _tags(job, kept)
    first = {name: tags[name] for name in tags if name.startswith("mlflow.")}
    job.journal.creating(item)
    run = job.place.client.create_run(
        experiment, start_time=kept.run.info.start_time, tags={**first, ORIGIN: job.origin(kept.id)}
    )
    job.journal.created(item, str(run.info.run_id))
    return str(run.info.run_id)


def _tags(job: Job, kept: KeptRun) -> dict[str, str]:
    return {name: job.translated(value) for name, value in own_tags(kept.run.data.tags).items()}


def _log_params_and_tags(job: Job, kept: KeptRun, new: str) -> None:
    client = job.place.client
    for part in _parts(sorted(kept.run.data.params.items()), _BATCH):
        _mlflow.log_texts(client, new, dict(part), {})
    for part in _parts(sorted(_tags(job, kept).items()), _BATCH):
        _mlflow.log_texts(client, new, {}, dict(part))


def _log_points(job: Job, kept: KeptRun, new: str, *, fresh: bool) -> None:
    """Log the whole history of every metric; into a run that was begun before, only what is not there."""
    rows: list[tuple[str, float, int, int]] = []
    for name in sorted(kept.run.data.metrics):
        there = set() if fresh else {_point(point) for point in job.place.client.get_metric_history(new, name)}
        history = job.source.get_metric_history(kept.id, name)
        missing = [point for point in history if _point(point) not in there]
        rows.extend((name, float(point.value), int(point.timestamp), int(point.step)) for point in missing)
        while len(rows) >= _POINTS:
            _mlflow.log_metrics(job.place.client, new, rows[:_POINTS])
            del rows[:_POINTS]
    if rows:
        _mlflow.log_metrics(job.place.client, new, rows)


def _point(point: Any) -> tuple[float | None, int, int]:
    """Return a point of a metric as something that is equal to itself, which NaN is not."""
    value = float(point.value)
    return None if math.isnan(value) else value, int(point.timestamp), int(point.step)


def _log_inputs(job: Job, kept: KeptRun, new: str) -> None:
    """Log the data sets that the run used; servers know one again by its digest."""
    datasets = list(getattr(getattr(kept.run, "inputs", None), "dataset_inputs", None) or [])
    if datasets:
        job.place.client.log_inputs(new, datasets)


def _parts(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
