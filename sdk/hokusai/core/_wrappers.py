"""The pyfunc classes that carry a Python object into an artifact. Imported only where MLflow is at hand.

They are pickled by reference: loading such an artifact needs this SDK, which its requirements say. Their `predict` has
no type hints on purpose: from 3.x on MLflow reads them as a schema, and advises to add them unless told to skip that.
"""

from __future__ import annotations

from typing import Any

from hokusai import _mlflow

_mlflow.require("numpy")
_mlflow.require("pandas")
_PythonModel: Any = _mlflow.require("mlflow.pyfunc").PythonModel

__all__ = ["CallableModel", "ObjectModel", "PickledModel"]


class ObjectModel(_PythonModel):  # type: ignore[misc]
    """An object with `predict(data)`: a `HokusaiModel`, or any estimator."""

    _skip_type_hint_validation = True

    def __init__(self, model: Any) -> None:
        """Wrap `model`."""
        self.model = model

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
        """Ask the wrapped object."""
        return self.model.predict(model_input)


class CallableModel(_PythonModel):  # type: ignore[misc]
    """A function of the data."""

    _skip_type_hint_validation = True

    def __init__(self, function: Any) -> None:
        """Wrap `function`."""
        self.function = function

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
        """Call the wrapped function."""
        return self.function(model_input)


class PickledModel(_PythonModel):  # type: ignore[misc]
    """An object in a pickle file (pickle, cloudpickle or joblib), which is opened when the model is loaded."""

    _skip_type_hint_validation = True

    def load_context(self, context):  # type: ignore[no-untyped-def]
        """Open the file. This runs the code in it."""
        path = context.artifacts["model"]
        if str(path).endswith(".joblib"):
            self.model = _mlflow.require("joblib").load(path)
            return
        with open(path, "rb") as file:
            self.model = _mlflow.require("cloudpickle").load(file)

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
        """Ask the object, or call it."""
        predict = getattr(self.model, "predict", None)
        return predict(model_input) if predict is not None else self.model(model_input)
