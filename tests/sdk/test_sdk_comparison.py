"""Comparing models: the numbers against scikit-learn, the rule at its borders, and what real models predict."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import math
from typing import Any

import pytest

from hokusai import ExperimentManager, ModelRegistry
from hokusai.exceptions import InferenceException, InvalidParameterError, ModelNotFoundError
from hokusai.tracking._comparison import improvements_of, recommend
from hokusai.tracking._evaluation import Outcome, evaluate, task_of
from hokusai_mock import Sandbox

numpy = pytest.importorskip("numpy", reason="comparing loads models, which needs numpy")
metrics = pytest.importorskip("sklearn.metrics", reason="the numbers are held against scikit-learn's")


def random(seed: int) -> Any:
    return numpy.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(5))
def test_two_classes_are_judged_as_scikit_learn_judges_them(seed: int) -> None:
    labels, scores = random(seed).integers(0, 2, 60), random(seed + 100).integers(0, 8, 60) / 8
    predicted = (scores >= 0.5).astype(int)
    found = evaluate("classification", labels, Outcome(predicted, scores))
    assert found == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "precision": metrics.precision_score(labels, predicted, zero_division=0),
            "recall": metrics.recall_score(labels, predicted, zero_division=0),
            "f1_score": metrics.f1_score(labels, predicted, zero_division=0),
            "auc": metrics.roc_auc_score(labels, scores),
        }
    )
    assert {type(value) for value in found.values()} == {float}


@pytest.mark.parametrize("seed", range(5))
def test_several_classes_are_judged_as_scikit_learn_judges_them(seed: int) -> None:
    names = numpy.asarray(["ant", "bee", "cow"])
    labels, scores = names[random(seed).integers(0, 3, 60)], random(seed + 100).dirichlet([1, 1, 1], 60)
    predicted = names[scores.argmax(axis=1)]
    found = evaluate("classification", labels, Outcome(predicted, scores, ("ant", "bee", "cow")))
    averaged = {"average": "macro", "zero_division": 0}
    assert found == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "precision": metrics.precision_score(labels, predicted, **averaged),
            "recall": metrics.recall_score(labels, predicted, **averaged),
            "f1_score": metrics.f1_score(labels, predicted, **averaged),
            "auc": metrics.roc_auc_score(labels, scores, multi_class="ovr", labels=["ant", "bee", "cow"]),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_judged_as_scikit_learn_judges_them(seed: int) -> None:
    labels, predicted = random(seed).normal(size=40), random(seed + 100).normal(size=40)
    assert evaluate("regression", labels, Outcome(predicted)) == pytest.approx(
        {
            "mae": metrics.mean_absolute_error(labels, predicted),
            "mse": metrics.mean_squared_error(labels, predicted),
            "r2": metrics.r2_score(labels, predicted),
        }
    )


def test_what_is_not_defined_is_left_out() -> None:
    ones, halves = numpy.ones(3, dtype=int), numpy.full(3, 0.5)
    assert "auc" not in evaluate("classification", ones, Outcome(ones, halves))
    assert "auc" not in evaluate("classification", numpy.asarray([0, 1, 1]), Outcome(ones))
    assert set(evaluate("regression", numpy.full(3, 2.5), Outcome(halves))) == {"mae", "mse"}


def test_a_class_that_is_never_predicted_counts_as_zero() -> None:
    found = evaluate("classification", numpy.asarray([1, 1, 0]), Outcome(numpy.asarray([0, 0, 0])))
    assert found == pytest.approx({"accuracy": 1 / 3, "precision": 0.0, "recall": 0.0, "f1_score": 0.0})


@pytest.mark.parametrize(
    ("labels", "predictions", "task"),
    [
        (["a", "b"], ["a", "a"], "classification"),
        ([True, False], [True, True], "classification"),
        ([0, 1], [1, 1], "classification"),
        ([0, 1], [0.2, 0.9], "classification"),
        ([0, 2], [2.0, 0.0], "classification"),
        ([0, 1], [0.2, 1.4], "regression"),
        ([0, 2], [0.2, 0.9], "regression"),
        ([0.5, 1.0], [1, 1], "regression"),
    ],
)
def test_the_task_is_told_by_labels_and_predictions(labels: list[Any], predictions: list[Any], task: str) -> None:
    assert task_of(numpy.asarray(labels), [numpy.asarray(predictions)]) == task


@pytest.mark.parametrize(
    ("changes", "recommendation"),
    [
        ([0.02, 0.02], "ACCEPT"),
        ([0.02, 0.010001], "ACCEPT"),
        ([0.02, 0.01], "REVIEW"),
        ([0.010001], "REVIEW"),
        ([0.01, 0.01, 0.01], "REJECT"),
        ([0.02, 0.02, -0.01], "ACCEPT"),
        ([0.02, 0.02, -0.010001], "REJECT"),
        ([0.0], "REJECT"),
        ([], "REJECT"),
    ],
)
def test_the_rule_at_its_borders(changes: list[float], recommendation: str) -> None:
    assert recommend({str(place): change for place, change in enumerate(changes)}) == recommendation


def test_what_floats_cannot_hold_does_not_move_a_border() -> None:
    found = improvements_of({"recall": 1.0, "accuracy": 0.85}, {"recall": 0.99, "accuracy": 0.86, "auc": 1.0})
    assert found == {"recall": -0.01, "accuracy": 0.01}
    assert recommend(found) == "REJECT"


@pytest.mark.parametrize(
    ("before", "after", "improvement"), [(2.0, 1.0, 0.5), (1.0, 2.0, -0.5), (0.0, 0.0, 0.0), (0.0, 3.0, -1.0)]
)
def test_an_error_improves_by_the_share_of_the_greater_one(before: float, after: float, improvement: float) -> None:
    assert improvements_of({"mae": before}, {"mae": after}) == {"mae": improvement}


# --- real models ------------------------------------------------------------------------------------------------------

ROWS = [[float(place), float(place % 7)] for place in range(40)]
LABELS = [int(first >= 20) for first, _ in ROWS]


def register(registry: ModelRegistry, model: Any) -> str:
    return registry.register_baseline(model, model_name="compared").model_id


def good() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000).fit(ROWS, LABELS)


def poor() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit([[0.0, row[1]] for row in ROWS], LABELS)


def test_estimators_are_compared_by_what_they_predict_and_by_their_scores(registry: ModelRegistry) -> None:
    ids = register(registry, poor()), register(registry, good())
    found = ExperimentManager(registry).compare_models(*ids, {"features": ROWS, "labels": LABELS, "dataset_name": "d"})
    area = metrics.roc_auc_score(LABELS, good().predict_proba(ROWS)[:, 1])
    assert found["candidate_metrics"]["auc"] == pytest.approx(area)
    assert found["baseline_metrics"]["accuracy"] == pytest.approx(poor().score(ROWS, LABELS))
    assert (found["recommendation"], found["test_dataset"]) == ("ACCEPT", "d")


def test_a_task_that_is_said_is_not_guessed(registry: ModelRegistry) -> None:
    def rounds(rows: list[list[float]]) -> list[int]:
        return [round(row[0]) for row in rows]

    model_id = register(registry, rounds)
    data = {"features": [[1.2], [2.0]], "labels": [1, 2]}
    manager = ExperimentManager(registry)
    assert "accuracy" in manager.compare_models(model_id, model_id, data)["baseline_metrics"]
    assert "mae" in manager.compare_models(model_id, model_id, {**data, "task": "regression"})["baseline_metrics"]


def test_models_in_the_local_store_are_compared_too_and_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    registry = ModelRegistry()
    ids = register(registry, lambda rows: [0 for _ in rows]), register(registry, lambda rows: [1 for _ in rows])
    manager = ExperimentManager(registry)
    found = manager.compare_models(*ids, {"features": [[1.0]] * 4, "labels": [1, 1, 1, 0]})
    assert found["improvements"] == {"accuracy": 0.5, "precision": 0.75, "recall": 1.0, "f1_score": 0.857143}
    (entry,) = manager.get_experiment_history(ids[0])
    assert (entry["candidate_model"], entry["improvement"]) == (ids[1], 0.776786)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"labels": LABELS[1:]}, "39 labels"),
        ({"labels": [float("nan")] * 40}, "missing or infinite"),
        ({"labels": [[1, 0]] * 40}, "labels"),
        ({"labels": "01" * 20}, "labels"),
        ({"features": [], "labels": []}, "0 rows"),
        ({"features": 5}, "test_data..features"),
        ({"dataset_name": ""}, "dataset_name"),
        ({"task": "guess"}, "classification, regression"),
        ({"labels": None, "label": LABELS}, "'label'"),
    ],
)
def test_malformed_test_data_are_refused_before_anything_is_asked(
    registry: ModelRegistry, platform: Sandbox, change: dict[str, Any], named: str
) -> None:
    manager = ExperimentManager(registry)
    asked = len(platform.calls())
    with pytest.raises(InvalidParameterError, match=named):
        manager.compare_models("a", "b", {"features": ROWS, "labels": LABELS, **change})
    assert len(platform.calls()) == asked


def test_labels_that_do_not_fit_what_a_model_predicts_are_named(registry: ModelRegistry, platform: Sandbox) -> None:
    model_id = register(registry, good())
    manager = ExperimentManager(registry)
    with pytest.raises(InvalidParameterError, match=f"{model_id}.*labels such as 'yes'"):
        manager.compare_models(model_id, model_id, {"features": ROWS, "labels": ["yes"] * 40})
    other = register(registry, lambda rows: [row[0] for row in rows])
    with pytest.raises(InvalidParameterError, match="classes"):
        manager.compare_models(other, other, {"features": [[0.5]], "labels": [7], "task": "classification"})
    assert manager.get_experiment_history() == []


def test_a_model_that_predicts_nothing_comparable_is_named(registry: ModelRegistry) -> None:
    for answer in (math.nan, None, {"label": 1}):
        model_id = register(registry, lambda rows, answer=answer: [answer for _ in rows])
        with pytest.raises(InferenceException, match="compared"):
            ExperimentManager(registry).compare_models(model_id, model_id, {"features": [[1.0]], "labels": [1]})


def test_an_id_that_nobody_has_is_named_with_the_nearest(registry: ModelRegistry) -> None:
    model_id = register(registry, good())
    with pytest.raises(ModelNotFoundError, match=model_id):
        ExperimentManager(registry).compare_models(model_id + "x", model_id, {"features": ROWS, "labels": LABELS})
