"""Experiments: created, found, renamed, tagged, deleted and restored. Searching is in `search.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hokusai_mock.clock import Clock
from hokusai_mock.store.collection import Searchable
from hokusai_mock.store.entities import ACTIVE, Experiment
from hokusai_mock.store.errors import StoreError, does_not_exist, invalid
from hokusai_mock.store.evaluation import read_experiment
from hokusai_mock.store.unique import experiment_tags_repeat, repeats

__all__ = ["ARTIFACT_ROOT", "Experiments"]

ARTIFACT_ROOT = "mlflow-artifacts:"
"""Below it lie artifacts of experiments without a location of their own: clients reach them through the server."""

_DUPLICATE = """Experiment(name={name}) already exists. Error: (raised as a result of Query-invoked autoflush; \
consider using a session.no_autoflush block if this flush is occurring prematurely)
(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name
[SQL: INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time) VALUES \
(?, ?, ?, ?, ?)]
[parameters: ({name!r}, {location!r}, 'active', {now}, {now})]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""
"""What the SQL store answers, its SQL included: clients match on `already exists`, and people recognise the rest."""

_TAKEN = """(sqlite3.IntegrityError) UNIQUE constraint failed: experiments.name
[SQL: UPDATE experiments SET name=?, last_update_time=? WHERE experiments.experiment_id = ?]
[parameters: ({name!r}, {now}, {experiment_id})]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


class Experiments:
    """All experiments of a world; a name stays taken while its experiment is deleted."""

    def __init__(self, clock: Clock, artifact_root: str = ARTIFACT_ROOT) -> None:
        """Start with the experiment `Default`, whose id is 0."""
        self._clock = clock
        self.all = Searchable[Experiment](read_experiment, ("experiment_id", "creation_time", "last_update_time"))
        """For searches."""
        self._by_id: dict[str, Experiment] = {}
        self._by_name: dict[str, Experiment] = {}
        self._next_id = 0
        default = self.create("Default", "", (), artifact_root)
        default.creation_time -= 1  # made when the server started, which was before its first request
        default.last_update_time -= 1

    def create(
        self,
        name: str,
        artifact_location: str,
        tags: Sequence[tuple[str, str]],
        artifact_root: str = ARTIFACT_ROOT,
    ) -> Experiment:
        """Make an experiment; without a location its artifacts go to `<artifact_root>/<id>`, for good."""
        now = self._clock.now_ms()
        if name in self._by_name:
            facts = {"name": name, "location": artifact_location, "now": now}
            raise StoreError("RESOURCE_ALREADY_EXISTS", _DUPLICATE.format(**facts), "experiment_exists", **facts)
        experiment_id = str(self._next_id)
        if repeats(tags):
            raise experiment_tags_repeat(name, experiment_id, tags)
        location = artifact_location or f"{artifact_root}/{experiment_id}"
        experiment = Experiment(experiment_id, name, location, now, now, tags=dict(tags))
        self._next_id += 1
        self._by_id[experiment_id] = self._by_name[name] = experiment
        self.all.add(experiment)
        return experiment

    def contents(self) -> tuple[list[Experiment], int]:
        """All experiments in the order of their making, and the number of the next one."""
        return list(self._by_id.values()), self._next_id

    def put_back(self, experiments: Iterable[Experiment], next_id: int) -> None:
        """Hold these experiments instead of those that there are."""
        for known in self._by_id.values():
            self.all.remove(known)
        self._by_id, self._by_name, self._next_id = {}, {}, next_id
        for experiment in experiments:
            self._by_id[experiment.experiment_id] = self._by_name[experiment.name] = experiment
            self.all.add(experiment)

    def get(self, experiment_id: str) -> Experiment:
        """The experiment of that id, deleted or not; an empty id means the default experiment."""
        experiment = self._by_id.get(experiment_id or "0")
        if experiment is None:
            raise does_not_exist(f"No Experiment with id={experiment_id} exists")
        return experiment

    def find(self, name: str) -> Experiment:
        """The experiment of that name, deleted or not."""
        experiment = self._by_name.get(name)
        if experiment is None:
            raise does_not_exist(f"Could not find experiment with name '{name}'")
        return experiment

    def active(self, experiment_id: str) -> Experiment:
        """The experiment of that id, which must not be deleted."""
        experiment = self.get(experiment_id)
        if experiment.lifecycle_stage != ACTIVE:
            raise invalid(
                f"The experiment {experiment.experiment_id} must be in the 'active' state. "
                f"Current state is {experiment.lifecycle_stage}."
            )
        return experiment

    def rename(self, experiment_id: str, name: str) -> None:
        """Give an active experiment another name that nothing has."""
        experiment = self.get(experiment_id)
        if experiment.lifecycle_stage != ACTIVE:
            raise StoreError("INVALID_STATE", "Cannot rename a non-active experiment.")
        now = self._clock.now_ms()
        if self._by_name.get(name, experiment) is not experiment:
            facts = {"name": name, "now": now, "experiment_id": experiment_id}
            raise StoreError("BAD_REQUEST", _TAKEN.format(**facts), "experiment_name_taken", **facts)
        del self._by_name[experiment.name]
        experiment.name, experiment.last_update_time = name, now
        self._by_name[name] = experiment
        self.all.changed(experiment)

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an active experiment; its `last_update_time` stays, as on the real servers from 2.9 to 3.17."""
        experiment = self.active(experiment_id)
        experiment.tags[key] = value
        self.all.changed(experiment)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Remove a tag that an active experiment has; its `last_update_time` stays."""
        experiment = self.active(experiment_id)
        if key not in experiment.tags:
            raise does_not_exist(f"No tag with name: {key} in experiment with id {experiment_id}")
        del experiment.tags[key]
        self.all.changed(experiment)

    def set_stage(self, experiment_id: str, stage: str) -> Experiment:
        """Delete or restore: an experiment that is already in the stage does not exist for this."""
        experiment = self._by_id.get(experiment_id)
        if experiment is None or experiment.lifecycle_stage == stage:
            raise does_not_exist(f"No Experiment with id={experiment_id} exists")
        experiment.lifecycle_stage, experiment.last_update_time = stage, self._clock.now_ms()
        self.all.changed(experiment)
        return experiment
