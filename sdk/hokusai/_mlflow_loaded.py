"""The adapter for loaded models: loading one as a pyfunc model, and what it tells of itself.

Everything else that differs between MLflow's versions is in `_mlflow.py`.
"""

from __future__ import annotations

import traceback
from typing import Any

from hokusai import _mlflow

__all__ = [
    "carried_model",
    "classifier",
    "column_count",
    "column_names",
    "is_estimator",
    "is_refused_by_signature",
    "load_pyfunc",
]


def load_pyfunc(folder: str) -> Any:
    """Load a model folder as a pyfunc model. This runs the model's code."""
    for needed in ("numpy", "pandas"):
        _mlflow.require(needed)
    with _mlflow.quiet("mlflow.pyfunc", "mlflow.types.utils"):
        return _mlflow.untraced(_mlflow.require("mlflow.pyfunc").load_model)(folder)


def column_names(model: Any) -> tuple[list[str] | None, set[str]]:
    """Return the names of a loaded model's columns, and those of them that may be missing.

    From its signature, or from the scikit-learn estimator in it; `None` where it knows no names.
    """
    schema = getattr(model.metadata, "get_input_schema", lambda: None)()
    if schema is not None and schema.has_input_names() and not schema.is_tensor_spec():
        return list(schema.input_names()), set(schema.optional_input_names())
    names = getattr(_estimator(model), "feature_names_in_", None)
    return ([str(name) for name in names] if names is not None else None), set()


def column_count(model: Any) -> int | None:
    """Return how many columns the scikit-learn estimator in a loaded model was fitted with, where it knows."""
    count = getattr(_estimator(model), "n_features_in_", None)
    return int(count) if count is not None else None


def _estimator(model: Any) -> Any:
    return getattr(getattr(model, "_model_impl", None), "sklearn_model", None)


def is_refused_by_signature(error: BaseException) -> bool:
    """Tell whether MLflow refused the data by the model's signature, before the model itself was asked."""
    links = [error, error.__cause__, error.__context__]
    frames = (frame for link in links if link is not None for frame, _ in traceback.walk_tb(link.__traceback__))
    return any(frame.f_code.co_name == "_enforce_schema" for frame in frames)


def is_estimator(model: Any) -> bool:
    """Tell whether a loaded pyfunc model is a scikit-learn estimator."""
    return _estimator(model) is not None


def classifier(model: Any) -> Any:
    """Return the estimator inside a loaded model that gives a score for each class (`predict_proba`), or `None`."""
    found = _estimator(model)
    if found is None:
        found = getattr(carried_model(model), "model", None)
    return found if hasattr(found, "predict_proba") and hasattr(found, "classes_") else None


def carried_model(model: Any) -> Any:
    """Return the `PythonModel` inside a loaded pyfunc model, or `None` where it is of another flavour."""
    return getattr(getattr(model, "_model_impl", None), "python_model", None)
