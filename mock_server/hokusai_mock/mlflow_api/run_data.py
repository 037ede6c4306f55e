"""Endpoints that log to a run: metrics, parameters, tags, batches, models, datasets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from math import isnan
from typing import Any

from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import Crash, StoreError, invalid
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.runs import RUN_ID, check_tag
from hokusai_mock.mlflow_api.validation import (
    ARRAY,
    FLOAT,
    INTEGER,
    REQUIRED,
    STRING,
    check_length,
    check_name,
    check_run_id,
    entries,
    invalid_value,
)
from hokusai_mock.mlflow_api.wire import DOUBLE, INT64, KEY_VALUES, TEXT, Message, Repeated
from hokusai_mock.profiles import MlflowProfile
from hokusai_mock.store.entities import DatasetInput, Metric

__all__: list[str] = []

_MAX_METRICS = 1000
_MAX_PARAMS_OR_TAGS = 100
_MAX_ENTITIES = 1000
_PARAM_VALUE = 6000

_METRIC_FIELDS = {
    "key": TEXT,
    "value": DOUBLE,
    "timestamp": INT64,
    "step": INT64,
    "model_id": TEXT,
    "dataset_name": TEXT,
    "dataset_digest": TEXT,
}
_NO_SUCH_MODEL = """(sqlite3.IntegrityError) FOREIGN KEY constraint failed
[SQL: INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, \
experiment_id, run_id, dataset_uuid, dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]
[parameters: {parameters}]
(Background on this error at: https://sqlalche.me/e/20/gkpj)"""


def _metric(fields: Mapping[str, Any], run_id: str, path: str, profile: MlflowProfile) -> Metric:
    key, value, timestamp = fields.get("key", ""), fields.get("value", 0.0), fields.get("timestamp", 0)
    prefix = f"{path}." if path else ""
    check_name("metric", key, f"{prefix}name", profile)
    if timestamp < 0:
        raise invalid_value(
            f"{prefix}timestamp", timestamp, "", "negative_timestamp", key=key, metric_value=value, prefix=prefix
        )
    if profile.behaviour.metric_keys_have_a_limit:
        check_length("Metric name", "Metric name", key, 250)
    return Metric(
        key=key,
        value=_kept(value),
        timestamp=timestamp,
        step=fields.get("step", 0),
        run_id=run_id,
        model_id=fields.get("model_id") or None,
        dataset_name=fields.get("dataset_name") or None,
        dataset_digest=fields.get("dataset_digest") or None,
    )


def _kept(value: float) -> float:
    """What the SQL store makes of a number: infinities are the largest doubles, there is no -0."""
    return value if isnan(value) else max(min(value, sys.float_info.max), -sys.float_info.max) + 0.0


def _param(key: str, value: str, path: str, profile: MlflowProfile) -> tuple[str, str]:
    check_name("parameter", key, f"{path}key", profile)
    check_length("Param key", "Param key", key, 250)
    if profile.behaviour.long_values_are_cut:
        return key, value[:_PARAM_VALUE]
    check_length("Param value", "Param value", value, _PARAM_VALUE)
    return key, value


def _log_metrics(call: Call, run_id: str, metrics: Iterable[Metric]) -> None:
    metrics = list(metrics)
    run = call.store.runs.active(run_id)
    behaviour = call.profile.behaviour
    if behaviour.metrics_of_missing_models_are_kept:
        call.store.runs.log_metrics(run, metrics)
    if behaviour.logged_models_exist:
        for one in metrics:
            if one.model_id is not None and call.store.logged_models.find(one.model_id) is None:
                experiment = "0" if behaviour.metrics_of_missing_models_are_kept else int(run.experiment_id)
                row = (one.model_id, one.key, one.timestamp, one.step, one.value, experiment, run_id)
                parameters = (*row, None, one.dataset_name, one.dataset_digest)
                raise StoreError("BAD_REQUEST", _NO_SUCH_MODEL.format(parameters=parameters))
        call.store.logged_models.log_metrics(metrics)
    call.store.runs.log_metrics(run, metrics)


@endpoint(
    "POST",
    "runs/log-metric",
    Message(run_id=TEXT, run_uuid=TEXT, **_METRIC_FIELDS),
    {
        "run_id": (REQUIRED, STRING),
        "key": (REQUIRED, STRING),
        "value": (REQUIRED, FLOAT),
        "timestamp": (INTEGER, REQUIRED),
        "step": (INTEGER,),
        "model_id": (STRING,),
        "dataset_name": (STRING,),
        "dataset_digest": (STRING,),
    },
    provenance="proved",
)
def log_metric(call: Call) -> Json:
    """Log one value of a metric."""
    _log_metrics(call, call.run_id, [_metric(call.values, call.run_id, "", call.profile)])
    return {}


@endpoint(
    "POST",
    "runs/log-parameter",
    Message(run_id=TEXT, run_uuid=TEXT, key=TEXT, value=TEXT),
    {**RUN_ID, "key": (REQUIRED, STRING), "value": (STRING,)},
    provenance="proved",
)
def log_param(call: Call) -> Json:
    """Log a parameter; it can be logged again with the same value only."""
    params = [_param(call.text("key"), call.text("value"), "", call.profile)]
    run = call.store.runs.active(call.run_id)
    call.store.runs.check_params(run, params, batch=False)
    call.store.runs.log_params(run, params)
    return {}


@endpoint(
    "POST",
    "runs/set-tag",
    Message(run_id=TEXT, run_uuid=TEXT, key=TEXT, value=TEXT),
    {**RUN_ID, "key": (REQUIRED, STRING), "value": (STRING,)},
    provenance="proved",
)
def set_tag(call: Call) -> Json:
    """Set a tag."""
    tag = check_tag(call.text("key"), call.text("value"), "", call.profile)
    call.store.runs.set_tags(call.store.runs.active(call.run_id), [tag])
    return {}


@endpoint(
    "POST",
    "runs/delete-tag",
    Message(run_id=TEXT, key=TEXT),
    {**RUN_ID, "key": (REQUIRED, STRING)},
    provenance="proved",
)
def delete_tag(call: Call) -> Json:
    """Remove a tag that the run has."""
    call.store.runs.delete_tag(call.text("run_id"), call.text("key"))
    return {}


@endpoint(
    "POST",
    "runs/log-batch",
    Message(
        run_id=TEXT,
        metrics=Repeated(Message(**_METRIC_FIELDS)),
        params=KEY_VALUES,
        tags=KEY_VALUES,
    ),
    {
        "run_id": (STRING, REQUIRED),
        "metrics": (ARRAY, entries("key", "value", "timestamp")),
        "params": (ARRAY, entries("key")),
        "tags": (ARRAY, entries("key")),
    },
    needs_body=True,
    provenance="proved",
)
def log_batch(call: Call) -> Json:
    """Log many metrics, parameters and tags at once, all or nothing."""
    run_id, profile = call.text("run_id"), call.profile
    check_run_id(run_id)
    metrics = [_metric(one, run_id, f"metrics[{index}]", profile) for index, one in enumerate(call.items("metrics"))]
    params = [
        _param(one.get("key", ""), one.get("value", ""), f"params[{index}].", profile)
        for index, one in enumerate(call.items("params"))
    ]
    tags = [
        check_tag(one.get("key", ""), one.get("value", ""), f"tags[{index}].", profile)
        for index, one in enumerate(call.items("tags"))
    ]
    _check_batch_size(len(metrics), len(params), len(tags))
    keys = [key for key, _ in params]
    if repeated := [key for index, key in enumerate(keys) if key in keys[:index]]:
        raise invalid(
            f"Duplicate parameter keys have been submitted: {repeated}. Please ensure the request contains only one "
            "param value per param key."
        )
    runs = call.store.runs
    run = runs.active(run_id)
    runs.check_params(run, params, batch=True)
    _log_metrics(call, run_id, metrics)
    runs.log_params(run, params)
    runs.set_tags(run, tags)
    return {}


def _check_batch_size(metrics: int, params: int, tags: int) -> None:
    for name, count, limit in (
        ("metrics", metrics, _MAX_METRICS),
        ("params", params, _MAX_PARAMS_OR_TAGS),
        ("tags", tags, _MAX_PARAMS_OR_TAGS),
        ("metrics, params, and tags", metrics + params + tags, _MAX_ENTITIES),
    ):
        if count > limit:
            raise invalid(
                f"A batch logging request can contain at most {limit} {name}. Got {count} {name}. Please split up "
                f"{name} across multiple requests and try again."
            )


@endpoint(
    "POST",
    "runs/log-model",
    Message(run_id=TEXT, model_json=TEXT),
    {"run_id": (STRING, REQUIRED), "model_json": (STRING, REQUIRED)},
    provenance="proved",
)
def log_model(call: Call) -> Json:
    """Remember a model in a tag of the run, as clients of MLflow 2 ask for."""
    text = call.text("model_json")
    try:
        model = json.loads(text)
    except ValueError:
        raise invalid(f"Malformed model info. \n {text} \n is not a valid JSON.") from None
    if not isinstance(model, dict):
        raise Crash
    if missing := {"artifact_path", "flavors", "utc_time_created", "run_id"} - set(model):
        raise invalid(f"Model json is missing mandatory fields: {missing}")
    entry = _history_entry(model, short=call.profile.behaviour.model_history_is_short)
    call.store.runs.record_logged_model(call.text("run_id"), entry)
    return {}


def _history_entry(model: Mapping[str, Any], *, short: bool) -> Json:
    """What the server keeps of a model, in its order."""
    entry: Json = {name: model[name] for name in ("run_id", "artifact_path", "utc_time_created")}
    if short:
        entry["model_uuid"] = model.get("model_uuid")
        flavors = model["flavors"] or {}
        entry["flavors"] = {flavor: _without_config(fields) for flavor, fields in flavors.items()}
        return entry
    entry["flavors"] = model["flavors"] or {}
    entry["model_uuid"] = model.get("model_uuid")
    for name in ("mlflow_version", "signature", "saved_input_example_info", "metadata"):
        if model.get(name) is not None:
            entry[name] = model[name]
    return entry


def _without_config(fields: Any) -> Any:
    return {key: value for key, value in fields.items() if key != "config"} if isinstance(fields, dict) else fields


_DATASET = Message(name=TEXT, digest=TEXT, source_type=TEXT, source=TEXT, schema=TEXT, profile=TEXT)
_MODELS = Repeated(Message(model_id=TEXT, step=INT64))


def _inputs_rules(profile: MlflowProfile) -> Mapping[str, tuple[Any, ...]]:
    if profile.behaviour.datasets_are_required:
        return {**RUN_ID, "datasets": (REQUIRED, ARRAY)}
    return {**RUN_ID, "datasets": (ARRAY,), "models": (ARRAY,)}


@endpoint(
    "POST",
    "runs/log-inputs",
    Message(run_id=TEXT, datasets=Repeated(Message(tags=KEY_VALUES, dataset=_DATASET)), models=_MODELS),
    _inputs_rules,
    provenance="proved",
)
def log_inputs(call: Call) -> Json:
    """Note the datasets, and from MLflow 3 on the logged models, that a run used."""
    check_run_id(call.text("run_id"))
    datasets = [_dataset_input(item) for item in call.items("datasets")]
    models = [item.get("model_id", "") for item in call.items("models")]
    shared = call.profile.behaviour.datasets_are_shared
    call.store.runs.log_inputs(call.text("run_id"), datasets, models, shared=shared)
    return {}


def _dataset_input(item: Mapping[str, Any]) -> DatasetInput:
    dataset = item.get("dataset", {})
    return DatasetInput(
        name=dataset.get("name", ""),
        digest=dataset.get("digest", ""),
        source_type=dataset.get("source_type", ""),
        source=dataset.get("source", ""),
        schema=dataset.get("schema"),
        profile=dataset.get("profile"),
        tags=tuple((tag.get("key", ""), tag.get("value", "")) for tag in item.get("tags", ())),
    )


@endpoint(
    "POST",
    "runs/outputs",
    Message(run_id=TEXT, models=_MODELS),
    {**RUN_ID, "models": (REQUIRED, ARRAY)},
    provenance="proved",
)
def log_outputs(call: Call) -> Json:
    """Note the logged models that a run made."""
    models = [(item.get("model_id", ""), item.get("step", 0)) for item in call.items("models")]
    call.store.runs.log_outputs(call.text("run_id"), models)
    return {}
