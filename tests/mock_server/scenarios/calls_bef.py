"""Calls that routing, versions, data and artifacts need, beside those of `calls_mlflow.py` and `calls_http.py`."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from calls_http import platform, tracking, with_curl, with_requests
from calls_mlflow import NAME, client, model
from calls_sdk import registry

API = "/api/2.0/mlflow/"
PAGE = "https://notebook.example"
"""The origin of a page that is not the server's own."""
_ONE = {"max_results": 1}
_MISSING_RUN = "0" * 32


def _set_experiment() -> Any:
    import mlflow

    return mlflow.set_experiment(NAME)


def _delete_experiment() -> Any:
    found = client().get_experiment_by_name(NAME)
    return client().delete_experiment(found.experiment_id)


def _log_artifact_of_run() -> Any:
    """What a user's program does: a run of a new experiment, and a file that is logged to it."""
    made = client().create_experiment(f"{NAME} with files")
    run = client().create_run(made)
    Path("file.txt").write_text("content\n", encoding="utf-8")
    return client().log_artifact(run.info.run_id, "file.txt")


def _log_a_large_file() -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    Path("large.bin").write_bytes(b"\0" * 50_000)
    return get_artifact_repository("mlflow-artifacts:/0/none/artifacts").log_artifact("large.bin")


def _large_parameter() -> Any:
    run = client().create_run("0")
    return client().set_tag(run.info.run_id, "notes", "x" * 50_000)


def _version_of(source: str) -> Any:
    client().create_registered_model(NAME)
    return client().create_model_version(NAME, source)


def _to_production() -> Any:
    version = _version_of("mlflow-artifacts:/0/none/artifacts/model")
    return client().transition_model_version_stage(NAME, version.version, "Production")


def _log_model_and_load_it() -> Any:
    import mlflow

    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model("model", python_model=model(), pip_requirements=[])
    return mlflow.pyfunc.load_model(logged.model_uri)


def _two_fluent_runs() -> Any:
    """What a notebook does: no name of an experiment, a run, a metric."""
    import mlflow

    with mlflow.start_run():
        mlflow.log_metric("accuracy", 0.9)


def _search_from_a_page(ask: Any) -> Any:
    headers = {"Origin": PAGE, "Authorization": f"Bearer {os.environ.get('HOKUSAI_API_KEY', '')}"}
    return ask("POST", tracking(API + "experiments/search"), _ONE, headers)


def _register_tokenized(**more: Any) -> Any:
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", 0.9)
    return registry().register_tokenized_model(
        model_uri=f"runs:/{run.info.run_id}/model",
        model_name=NAME,
        token_id="LSCOR",
        metric_name="accuracy",
        baseline_value=0.9,
        **more,
    )


def _missing_version() -> Any:
    from hokusai import ModelVersionManager

    return ModelVersionManager(registry()).get_latest_version("no-such-model")


def _event(ask: Any) -> Any:
    body = {
        "model_name": NAME,
        "version": "1",
        "token_id": "LSCOR",
        "proposal_identifier": "LSCOR",
        "metric_name": "accuracy",
        "mlflow_run_id": "0" * 32,
        "baseline_value": 0.9,
    }
    return ask("POST", platform("/api/models/tokenized-registration-events"), body)


def _predict_with_rows(ask: Any) -> Any:
    """Rows of a benchmark, where the route wants `inputs`."""
    return ask("POST", platform("/api/v1/models/21/predict"), {"rows": [{"text": "scenario"}]})


def _webhook(ask: Any) -> Any:
    """What the platform sends to the site, signed with a secret that is not the site's."""
    import hashlib
    import hmac

    text = json.dumps({"event": "model.registered", "model_id": f"{NAME}/1/LSCOR"})
    signature = hmac.new(b"another-secret", text.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Hokusai-Signature": f"sha256={signature}", "Content-Type": "application/json"}
    return ask("POST", os.environ["HOKUSAI_SITE_WEBHOOK_URL"], json.loads(text), headers)


_BY_HAND: dict[str, Any] = {
    "events.register": _event,
    "experiments.list": lambda ask: ask("GET", tracking(API + "experiments/list")),
    "experiments.get": lambda ask: ask("GET", tracking(API + "experiments/get?experiment_id=0")),
    "experiments.search from a page": _search_from_a_page,
    "mlflow.health": lambda ask: ask("GET", tracking("/health")),
    "mlflow.version": lambda ask: ask("GET", tracking("/version")),
    "serving.predict with rows": _predict_with_rows,
    "webhook": _webhook,
}


def _made(by_hand: Any, ask: Any) -> Any:
    return lambda: by_hand(ask)


CALLS = {
    **{("requests", name): _made(call, with_requests) for name, call in _BY_HAND.items()},
    **{("curl", name): _made(call, with_curl) for name, call in _BY_HAND.items()},
    ("mlflow", "artifacts.log a large file"): _log_a_large_file,
    ("mlflow", "experiments.delete"): _delete_experiment,
    ("mlflow", "experiments.set"): _set_experiment,
    ("mlflow", "load_model"): _log_model_and_load_it,
    ("mlflow", "model_versions.create from a local path"): lambda: _version_of("/home/me/model"),
    ("mlflow", "model_versions.create from a model that is not there"): lambda: _version_of("models:/m-" + "0" * 32),
    ("mlflow", "model_versions.transition"): _to_production,
    ("mlflow", "registered_models.get"): lambda: client().get_registered_model(NAME),
    ("mlflow", "runs.get"): lambda: client().get_run(_MISSING_RUN),
    ("mlflow", "runs.log_artifact"): _log_artifact_of_run,
    ("mlflow", "runs.set_tag with a large value"): _large_parameter,
    ("mlflow", "start_run"): _two_fluent_runs,
    ("hokusai", "ModelRegistry.register_tokenized_model()"): _register_tokenized,
    ("hokusai", "ModelRegistry.register_tokenized_model(best_effort_notification=)"): lambda: _register_tokenized(
        best_effort_notification=True
    ),
    ("hokusai", "ModelVersionManager.get_latest_version(model_name) of a missing model"): _missing_version,
}
