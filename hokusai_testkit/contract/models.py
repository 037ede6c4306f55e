"""The small real models that cases register, upload and predict with.

Each is linear, `factor * (first column + 2 * second column)`, so that a prediction tells which model and which row it
came from. MLflow is imported when a model is made, never before.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["ROWS", "linear_model", "model_files", "predictions"]

ROWS = [[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]
"""Input of three rows and two features."""

COLUMNS = ("first", "second")


def predictions(factor: float, rows: list[list[float]] = ROWS) -> list[float]:
    """What the model with `factor` answers for `rows`."""
    return [factor * (first + 2 * second) for first, second in rows]


def linear_model(factor: float = 1.0) -> Any:
    """Return a `mlflow.pyfunc.PythonModel`; cases that use it need the packages mlflow and pandas.

    The class is made inside of a function, so that it is pickled by value and loads where the kit is not installed.
    """
    from mlflow import pyfunc  # noqa: PLC0415 - heavy, and only here

    class Linear(pyfunc.PythonModel):  # type: ignore[misc]
        def __init__(self) -> None:
            self.factor = factor

        # Without type hints, which newer clients take for a schema; the names are MLflow's.
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
            import pandas  # noqa: PLC0415 - pickled by value: it brings its imports along

            frame = pandas.DataFrame(model_input)
            return (self.factor * (frame.iloc[:, 0] + 2 * frame.iloc[:, 1])).to_numpy()

    return Linear()


@lru_cache(maxsize=8)
def model_files(factor: float = 1.0) -> Mapping[str, bytes]:
    """Return the files of a saved pyfunc model directory, by path, written by the installed MLflow client."""
    from mlflow import pyfunc  # noqa: PLC0415 - heavy, and only here

    model = linear_model(factor)
    with tempfile.TemporaryDirectory(prefix="hokusai-contract-") as folder:
        path = Path(folder) / "model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's advice about pickling is not for these models
            pyfunc.save_model(str(path), python_model=model, pip_requirements=["mlflow", "pandas"])
        return {str(file.relative_to(path).as_posix()): file.read_bytes() for file in path.rglob("*") if file.is_file()}
