"""How good predictions are: labels on one side, predictions and scores on the other, metrics by name.

Pure functions on numpy arrays; no model and no MLflow here. They are computed here and not by scikit-learn, which is
optional: what a comparison says must not depend on what happens to be installed. The definitions are scikit-learn's
(`average="binary"` for the labels 0 and 1, else `"macro"`; `zero_division=0`), and tests hold them against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hokusai import _mlflow

__all__ = ["ERRORS", "Outcome", "Task", "evaluate", "task_of"]

Task = Literal["classification", "regression"]

ERRORS = frozenset({"mae", "mse"})
"""Metrics of which less is better."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model said: one prediction a row, and scores where it has them.

    `scores` is an array of shape (N,), the score of the label 1, or (N, number of classes), of `classes` in order.
    """

    predictions: Any
    scores: Any = None
    classes: tuple[Any, ...] | None = None


def task_of(labels: Any, predictions: list[Any]) -> Task:
    """Tell classification from regression: by the labels, and by what the models predict where labels leave it open.

    Texts and booleans are classes, numbers with a fraction are not. Whole numbers are classes when every model predicts
    whole numbers too, or, for the labels 0 and 1, scores between them.
    """
    if labels.dtype.kind not in "iuf":
        return "classification"
    if not _whole(labels):
        return "regression"
    binary = _is_binary(labels)
    for predicted in predictions:
        if predicted.ndim > 1:
            continue  # a score for each class
        if predicted.dtype.kind in "iuf" and not _whole(predicted) and not (binary and _are_scores(predicted)):
            return "regression"
    return "classification"


def evaluate(task: Task, labels: Any, outcome: Outcome) -> dict[str, float]:
    """Return the metrics of one model, by name, as Python floats.

    Classification: `accuracy`, `precision`, `recall`, `f1_score`, and `auc` where the model gives scores and the labels
    are of at least two classes. Regression: `mae`, `mse`, and `r2` where the labels are not all the same.
    """
    return _regression(labels, outcome.predictions) if task == "regression" else _classification(labels, outcome)


def _regression(labels: Any, predictions: Any) -> dict[str, float]:
    numpy = _mlflow.require("numpy")
    truth, predicted = labels.astype(float), predictions.astype(float)
    residuals = predicted - truth
    metrics = {"mae": float(numpy.mean(numpy.abs(residuals))), "mse": float(numpy.mean(residuals**2))}
    spread = float(numpy.sum((truth - numpy.mean(truth)) ** 2))
    if spread > 0:
        metrics["r2"] = 1.0 - float(numpy.sum(residuals**2)) / spread
    return metrics


def _classification(labels: Any, outcome: Outcome) -> dict[str, float]:
    numpy = _mlflow.require("numpy")
    predictions = outcome.predictions
    classes = [1] if _is_binary(labels) else list(dict.fromkeys([*labels.tolist(), *predictions.tolist()]))
    parts = [_of_class(labels == one, predictions == one) for one in classes]
    precision, recall, f1_score = (float(numpy.mean([part[place] for part in parts])) for place in range(3))
    metrics = {
        "accuracy": float(numpy.mean(labels == predictions)),
        "precision": precision,
        "recall": recall,
        "f1_score": f1_score,
    }
    auc = _auc(labels, outcome)
    if auc is not None:
        metrics["auc"] = auc
    return metrics


def _of_class(truth: Any, predicted: Any) -> tuple[float, float, float]:
    """Return precision, recall and F1 of one class, 0 where they are not defined."""
    hits, said, there = int((truth & predicted).sum()), int(predicted.sum()), int(truth.sum())
    precision = hits / said if said else 0.0
    recall = hits / there if there else 0.0
    return precision, recall, 2 * hits / (said + there) if said + there else 0.0


def _auc(labels: Any, outcome: Outcome) -> float | None:
    """Return the area under the ROC curve: of the label 1, or the mean of each class against the rest."""
    numpy = _mlflow.require("numpy")
    scores = outcome.scores
    if scores is None:
        return None
    if scores.ndim == 1:
        return _area(labels == 1, scores) if _is_binary(labels) else None
    classes = outcome.classes
    if classes is None or len(classes) != scores.shape[1] or not set(labels.tolist()) <= set(classes):
        return None
    if len(classes) == 2:
        return _area(labels == classes[1], scores[:, 1])
    areas = [_area(labels == one, scores[:, place]) for place, one in enumerate(classes)]
    return None if None in areas else float(numpy.mean(areas))


def _area(positive: Any, scores: Any) -> float | None:
    """Return the chance that a positive row has the higher score than a negative one; equal scores count half."""
    numpy = _mlflow.require("numpy")
    ups, downs = int(positive.sum()), int((~positive).sum())
    if not ups or not downs:
        return None
    _, places, counts = numpy.unique(scores, return_inverse=True, return_counts=True)
    ends = numpy.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[places.reshape(-1)]
    return float((ranks[positive].sum() - ups * (ups + 1) / 2) / (ups * downs))


def _whole(values: Any) -> bool:
    return bool(values.dtype.kind in "iu" or (values == values.round()).all())


def _is_binary(values: Any) -> bool:
    """Tell whether all values are 0 or 1 (or False and True)."""
    return bool(values.dtype.kind in "biuf" and ((values == 0) | (values == 1)).all())


def _are_scores(values: Any) -> bool:
    return bool(((values >= 0) & (values <= 1)).all())
