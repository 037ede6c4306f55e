"""What the store holds as MLflow's JSON: fields in the order of its messages, left out where it leaves them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

from hokusai_mock.mlflow_api.layout import Json
from hokusai_mock.profiles.loader import Behaviour
from hokusai_mock.store.entities import Experiment, LoggedModel, Metric, ModelVersion, RegisteredModel, Run

__all__ = [
    "Json",
    "experiment",
    "logged_model",
    "metric",
    "model_version",
    "registered_model",
    "run",
    "run_info",
]


def _pairs(items: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in items.items()]


def experiment(one: Experiment, behaviour: Behaviour) -> Json:
    """An `Experiment`; servers that know workspaces name the only one."""
    result: Json = {
        "experiment_id": one.experiment_id,
        "name": one.name,
        "artifact_location": one.artifact_location,
        "lifecycle_stage": one.lifecycle_stage,
        "last_update_time": one.last_update_time,
        "creation_time": one.creation_time,
    }
    if one.tags:
        result["tags"] = _pairs(one.tags)
    if behaviour.experiments_show_workspace:
        result["workspace"] = "default"
    return result


def metric(one: Metric, *, shows_model: bool = False) -> Json:
    """A `Metric`; NaN is a text. Metrics of logged models name their run and model too."""
    result: Json = {
        "key": one.key,
        "value": "NaN" if isnan(one.value) else one.value,
        "timestamp": one.timestamp,
        "step": one.step,
    }
    if shows_model:
        for name, value in (
            ("dataset_name", one.dataset_name),
            ("dataset_digest", one.dataset_digest),
            ("model_id", one.model_id),
            ("run_id", one.run_id),
        ):
            if value:
                result[name] = value
    return result


def run_info(one: Run) -> Json:
    """A `RunInfo`: the id stands under both of its names."""
    result: Json = {
        "run_uuid": one.run_id,
        "experiment_id": one.experiment_id,
        "run_name": one.name,
        "user_id": one.user_id,
        "status": one.status,
        "start_time": one.start_time,
    }
    if one.end_time:  # the real server takes 0 for none here
        result["end_time"] = one.end_time
    result["artifact_uri"] = one.artifact_uri
    result["lifecycle_stage"] = one.lifecycle_stage
    result["run_id"] = one.run_id
    return result


def run(one: Run, behaviour: Behaviour, *, new: bool = False, found: bool = False) -> Json:
    """A `Run`; what it used and made is left out where the version does so, when it is `new` or `found` by a search."""
    data: Json = {}
    if one.metrics:
        data["metrics"] = [metric(value) for value in one.metrics.values()]
    if one.params:
        data["params"] = _pairs(one.params)
    if one.tags:
        data["tags"] = _pairs(one.tags)
    result: Json = {"info": run_info(one), "data": data}
    if behaviour.new_run_shows_inputs or not new:
        result["inputs"] = _inputs(one, shows_models=behaviour.run_shows_models and not found)
    if behaviour.run_shows_models and not new and (behaviour.search_shows_outputs or not found):
        outputs = [{"model_id": model_id, "step": step} for model_id, step in one.model_outputs]
        result["outputs"] = {"model_outputs": outputs} if outputs else {}
    return result


def _inputs(one: Run, *, shows_models: bool) -> Json:
    result: Json = {}
    if one.datasets:
        result["dataset_inputs"] = [_dataset_input(dataset) for dataset in one.datasets.values()]
    if one.model_inputs and shows_models:
        result["model_inputs"] = [{"model_id": model_id} for model_id in one.model_inputs]
    return result


def _dataset_input(one: Any) -> Json:
    dataset: Json = {"name": one.name, "digest": one.digest, "source_type": one.source_type, "source": one.source}
    for name, value in (("schema", one.schema), ("profile", one.profile)):
        if value:
            dataset[name] = value
    tags = [{"key": key, "value": value} for key, value in one.tags]
    return {"tags": tags, "dataset": dataset} if tags else {"dataset": dataset}


def logged_model(one: LoggedModel) -> Json:
    """A `LoggedModel`."""
    info: Json = {
        "model_id": one.model_id,
        "experiment_id": one.experiment_id,
        "name": one.name,
        "creation_timestamp_ms": one.creation_timestamp,
        "last_updated_timestamp_ms": one.last_updated_timestamp,
        "artifact_uri": one.artifact_uri,
        "status": one.status,
        "model_type": one.model_type,
        "source_run_id": one.source_run_id,
    }
    if one.tags:
        info["tags"] = _pairs(dict(sorted(one.tags.items())))
    data: Json = {}
    if one.params:
        data["params"] = _pairs(dict(sorted(one.params.items())))
    if one.metrics:
        ordered = sorted(one.metrics, key=lambda value: (value.key, value.timestamp, value.step, value.run_id))
        data["metrics"] = [metric(value, shows_model=True) for value in ordered]
    return {"info": info, "data": data}


def model_version(one: ModelVersion, aliases: Iterable[str] = ()) -> Json:
    """A `ModelVersion`; its number is a text."""
    result: Json = {
        "name": one.name,
        "version": str(one.version),
        "creation_timestamp": one.creation_timestamp,
        "last_updated_timestamp": one.last_updated_timestamp,
        "current_stage": one.current_stage,
    }
    if one.description is not None:
        result["description"] = one.description
    result |= {"source": one.source, "run_id": one.run_id, "status": one.status}
    if one.tags:
        result["tags"] = _pairs(one.tags)
    result["run_link"] = one.run_link
    if named := list(aliases):
        result["aliases"] = named
    return result


def registered_model(one: RegisteredModel, latest: Iterable[ModelVersion]) -> Json:
    """A `RegisteredModel` with the latest version of each stage."""
    result: Json = {
        "name": one.name,
        "creation_timestamp": one.creation_timestamp,
        "last_updated_timestamp": one.last_updated_timestamp,
    }
    if one.description:
        result["description"] = one.description
    if versions := [model_version(version) for version in latest]:
        result["latest_versions"] = versions
    if one.tags:
        result["tags"] = _pairs(one.tags)
    if one.aliases:
        result["aliases"] = [{"alias": alias, "version": str(one.aliases[alias])} for alias in sorted(one.aliases)]
    return result
