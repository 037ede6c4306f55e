"""Runs: their life, and what is logged to them. Searching is in `search.py`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store.collection import Searchable
from hokusai_mock.store.entities import ACTIVE, DatasetInput, Metric, Run
from hokusai_mock.store.errors import StoreError, does_not_exist, invalid
from hokusai_mock.store.evaluation import read_run, run_holds
from hokusai_mock.store.experiments import Experiments
from hokusai_mock.store.names import generated_name
from hokusai_mock.store.unique import repeats, run_tags_repeat

__all__ = ["RUN_NAME_TAG", "Runs"]

RUN_NAME_TAG = "mlflow.runName"
LOGGED_MODELS_TAG = "mlflow.log-model.history"

_NO_EXPERIMENT = """(sqlite3.IntegrityError) FOREIGN KEY constraint failed
[SQL: INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, \
end_time, deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id) VALUES \
(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]
[parameters: ({run_id!r}, {name!r}, 'UNKNOWN', '', '', {user!r}, 'RUNNING', {start}, None, None, '', 'active', \
'mlflow-artifacts:/0/{run_id}/artifacts', '')]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


class Runs:
    """All runs of a world, by id and by experiment."""

    def __init__(self, experiments: Experiments, clock: Clock, ids: IdSource) -> None:
        """Start without runs."""
        self._experiments, self._clock, self._ids = experiments, clock, ids
        self.all = Searchable[Run](read_run, ("start_time", "end_time"), run_holds)
        """For searches."""
        self._by_id: dict[str, Run] = {}
        self._by_experiment: dict[str, list[Run]] = {}
        self._datasets: dict[tuple[str, str, str], DatasetInput] = {}

    def create(
        self, experiment_id: str, user_id: str, start_time: int, name: str, tags: Sequence[tuple[str, str]]
    ) -> Run:
        """Start a run; without a name, and without one among the tags, it gets a generated one."""
        experiment = self._experiments.active(experiment_id)
        if not experiment_id:
            # The SQL store has looked for experiment 0, and stumbles over the empty foreign key.
            named = name or generated_name(self._ids)
            text = _NO_EXPERIMENT.format(run_id=self._ids.hex32(), name=named, user=user_id, start=start_time)
            raise StoreError("BAD_REQUEST", text, "run_without_experiment", text=text)
        given = dict(tags)
        tagged = given.get(RUN_NAME_TAG)
        if name and tagged and name != tagged:
            raise invalid(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                f"(run_name='{name}', mlflow.runName='{tagged}')."
            )
        run_id = self._free_id()
        chosen = name or tagged or generated_name(self._ids)
        given.setdefault(RUN_NAME_TAG, chosen)
        if repeats(tags):
            raise run_tags_repeat(run_id, [*tags, *([] if tagged else [(RUN_NAME_TAG, chosen)])])
        uri = f"{experiment.artifact_location.rstrip('/')}/{run_id}/artifacts"
        run = Run(run_id, experiment_id, chosen, user_id, "RUNNING", start_time, uri, tags=given)
        self._enter(run)
        return run

    def contents(self) -> tuple[list[Run], list[tuple[str, DatasetInput]]]:
        """All runs in the order of their making, and what was first said of datasets, with whom they are shared."""
        return list(self._by_id.values()), [(scope, one) for (scope, *_), one in self._datasets.items()]

    def put_back(self, runs: Iterable[Run], datasets: Iterable[tuple[str, DatasetInput]]) -> None:
        """Add runs, with all that was logged to them, and datasets, to none that there are."""
        for run in runs:
            self._enter(run)
        self._datasets = {(scope, one.name, one.digest): one for scope, one in datasets}

    def _free_id(self) -> str:
        """The next id; whoever begins the same sequence again meets the ids that it gave out before."""
        while (run_id := self._ids.hex32()) in self._by_id:
            pass
        return run_id

    def _enter(self, run: Run) -> None:
        self._by_id[run.run_id] = run
        self._by_experiment.setdefault(run.experiment_id, []).append(run)
        self.all.add(run)

    def get(self, run_id: str) -> Run:
        """The run of that id, deleted or not."""
        run = self._by_id.get(run_id)
        if run is None:
            raise does_not_exist(f"Run with id={run_id} not found")
        return run

    def find(self, run_id: str) -> Run | None:
        """The run of that id, or `None`."""
        return self._by_id.get(run_id)

    def active(self, run_id: str) -> Run:
        """The run of that id, which must not be deleted."""
        run = self.get(run_id)
        if run.lifecycle_stage != ACTIVE:
            raise invalid(f"The run {run_id} must be in the 'active' state. Current state is {run.lifecycle_stage}.")
        return run

    def update(self, run_id: str, status: str | None, end_time: int | None, name: str | None) -> Run:
        """Change what is given; the name is kept in the tag `mlflow.runName` too."""
        run = self.active(run_id)
        if status is not None:
            run.status = status
        if end_time is not None:
            run.end_time = end_time
        if name:
            run.name = run.tags[RUN_NAME_TAG] = name
        self.all.changed(run)
        return run

    def set_stage(self, run_id: str, stage: str) -> Run:
        """Delete or restore, as often as one likes."""
        run = self.get(run_id)
        run.lifecycle_stage = stage
        self.all.changed(run)
        return run

    def set_stage_of_experiment(self, experiment_id: str, stage: str) -> None:
        """Runs go and come back with their experiment."""
        for run in self._by_experiment.get(experiment_id, ()):
            run.lifecycle_stage = stage
            self.all.changed(run)

    # -- what is logged ----------------------------------------------------------------------------------------------

    def log_metrics(self, run: Run, metrics: Iterable[Metric]) -> None:
        """Add values; one that is equal in everything to a known one is kept once."""
        self.all.changed(run)
        for metric in metrics:
            history = run.history.setdefault(metric.key, {})
            identity = (metric.timestamp, metric.step, "NaN" if isnan(metric.value) else metric.value)
            if identity in history:
                continue
            history[identity] = metric
            latest = run.metrics.get(metric.key)
            if latest is None or _rank(metric) >= _rank(latest):
                run.metrics[metric.key] = metric

    def check_params(self, run: Run, params: Sequence[tuple[str, str]], *, batch: bool) -> None:
        """Refuse a parameter that was logged with another value."""
        changed = [(key, run.params[key], value) for key, value in params if run.params.get(key, value) != value]
        if not changed:
            return
        if batch:
            listed = [{"key": key, "old_value": old, "new_value": new} for key, old, new in changed]
            text = f"Params were already logged='{listed}' for run ID='{run.run_id}'."
        else:
            key, old, new = changed[0]
            text = (
                f"Param with key='{key}' was already logged with value='{old}' for run ID='{run.run_id}'. "
                f"Attempted logging new value '{new}'."
            )
        raise invalid(f"Changing param values is not allowed. {text}")

    def log_params(self, run: Run, params: Iterable[tuple[str, str]]) -> None:
        """Add parameters that `check_params` has passed."""
        run.params.update(params)
        self.all.changed(run)

    def set_tags(self, run: Run, tags: Iterable[tuple[str, str]]) -> None:
        """Set tags; `mlflow.runName` renames the run."""
        self.all.changed(run)
        for key, value in tags:
            run.tags[key] = value
            if key == RUN_NAME_TAG:
                run.name = value

    def delete_tag(self, run_id: str, key: str) -> None:
        """Remove a tag that the run has."""
        run = self.active(run_id)
        if key not in run.tags:
            raise does_not_exist(f"No tag with name: {key} in run with id {run_id}")
        del run.tags[key]
        self.all.changed(run)

    def record_logged_model(self, run_id: str, model: Mapping[str, Any]) -> None:
        """Append to the tag in which MLflow 2 remembers the models of a run."""
        run = self.active(run_id)
        known = json.loads(run.tags.get(LOGGED_MODELS_TAG, "[]"))
        run.tags[LOGGED_MODELS_TAG] = json.dumps([*known, dict(model)])
        self.all.changed(run)

    def log_inputs(
        self, run_id: str, datasets: Iterable[DatasetInput], model_ids: Iterable[str], *, shared: bool
    ) -> None:
        """Note datasets and logged models that the run used.

        A dataset is one by name and digest: a run uses it once, and all runs of its experiment (`shared`: of all
        experiments) share what was first said of it.
        """
        run = self.active(run_id)
        for dataset in datasets:
            identity = (dataset.name, dataset.digest)
            scope = "" if shared else run.experiment_id
            known = self._datasets.setdefault((scope, *identity), dataset)
            run.datasets.setdefault(identity, replace(known, tags=dataset.tags))
        run.model_inputs += [one for one in dict.fromkeys(model_ids) if one not in run.model_inputs]

    def log_outputs(self, run_id: str, models: Iterable[tuple[str, int]]) -> None:
        """Note logged models that the run made, with their step."""
        run = self.active(run_id)
        run.model_outputs += [one for one in dict.fromkeys(models) if one not in run.model_outputs]


def _rank(metric: Metric) -> tuple[int, int, float]:
    return metric.step, metric.timestamp, 0.0 if isnan(metric.value) else metric.value
