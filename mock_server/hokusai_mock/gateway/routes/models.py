"""Model routes of the platform, under `/models` and `/api/models`: a view of the MLflow registry behind it.

What these routes show and change is MLflow's: a version that was registered with MLflow's client is here too. Outcomes
are those of the real service, which swallows or renames many of MLflow's errors. Routes whose numbers are fixed samples
on the real service too are in `samples.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hokusai_mock.gateway.bodies import Choice, Field, Json, Model, Object, Text, TextMap
from hokusai_mock.gateway.route import Call, Routes, problem
from hokusai_mock.gateway.routes.schemas import answered, detail, failure, listing, record
from hokusai_mock.gateway.tracking import TrackingError

__all__ = ["ROUTES"]

ROUTES = Routes("/models", "/api/models")

MODEL_TYPES = ("lead_scoring", "classification", "regression", "ranking")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_VERSION = {"name": str, "version": str, "status": str}
_MESSAGE = answered("Done.", {"message": str})

_REGISTRATION = Model(
    "ModelRegistration",
    {
        "model_name": Field(Text()),
        "model_type": Field(Choice(MODEL_TYPES)),
        "model_data": Field(Object()),
        "metadata": Field(Object(), required=False, nullable=True),
    },
    {"model_name": "scorer", "model_type": "lead_scoring", "model_data": {"weights": [1, 2]}},
)
_UPDATE = Model(
    "ModelUpdate",
    {
        "description": Field(Text(), required=False, nullable=True),
        "tags": Field(TextMap(), required=False, nullable=True),
    },
    {"description": "calibrated again", "tags": {"team": "growth"}},
)
_TRANSITION = Model(
    "StageTransition", {"stage": Field(Text(), required=False, default="Production")}, {"stage": "Production"}
)


def _tags(version: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in version.get("tags", [])}


def _row(version: Mapping[str, Any]) -> Json:
    return {
        "name": version["name"],
        "version": version["version"],
        "status": version.get("status", "READY"),
        "created_at": version.get("creation_timestamp"),
        "tags": _tags(version),
    }


_ROWS = {
    "models": listing(record({**_VERSION, "created_at": (int, None), "tags": dict})),
}


@ROUTES.route(
    "GET",
    "/",
    {200: answered("Model versions; none of them too while MLflow is down.", _ROWS)},
    query={"name": Field(Text(), required=False)},
    provenance="proved",
)
def list_models(call: Call) -> Json:
    """List the versions of all models, or of one."""
    try:
        return {"models": [_row(version) for version in call.mlflow.versions(call.query["name"] or None)]}
    except TrackingError:
        return {"models": []}


@ROUTES.route(
    "POST",
    "/register",
    {
        201: answered(
            "Registered.",
            {"model_id": str, "model_name": str, "version": str, "status": str, "registration_timestamp": str},
        ),
        500: failure("MLflow did not take the model.", loss="model_register"),
    },
    body=_REGISTRATION,
    per_minute=20,
    provenance="proved",
)
def register(call: Call) -> Json:
    """Register a baseline from data."""
    name = f"hokusai_{call.body['model_type']}_baseline"
    if call.lacks("model_register"):
        raise problem(500, "Failed to register model")
    try:
        version = _register(call, name)
    except TrackingError as error:
        raise problem(500, "Failed to register model") from error
    return {
        "model_id": f"{name}/{version}",
        "model_name": name,
        "version": version,
        "status": "registered",
        "registration_timestamp": call.timestamp,
    }


def _register(call: Call, name: str) -> str:
    """Log a run and a version of the baseline; returns the version's number."""
    try:
        call.mlflow.send("POST", "registered-models/create", {"name": name})
    except TrackingError as error:
        if error.code != "RESOURCE_ALREADY_EXISTS":
            raise
    now = call.now_ms
    run = call.mlflow.send("POST", "runs/create", {"experiment_id": "0", "start_time": now, "run_name": name})["run"]
    run_id = run["info"]["run_id"]
    call.mlflow.send("POST", "runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": now})
    made = call.mlflow.send(
        "POST",
        "model-versions/create",
        {
            "name": name,
            "source": f"{run['info']['artifact_uri']}/model",
            "run_id": run_id,
            "tags": [
                {"key": "hokusai.model_name", "value": call.body["model_name"]},
                {"key": "is_baseline", "value": "true"},
                {"key": "metadata", "value": json.dumps(call.body["metadata"] or {}, sort_keys=True)},
            ],
        },
    )
    return str(made["model_version"]["version"])


@ROUTES.route("GET", "/production", {200: answered("Versions in production.", _ROWS)}, provenance="documented")
def production(call: Call) -> Json:
    """List the versions in production; none while MLflow is down."""
    try:
        rows = [_row(version) for version in call.mlflow.versions()]
    except TrackingError:
        rows = []
    return {"models": [row for row in rows if row["tags"].get("lifecycle_stage") == "Production"]}


_ENTRY = record(
    {
        "version": str,
        "run_id": (str, None),
        "created_at": (int, None),
        "is_baseline": bool,
        "metrics": dict,
    },
    {"contributor": str, "baseline_id": str, "cumulative_improvement": dict},
)


@ROUTES.route(
    "GET",
    "/{model_id}/lineage",
    {
        200: answered(
            "All versions, oldest first.",
            {"model_id": str, "lineage": listing(_ENTRY), "total_versions": int, "latest_version": (str, None)},
        ),
        404: detail("No registered model has that name."),
        500: failure("MLflow is down, or a version has no run.", loss="lineage_runs"),
    },
    per_minute=100,
    provenance="proved",
)
def lineage(call: Call) -> Json:
    """How a registered model, given by its name, improved from version to version."""
    name = call.path["model_id"]
    try:
        call.mlflow.get("registered-models/get", name=name)
        versions = sorted(call.mlflow.versions(name), key=lambda version: int(version["version"]))
        entries = [_entry(call, version) for version in versions]
    except TrackingError as error:
        if error.missing and "run" not in str(error).lower():
            raise problem(404, f"Model {name} not found") from error
        raise problem(500, "Failed to retrieve model lineage") from error
    if entries:
        _accumulate(entries)
    return {
        "model_id": name,
        "lineage": entries,
        "total_versions": len(entries),
        "latest_version": entries[-1]["version"] if entries else None,
    }


def _entry(call: Call, version: Mapping[str, Any]) -> Json:
    tags, run_id = _tags(version), version.get("run_id") or None
    if run_id is None and call.lacks("lineage_runs"):
        raise TrackingError(500, "INTERNAL_ERROR", "a version without a run")
    metrics: dict[str, float] = {}
    if run_id is not None:
        data = call.mlflow.get("runs/get", run_id=run_id)["run"].get("data", {})
        metrics = {metric["key"]: metric["value"] for metric in data.get("metrics", [])}
    entry: Json = {
        "version": version["version"],
        "run_id": run_id,
        "created_at": version.get("creation_timestamp"),
        "is_baseline": tags.get("is_baseline", "").lower() == "true",
        "metrics": metrics,
    }
    if contributor := tags.get("contributor") or tags.get("contributor_address"):
        entry["contributor"] = contributor
    if baseline := tags.get("baseline_id"):
        entry["baseline_id"] = baseline
    return entry


def _accumulate(entries: list[Json]) -> None:
    """What each later version gained on the first one, metric by metric."""
    first = entries[0]["metrics"]
    for entry in entries[1:]:
        gained = {
            key: round(value - first[key], 6)
            for key, value in entry["metrics"].items()
            if key in first and all(isinstance(one, int | float) for one in (value, first[key]))
        }
        if gained:
            entry["cumulative_improvement"] = gained


@ROUTES.route(
    "GET",
    "/contributors/{address}/impact",
    {
        200: answered(
            "Always zeros, for whatever address.",
            {
                "address": str,
                "total_models_improved": int,
                "total_improvement_score": float,
                "contributions": list,
                "first_contribution": None,
                "last_contribution": None,
            },
        ),
        400: detail("That is no Ethereum address."),
    },
    per_minute=100,
    provenance="proved",
)
def impact(call: Call) -> Json:
    """What a contributor, given by an Ethereum address, has improved."""
    address = call.path["address"]
    if _ADDRESS.fullmatch(address) is None:
        raise problem(400, "Invalid Ethereum address format")
    return {
        "address": address,
        "total_models_improved": 0,
        "total_improvement_score": 0.0,
        "contributions": [],
        "first_contribution": None,
        "last_contribution": None,
    }


@ROUTES.route(
    "GET",
    "/{name}/{version}",
    {
        200: answered("The version.", {**_VERSION, "description": (str, None), "tags": dict}),
        404: detail("There is no such version, or MLflow is down: the answer is the same."),
    },
    provenance="proved",
)
def get_version(call: Call) -> Json:
    """One version of a model."""
    try:
        version = call.mlflow.get("model-versions/get", **call.path)["model_version"]
    except TrackingError as error:
        raise problem(404, f"Model not found: {call.path['name']}:{call.path['version']}") from error
    row = _row(version)
    return {
        "name": row["name"],
        "version": row["version"],
        "status": row["status"],
        "description": version.get("description") or None,
        "tags": row["tags"],
    }


@ROUTES.route(
    "PATCH",
    "/{name}/{version}",
    {200: _MESSAGE, 500: failure("There is no such version, or MLflow is down.")},
    body=_UPDATE,
    provenance="documented",
)
def update_version(call: Call) -> Json:
    """Describe and tag a version. Any valid key may."""
    try:
        if call.body["description"] is not None:
            call.mlflow.send("PATCH", "model-versions/update", {**call.path, "description": call.body["description"]})
        for key, value in (call.body["tags"] or {}).items():
            call.mlflow.send("POST", "model-versions/set-tag", {**call.path, "key": key, "value": value})
    except TrackingError as error:
        raise problem(500, "Failed to update model") from error
    return {"message": "Model updated successfully"}


@ROUTES.route(
    "DELETE",
    "/{name}/{version}",
    {200: _MESSAGE, 500: failure("There is no such version, or MLflow is down.")},
    provenance="documented",
)
def delete_version(call: Call) -> Json:
    """Delete a version, where the gateway drops the body of MLflow's own DELETE too. Any valid key may."""
    try:
        call.mlflow.send("DELETE", "model-versions/delete", dict(call.path))
    except TrackingError as error:
        raise problem(500, "Failed to delete model") from error
    return {"message": f"Model {call.path['name']}:{call.path['version']} deleted successfully"}


@ROUTES.route(
    "POST",
    "/{name}/{version}/transition",
    {200: _MESSAGE, 500: failure("There is no such version, the stage makes no alias, or MLflow is down.")},
    body=_TRANSITION,
    provenance="documented",
)
def transition(call: Call) -> Json:
    """Move a version to a stage: sets an alias and a tag, never MLflow's own stage. Any valid key may."""
    stage = call.body["stage"]
    try:
        call.mlflow.send("POST", "registered-models/alias", {**call.path, "alias": stage.lower()})
        call.mlflow.send("POST", "model-versions/set-tag", {**call.path, "key": "lifecycle_stage", "value": stage})
    except TrackingError as error:
        raise problem(500, "Failed to transition model") from error
    return {"message": f"Model {call.path['name']}:{call.path['version']} transitioned to {stage}"}
