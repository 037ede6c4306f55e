"""Registers models with MLflow's own client: tests of predicting do not depend on how the SDK registers."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

__all__ = ["client", "model_that", "put"]


def client() -> Any:
    """A client of the platform that the environment names."""
    from mlflow.tracking import MlflowClient

    return MlflowClient()


def put(model: Any, name: str = "m", version: str | None = "1.0.0", *, signature: Any = None, **tags: str) -> str:
    """Log `model` to a run and register it as the next version of `name`; returns MLflow's number."""
    mlflow_client = client()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _save(model, str(folder), signature)
        experiment = mlflow_client.get_experiment_by_name("arranged")
        experiment_id = experiment.experiment_id if experiment else mlflow_client.create_experiment("arranged")
        run_id = mlflow_client.create_run(experiment_id).info.run_id
        mlflow_client.log_artifacts(run_id, str(folder), "model")
    if not mlflow_client.search_registered_models(f"name='{name}'"):
        mlflow_client.create_registered_model(name)
    marks = {**tags, **({"version": version} if version else {})}
    return str(mlflow_client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags=marks).version)


def model_that(predict: Any, **hooks: Any) -> Any:
    """A `mlflow.pyfunc.PythonModel` whose `predict` is the function `predict(data)`; `hooks` are further methods."""
    import mlflow.pyfunc

    class Model(mlflow.pyfunc.PythonModel):  # pickled by value: it is made inside of a function
        _skip_type_hint_validation = True

        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return predict(model_input)

    for name, function in hooks.items():
        setattr(Model, name, staticmethod(function))
    return Model()


def _save(model: Any, folder: str, signature: Any) -> None:
    import mlflow.pyfunc
    import mlflow.sklearn
    from sklearn.base import BaseEstimator

    from hokusai.core import _wrappers

    if isinstance(model, BaseEstimator):
        mlflow.sklearn.save_model(model, folder, serialization_format="cloudpickle", pip_requirements=["mlflow"])
        return
    if not isinstance(model, mlflow.pyfunc.PythonModel):
        model = _wrappers.ObjectModel(model) if hasattr(model, "predict") else _wrappers.CallableModel(model)
    mlflow.pyfunc.save_model(folder, python_model=model, pip_requirements=["mlflow"], signature=signature)
