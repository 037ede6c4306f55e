"""Makes calls with the MLflow client or the SDK of this interpreter and prints what a user would see of each, as JSON.

Run by the tests as a program of its own: `python play_client.py CALL [CALL ...]`, with the client's environment.
"""

# Imports are made by the calls, so that an exception while importing is seen too.
# ruff: noqa: PLC0415, BLE001, T201

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

ARTIFACTS = "mlflow-artifacts:/0/none/artifacts"


def _log_model() -> Any:
    import mlflow

    with mlflow.start_run():
        # "artifact_path" is deprecated in 3.x and "name" unknown before, hence by position.
        mlflow.pyfunc.log_model("model", python_model=_model(), pip_requirements=[])


def _model() -> Any:
    from mlflow.pyfunc import PythonModel

    class Doubles(PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    return Doubles()


def _list_artifacts() -> Any:
    # `MlflowClient.list_artifacts` would ask for the run first; `mlflow.artifacts.list_artifacts` is not in 2.9.
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(ARTIFACTS).list_artifacts()


def _client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient()


def _experiment_manager() -> Any:
    from hokusai import ExperimentManager

    return ExperimentManager()


def _list_versions() -> Any:
    from hokusai import ModelRegistry, ModelVersionManager

    return ModelVersionManager(ModelRegistry()).list_versions("any")


def _register_baseline() -> Any:
    from hokusai import ModelRegistry

    return ModelRegistry().register_baseline(model=_model(), model_type="classification")


def _raw_search() -> Any:
    import os

    import requests

    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/experiments/search"
    return requests.post(url, json={"max_results": 1}, timeout=10)


CALLS: dict[tuple[str, str], Callable[[], Any]] = {
    ("mlflow", "artifacts.list"): _list_artifacts,
    ("mlflow", "experiments.get_by_name"): lambda: _client().get_experiment_by_name("any"),
    ("mlflow", "experiments.search"): lambda: _client().search_experiments(max_results=1),
    ("mlflow", "log_model"): _log_model,
    ("requests", "experiments.search"): _raw_search,
    ("hokusai", "ExperimentManager()"): _experiment_manager,
    ("hokusai", "ModelVersionManager.list_versions(model_name)"): _list_versions,
    ("hokusai", "ModelRegistry.register_baseline(model=, model_type=)"): _register_baseline,
}


def seen(client: str, call: str) -> dict[str, Any]:
    """What a user of `client` sees of `call`: the exception with its attributes, or none."""
    try:
        CALLS[client, call]()
    except Exception as error:  # the very thing that is looked at
        return {
            "exception": [f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__],
            "error_code": getattr(error, "error_code", None),
            "code": getattr(error, "code", None),
            "status_code": getattr(error, "status_code", None),
            "text": str(error),
        }
    return {"exception": None}


if __name__ == "__main__":
    print(json.dumps([seen(*reference.split(" ", 1)) for reference in sys.argv[1:]]))
