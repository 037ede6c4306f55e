"""What cases about comparing models arrange: two models that predict what the case says, and data to try them on.

Each model answers one column of the features, so any predictions can be arranged, and with them any metric. Models are
uploaded and registered by raw HTTP.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hokusai_testkit.contract.platform import Platform

__all__ = ["Counts", "Pair", "arrange_models", "data_of", "labelled", "metrics_of", "nearly"]

BASELINE, CANDIDATE = 0, 1


@dataclass(frozen=True, slots=True)
class Pair:
    """The ids of two registered models: the one answers the first column of the features, the other the second."""

    baseline: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a classifier of the labels 0 and 1 got right and wrong: hits, misses, false alarms, rightly silent."""

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def predictions(self) -> list[int]:
        """The predictions: for the rows labelled 1 first, then for those labelled 0."""
        return [1] * self.tp + [0] * self.fn + [1] * self.fp + [0] * self.tn


def arrange_models(platform: Platform) -> Pair:
    """Register the two models as versions of one registered model, and return their ids."""
    name = platform.model("compared")
    if name not in platform.tracking.model_names():
        platform.tracking.create_model(name)
    ids = [f"{platform.name('column')}-{column}" for column in (BASELINE, CANDIDATE)]
    for column, model_id in enumerate(ids):
        run = platform.tracking.create_run()
        platform.tracking.upload(run, "model", column_files(column))
        tags = {"model_id": model_id, "model_type": name}
        platform.tracking.create_version(name, run=run, semantic=f"1.{column}.0", tags=tags)
    return Pair(*ids)


def data_of(baseline: Counts, candidate: Counts, name: str | None = None) -> dict[str, Any]:
    """Return test data on which the two models are right and wrong as the counts say, with the labels 0 and 1."""
    features = [list(row) for row in zip(baseline.predictions, candidate.predictions, strict=True)]
    labels = [1] * (baseline.tp + baseline.fn) + [0] * (baseline.fp + baseline.tn)
    return {"features": features, "labels": labels, **({"dataset_name": name} if name else {})}


def metrics_of(counts: Counts) -> dict[str, float]:
    """Return the metrics of a classifier of 0 and 1, by their textbook definitions."""
    right, rows = counts.tp + counts.tn, counts.tp + counts.fn + counts.fp + counts.tn
    return {
        "accuracy": right / rows,
        "precision": counts.tp / (counts.tp + counts.fp),
        "recall": counts.tp / (counts.tp + counts.fn),
        "f1_score": 2 * counts.tp / (2 * counts.tp + counts.fp + counts.fn),
    }


def nearly(actual: object, expected: Mapping[str, float]) -> bool:
    """Tell whether `actual` has just the metrics `expected`, as Python floats that differ by rounding only."""
    if not isinstance(actual, Mapping) or set(actual) != set(expected):
        return False
    return all(isinstance(actual[name], float) and abs(actual[name] - expected[name]) < 1e-9 for name in expected)


def labelled(features: Sequence[Sequence[Any]], labels: Sequence[Any]) -> dict[str, Any]:
    """Return test data of these rows and labels, without a name."""
    return {"features": [list(row) for row in features], "labels": list(labels)}


@lru_cache(maxsize=2)
def column_files(column: int) -> Mapping[str, bytes]:
    """Return the files of a saved pyfunc model that answers one column of its input."""
    from mlflow import pyfunc  # noqa: PLC0415 - heavy, and only here

    class Column(pyfunc.PythonModel):  # type: ignore[misc]
        # Without type hints, which newer clients take for a schema; the names are MLflow's.
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # noqa: ARG002
            import pandas  # noqa: PLC0415 - pickled by value: it brings its imports along

            return pandas.DataFrame(model_input).iloc[:, column].to_numpy()

    with tempfile.TemporaryDirectory(prefix="hokusai-contract-") as folder:
        path = Path(folder) / "model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the client's advice about pickling is not for these models
            pyfunc.save_model(str(path), python_model=Column(), pip_requirements=["mlflow", "pandas"])
        return {str(file.relative_to(path).as_posix()): file.read_bytes() for file in path.rglob("*") if file.is_file()}
