"""Calls of the MLflow client, as a user's program makes them. Each works on the healthy platform, from nothing."""

# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Any

NAME = "scenario"
ARTIFACTS = "mlflow-artifacts:/0/none/artifacts"


def client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient()


def model() -> Any:
    from mlflow.pyfunc import PythonModel

    class Doubles(PythonModel):  # type: ignore[misc]
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return model_input

    return Doubles()


def _artifacts() -> Any:
    # `MlflowClient.list_artifacts` would ask for the run first; `mlflow.artifacts.list_artifacts` is not in 2.9.
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(ARTIFACTS)


def _log_artifact() -> Any:
    with open("artifact.txt", "w") as file:
        file.write("content\n")
    return _artifacts().log_artifact("artifact.txt")


def _log_model() -> Any:
    import mlflow

    with mlflow.start_run():
        # "artifact_path" is deprecated in 3.x and "name" unknown before, hence by position.
        return mlflow.pyfunc.log_model("model", python_model=model(), pip_requirements=[])


def _create_run() -> Any:
    return client().create_run("0")


def _create_version() -> Any:
    from mlflow.exceptions import RestException

    try:
        client().create_registered_model(NAME)
    except RestException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    return client().create_model_version(NAME, "mlflow-artifacts:/0/none/artifacts/model")


def _register_model() -> Any:
    import mlflow

    run = client().create_run("0")
    return mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME)


def _download() -> Any:
    _log_artifact()
    return _artifacts().download_artifacts("artifact.txt")


def _get_version() -> Any:
    return client().get_model_version(NAME, _create_version().version)


CALLS = {
    ("mlflow", "artifacts.download"): _download,
    ("mlflow", "artifacts.list"): lambda: _artifacts().list_artifacts(),
    ("mlflow", "artifacts.log"): _log_artifact,
    ("mlflow", "experiments.create"): lambda: client().create_experiment(NAME),
    ("mlflow", "experiments.get"): lambda: client().get_experiment("0"),
    ("mlflow", "experiments.get_by_name"): lambda: client().get_experiment_by_name("any"),
    ("mlflow", "experiments.search"): lambda: client().search_experiments(max_results=1),
    ("mlflow", "log_model"): _log_model,
    ("mlflow", "model_versions.create"): _create_version,
    ("mlflow", "model_versions.get"): _get_version,
    ("mlflow", "model_versions.search"): lambda: client().search_model_versions(f"name = '{NAME}'"),
    ("mlflow", "register_model"): _register_model,
    ("mlflow", "registered_models.create"): lambda: client().create_registered_model(NAME),
    ("mlflow", "registered_models.search"): lambda: client().search_registered_models(max_results=1),
    ("mlflow", "runs.create"): _create_run,
    ("mlflow", "runs.log_metric"): lambda: client().log_metric(_create_run().info.run_id, "accuracy", 0.9),
    ("mlflow", "runs.search"): lambda: client().search_runs(["0"], max_results=1),
}
