"""Logged models (MLflow 3): created pending, finalised, tagged, deleted. Searching is in `search.py`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store.entities import ACTIVE, DELETED, LoggedModel, Metric
from hokusai_mock.store.errors import does_not_exist, invalid
from hokusai_mock.store.experiments import Experiments
from hokusai_mock.store.names import generated_name
from hokusai_mock.store.unique import logged_model_rows_repeat, repeats

__all__ = ["LoggedModels", "check_model_name"]

VERSIONS_TAG = "mlflow.modelVersions"

_BAD_CHARACTERS = ("/", ":", ".", "%", '"', "'")


def check_model_name(name: str | None) -> None:
    """Refuse a name that cannot be part of a path; no name is replaced by a generated one."""
    if name is not None and any(one in name for one in _BAD_CHARACTERS):
        raise invalid(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string and cannot contain "
            f"the following characters: {_BAD_CHARACTERS}"
        )


class LoggedModels:
    """All logged models of a world, by id."""

    def __init__(self, experiments: Experiments, clock: Clock, ids: IdSource) -> None:
        """Start without models."""
        self._experiments, self._clock, self._ids = experiments, clock, ids
        self._by_id: dict[str, LoggedModel] = {}
        self._by_experiment: dict[str, list[LoggedModel]] = {}

    def create(
        self,
        experiment_id: str,
        *,
        name: str | None,
        model_type: str,
        source_run_id: str,
        params: Sequence[tuple[str, str]],
        tags: Sequence[tuple[str, str]],
    ) -> LoggedModel:
        """Make a pending model; without a name it gets a generated one."""
        check_model_name(name)
        experiment = self._experiments.active(experiment_id)
        model_id = self._free_id()
        now = self._clock.now_ms()
        for kind, pairs in (("param", params), ("tag", tags)):
            if repeats(pairs):
                raise logged_model_rows_repeat(kind, model_id, experiment_id, pairs)
        model = LoggedModel(
            model_id=model_id,
            experiment_id=experiment_id,
            name=name or generated_name(self._ids),
            artifact_uri=f"{experiment.artifact_location.rstrip('/')}/models/{model_id}/artifacts",
            creation_timestamp=now,
            last_updated_timestamp=now,
            model_type=model_type,
            source_run_id=source_run_id,
            params=dict(params),
            tags=dict(tags),
        )
        self._enter(model)
        return model

    def contents(self) -> list[LoggedModel]:
        """All models in the order of their making."""
        return list(self._by_id.values())

    def put_back(self, models: Iterable[LoggedModel]) -> None:
        """Add models to none that there are."""
        for model in models:
            self._enter(model)

    def _free_id(self) -> str:
        """The next id; whoever begins the same sequence again meets the ids that it gave out before."""
        while (model_id := f"m-{self._ids.hex32()}") in self._by_id:
            pass
        return model_id

    def _enter(self, model: LoggedModel) -> None:
        self._by_id[model.model_id] = model
        self._by_experiment.setdefault(model.experiment_id, []).append(model)

    def get(self, model_id: str, *, allow_deleted: bool = False) -> LoggedModel:
        """The model of that id."""
        model = self._by_id.get(model_id)
        if model is None or (model.lifecycle_stage != ACTIVE and not allow_deleted):
            raise does_not_exist(f"Logged model with ID '{model_id}' not found.")
        return model

    def find(self, model_id: str) -> LoggedModel | None:
        """The model of that id, deleted or not; `None` when there is none."""
        return self._by_id.get(model_id)

    def finalize(self, model_id: str, status: str) -> LoggedModel:
        """Set the status."""
        model = self.get(model_id)
        model.status, model.last_updated_timestamp = status, self._clock.now_ms()
        return model

    def delete(self, model_id: str) -> None:
        """Delete; once more is no error."""
        model = self._by_id.get(model_id)
        if model is None:
            raise does_not_exist(f"Logged model with ID '{model_id}' not found.")
        model.lifecycle_stage, model.last_updated_timestamp = DELETED, self._clock.now_ms()

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, of a deleted model too."""
        self.get(model_id, allow_deleted=True).tags.update(tags)

    def note_version(self, model_id: str, name: str, number: int) -> None:
        """Remember in a tag that a version was registered from the model."""
        tags = self.get(model_id).tags
        known = json.loads(tags.get(VERSIONS_TAG, "[]"))
        tags[VERSIONS_TAG] = json.dumps([*known, {"name": name, "version": number}])

    def delete_tag(self, model_id: str, key: str) -> None:
        """Remove a tag that the model has, deleted or not."""
        model = self.get(model_id, allow_deleted=True)
        if key not in model.tags:
            raise does_not_exist(f"No tag with key '{key}' found for model with ID '{model_id}'.")
        del model.tags[key]

    def log_params(self, model_id: str, params: Sequence[tuple[str, str]]) -> None:
        """Add parameters that the model, deleted or not, does not have."""
        model = self.get(model_id, allow_deleted=True)
        if repeats(params, model.params):
            raise logged_model_rows_repeat("param", model_id, model.experiment_id, params)
        model.params.update(params)

    def log_metrics(self, metrics: Iterable[Metric]) -> None:
        """Add the metrics that name a model to that model, each once."""
        for metric in metrics:
            model = self._by_id.get(metric.model_id or "")
            if model is not None:
                model.metrics.setdefault(metric)

    def of_experiments(self, experiment_ids: Iterable[str]) -> list[LoggedModel]:
        """The models of the experiments that are not deleted."""
        return [
            model
            for experiment_id in dict.fromkeys(experiment_ids)
            for model in self._by_experiment.get(experiment_id, ())
            if model.lifecycle_stage == ACTIVE
        ]
