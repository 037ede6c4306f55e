"""Comparing two registered models on test data: what is checked, what is asked of them, what is recommended.

Numbers come from `_evaluation.py`, models from the registry by the way that `predict_batch` takes. Whatever cannot be
computed is left out; nothing is made up, in any mode.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from hokusai import _mlflow, _mlflow_loaded
from hokusai._backend import Backend
from hokusai.core._answering import ask
from hokusai.core._data import as_input, row_count
from hokusai.core._loading import LoadedModel, LoadedModels
from hokusai.core._reads import by_id
from hokusai.core._requests import Question
from hokusai.exceptions import HokusaiException, InferenceException, InvalidParameterError
from hokusai.tracking._evaluation import ERRORS, Outcome, Task, evaluate, task_of
from hokusai.tracking._numbers import rounded

__all__ = ["Comparison", "Recommendation", "TestData", "compare", "improvements_of", "recommend"]

Recommendation = Literal["ACCEPT", "REVIEW", "REJECT"]

_BORDER = 0.01
"""A change of more than this counts, up or down (`platform.md` 3.6)."""
_REQUIRED = ("features", "labels")
_TASKS = ("classification", "regression")
_KINDS = "biufU"
"""Kinds of numpy arrays that hold one number, boolean or text each."""


@dataclass(frozen=True, slots=True)
class TestData:
    """Checked test data: N rows of features and N labels."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    features: Any
    labels: Any
    rows: int
    name: str
    task: Task | None

    @classmethod
    def checked(cls, test_data: object) -> TestData:
        """Check what the caller gave; `InvalidParameterError` names the key at fault."""
        if not isinstance(test_data, Mapping):
            raise InvalidParameterError(
                f"test_data must be a dict with features and labels, not {type(test_data).__name__}."
            )
        for key in _REQUIRED:
            if test_data.get(key) is None:
                near = get_close_matches(key, [str(name) for name in test_data if name not in _REQUIRED], 1)
                hint = f" Did you mean it by {near[0]!r}?" if near else ""
                raise InvalidParameterError(f"test_data lacks {key!r}.{hint}")
        rows = _rows_of(test_data["features"])
        labels = _column(test_data["labels"])
        if labels is None or labels.ndim != 1:
            raise InvalidParameterError("test_data['labels'] must be a list, array or Series of numbers or texts.")
        if len(labels) != rows or rows == 0:
            raise InvalidParameterError(f"test_data has {rows} rows of features and {len(labels)} labels.")
        if _has_gaps(labels):
            raise InvalidParameterError("test_data['labels'] has a value that is missing or infinite.")
        name, task = test_data.get("dataset_name", "unknown"), test_data.get("task")
        if not isinstance(name, str) or not name.strip():
            raise InvalidParameterError(f"test_data['dataset_name'] must be a name, not {name!r}.")
        if task is not None and task not in _TASKS:
            raise InvalidParameterError(f"test_data['task'] must be one of {', '.join(_TASKS)}, not {task!r}.")
        return cls(test_data["features"], labels, rows, name, task)


def _rows_of(features: Any) -> int:
    try:
        return row_count(features)
    except InvalidParameterError as error:
        raise InvalidParameterError(f"test_data['features'] has a form that models do not take: {error}") from error


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of comparing two models."""

    baseline_metrics: dict[str, float]
    candidate_metrics: dict[str, float]
    improvements: dict[str, float]
    recommendation: Recommendation
    test_dataset: str

    def as_dict(self) -> dict[str, Any]:
        """Return it as `compare_models` promises it."""
        return {
            "baseline_metrics": dict(self.baseline_metrics),
            "candidate_metrics": dict(self.candidate_metrics),
            "improvements": dict(self.improvements),
            "recommendation": self.recommendation,
            "test_dataset": self.test_dataset,
        }


def compare(backend: Backend, baseline_id: str, candidate_id: str, data: TestData) -> Comparison:
    """Load both models from the registry, ask them, and compare what they say.

    Raises:
        InvalidParameterError, ModelNotFoundError, InferenceException, MLflowAuthenticationError, MLflowConnectionError.
    """
    with backend.calling("find the models to compare", HokusaiException):
        versions = [by_id(backend.client, model_id) for model_id in (baseline_id, candidate_id)]
    models = LoadedModels(1)
    baseline, candidate = (_outcome(models.get(backend, version), data) for version in versions)
    task = data.task or task_of(data.labels, [baseline.predictions, candidate.predictions])
    metrics = [
        evaluate(task, data.labels, _fitting(outcome, task, data, model_id))
        for outcome, model_id in ((baseline, baseline_id), (candidate, candidate_id))
    ]
    improvements = improvements_of(*metrics)
    return Comparison(metrics[0], metrics[1], improvements, recommend(improvements), data.name)


def improvements_of(baseline: Mapping[str, float], candidate: Mapping[str, float]) -> dict[str, float]:
    """Return, for every metric that both have, by how much the candidate is better, rounded to six digits.

    The difference; for errors, of which less is better and which have the labels' unit, the share of the greater of the
    two that the difference is, between -1 and 1: halving an error is 0.5, doubling it -0.5.
    """
    return {name: _improvement(name, baseline[name], candidate[name]) for name in baseline if name in candidate}


def _improvement(name: str, before: float, after: float) -> float:
    if name not in ERRORS:
        return rounded(after - before)
    greater = max(before, after)
    return rounded((before - after) / greater) if greater > 0 else 0.0


def recommend(improvements: Mapping[str, float]) -> Recommendation:
    """Apply the rule: any drop below -0.01 REJECT; two or more gains above 0.01 ACCEPT; one REVIEW; else REJECT."""
    if any(change < -_BORDER for change in improvements.values()):
        return "REJECT"
    gains = sum(change > _BORDER for change in improvements.values())
    return "ACCEPT" if gains >= 2 else "REVIEW" if gains == 1 else "REJECT"


def _outcome(loaded: LoadedModel, data: TestData) -> Outcome:
    """Ask a model for predictions, and for scores where it gives any."""
    predictions = _column(ask(loaded, Question(data.features, data.rows)))
    if predictions is None or _has_gaps(predictions):
        raise InferenceException(
            f"{loaded.label} does not predict one number or class (or one score a class) a row: it cannot be compared.",
            remedy="Compare models whose predict gives one value a row, none missing, or one score a row and class.",
        )
    estimator = _mlflow_loaded.classifier(loaded.model)
    if estimator is None:
        return Outcome(predictions)
    scores = _mlflow.require("numpy").asarray(estimator.predict_proba(as_input(data.features, loaded.takes)))
    return Outcome(predictions, scores, tuple(estimator.classes_.tolist()))


def _fitting(outcome: Outcome, task: Task, data: TestData, model_id: str) -> Outcome:
    """Return an outcome whose predictions can be held against the labels: scores become classes, types agree."""
    numpy = _mlflow.require("numpy")
    predicted, labels = outcome.predictions, data.labels
    if task == "regression":
        if predicted.ndim == 1 and predicted.dtype.kind in "biuf" and labels.dtype.kind in "biuf":
            return outcome
        raise _misfit(model_id, "one number a row", data)
    if predicted.ndim == 2:
        classes = outcome.classes or tuple(sorted(set(labels.tolist())))
        if len(classes) != predicted.shape[1]:
            raise _misfit(model_id, f"a score for each of {len(classes)} classes", data)
        best = numpy.asarray(classes, dtype=labels.dtype)[predicted.argmax(axis=1)]
        return Outcome(best, predicted, classes)
    if predicted.dtype.kind == "f" and not (predicted == predicted.round()).all():
        if set(labels.tolist()) <= {0, 1} and ((predicted >= 0) & (predicted <= 1)).all():
            return Outcome((predicted >= 0.5).astype(int), predicted)
        raise _misfit(model_id, "classes", data)
    if (predicted.dtype.kind == "U") != (labels.dtype.kind == "U"):
        raise _misfit(model_id, f"labels such as {labels.tolist()[0]!r}", data)
    return outcome


def _misfit(model_id: str, wanted: str, data: TestData) -> InvalidParameterError:
    return InvalidParameterError(
        f"The model {model_id!r} does not predict {wanted}, as the labels of {data.name!r} ask for.",
        remedy="Give labels of the kind that the model predicts; test_data['task'] says classification or regression.",
    )


def _column(values: Any) -> Any:
    """Return values as an array of one number, text (or row of scores) each; `None` when they are nothing like that."""
    numpy = _mlflow.require("numpy")
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
        return None
    try:
        array = numpy.asarray(values.tolist() if hasattr(values, "tolist") else list(values))
    except ValueError:  # rows of different lengths
        return None
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or array.dtype.kind not in _KINDS or (array.ndim == 2 and array.dtype.kind == "U"):
        return None
    return array


def _has_gaps(values: Any) -> bool:
    """Tell whether a number is missing or infinite."""
    return bool(values.dtype.kind == "f" and not _mlflow.require("numpy").isfinite(values).all())
