"""`ExperimentManager.compare_models`: real models, real test data, computed numbers, the documented rule."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.comparing import Counts, arrange_models, data_of, labelled, metrics_of, nearly
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

METHOD = "ExperimentManager.compare_models"
CALL = 'ExperimentManager().compare_models("fraud-1", "fraud-2", {"features": rows, "labels": labels})'
MODELS = ("package:mlflow", "package:pandas")
FULL = "full"

PERFECT = Counts(100, 0, 0, 100)

test_compare_models_signature = signature_case(METHOD, "test_compare_models_signature")


def _manager(sdk: Sdk, platform: Platform) -> Any:
    return sdk.ExperimentManager(platform.name("comparisons"))


def _compared(sdk: Sdk, platform: Platform, data: dict[str, Any]) -> dict[str, Any]:
    pair = arrange_models(platform)
    found: dict[str, Any] = _manager(sdk, platform).compare_models(pair.baseline, pair.candidate, data)
    return found


@case(METHOD, call=CALL, criteria=("C1", "C6"), writes=True, needs=MODELS)
def test_comparison_metrics_are_computed(sdk: Sdk, platform: Platform) -> None:
    """Accuracy, precision, recall and F1 of both models are what the models really got right; no score, no `auc`."""
    before, after = Counts(60, 40, 30, 70), Counts(90, 10, 5, 95)
    found = _compared(sdk, platform, data_of(before, after))
    for name, counts in (("baseline_metrics", before), ("candidate_metrics", after)):
        wanted = metrics_of(counts)
        expect.that(nearly(found[name], wanted), f"{name}: {wanted}", found[name])


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_improvements_are_differences(sdk: Sdk, platform: Platform) -> None:
    """An improvement is the candidate's metric minus the baseline's, rounded to six digits."""
    before, after = Counts(60, 40, 30, 70), Counts(90, 10, 5, 95)
    found = _compared(sdk, platform, data_of(before, after))
    old, new = metrics_of(before), metrics_of(after)
    wanted = {name: round(new[name] - old[name], 6) for name in old}
    expect.equal(found["improvements"], wanted, "the improvements")


RULE = {
    "two_gains": (Counts(98, 2, 0, 100), PERFECT, "ACCEPT"),
    "one_gain": (Counts(98, 2, 50, 150), Counts(100, 0, 50, 150), "REVIEW"),
    "a_gain_of_0.01_is_none": (Counts(99, 1, 0, 100), PERFECT, "REJECT"),
    "no_change": (PERFECT, PERFECT, "REJECT"),
    "a_drop_of_0.01_is_none": (Counts(100, 0, 50, 50), Counts(99, 1, 0, 100), "ACCEPT"),
    "one_drop_outweighs_gains": (Counts(100, 0, 50, 50), Counts(98, 2, 0, 100), "REJECT"),
}


@pytest.mark.parametrize("rule", RULE)
@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_recommendation(sdk: Sdk, platform: Platform, rule: str) -> None:
    """Any drop below -0.01: REJECT; two or more gains above 0.01: ACCEPT; one: REVIEW; else REJECT."""
    before, after, recommendation = RULE[rule]
    found = _compared(sdk, platform, data_of(before, after))
    expect.equal(found["recommendation"], recommendation, f"the recommendation for {found['improvements']}")


@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True, needs=MODELS)
def test_comparison_names_the_data_set(sdk: Sdk, platform: Platform) -> None:
    """`test_dataset` is the `dataset_name` of the test data."""
    found = _compared(sdk, platform, data_of(PERFECT, PERFECT, "holdout-2026"))
    expect.equal(found["test_dataset"], "holdout-2026", "test_dataset")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_auc_where_there_are_scores(sdk: Sdk, platform: Platform) -> None:
    """Models that answer scores between 0 and 1 are compared by `auc` too; equal scores count half."""
    rows = [[0.9, 0.9], [0.4, 0.8], [0.4, 0.3], [0.1, 0.2]]
    found = _compared(sdk, platform, labelled(rows, [1, 1, 0, 0]))
    areas = [found[name].get("auc") for name in ("baseline_metrics", "candidate_metrics")]
    expect.equal(areas, [0.875, 1.0], "auc of baseline and candidate")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_of_numbers(sdk: Sdk, platform: Platform) -> None:
    """Models that predict numbers are compared by `mae`, `mse` and `r2`; a smaller error is an improvement."""
    found = _compared(sdk, platform, labelled([[2.5, 1.5], [3.5, 2.5], [0.5, 3.5]], [1.5, 2.5, 3.5]))
    wanted = {"mae": 5 / 3, "mse": 11 / 3, "r2": 1 - 11 / 2}
    expect.that(nearly(found["baseline_metrics"], wanted), f"baseline_metrics: {wanted}", found["baseline_metrics"])
    perfect = {"mae": 0.0, "mse": 0.0, "r2": 1.0}
    expect.that(nearly(found["candidate_metrics"], perfect), f"candidate: {perfect}", found["candidate_metrics"])
    expect.equal(found["improvements"], {"mae": 1.0, "mse": 1.0, "r2": 5.5}, "the improvements")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_of_several_classes(sdk: Sdk, platform: Platform) -> None:
    """With more than two classes precision, recall and F1 are the means over the classes."""
    found = _compared(sdk, platform, labelled([[0, 0], [0, 1], [1, 2], [1, 2]], [0, 1, 2, 2]))
    wanted = {"accuracy": 0.25, "precision": 1 / 6, "recall": 1 / 3, "f1_score": 2 / 9}
    expect.that(nearly(found["baseline_metrics"], wanted), f"baseline_metrics: {wanted}", found["baseline_metrics"])


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_of_texts(sdk: Sdk, platform: Platform) -> None:
    """Labels may be texts."""
    found = _compared(sdk, platform, labelled([["ham", "ham"], ["ham", "spam"]], ["ham", "spam"]))
    accuracies = [found[name]["accuracy"] for name in ("baseline_metrics", "candidate_metrics")]
    expect.equal(accuracies, [0.5, 1.0], "accuracy of baseline and candidate")


@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True, needs=MODELS)
def test_comparison_takes_a_table(sdk: Sdk, platform: Platform) -> None:
    """Features may be a DataFrame and labels a Series."""
    import pandas  # noqa: PLC0415 - heavy, and only here

    data = data_of(Counts(1, 1, 1, 1), Counts(2, 0, 0, 2))
    frame = pandas.DataFrame(data["features"], columns=["first", "second"])
    found = _compared(sdk, platform, {"features": frame, "labels": pandas.Series(data["labels"])})
    expect.equal(found["candidate_metrics"]["accuracy"], 1.0, "the candidate's accuracy")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_is_recorded(sdk: Sdk, platform: Platform) -> None:
    """The comparison is a FINISHED run in the manager's experiment."""
    _compared(sdk, platform, data_of(PERFECT, PERFECT))
    runs = platform.tracking.runs(platform.name("comparisons"))
    expect.equal([run.status for run in runs], ["FINISHED"], "the status of the runs in the manager's experiment")


@case(METHOD, call=CALL, criteria=("C5",), writes=True, needs=MODELS)
def test_comparison_with_an_unknown_model(sdk: Sdk, platform: Platform) -> None:
    """An id that no registered model has raises ModelNotFoundError, which names it; nothing is recorded."""
    pair = arrange_models(platform)
    unknown = platform.name("nobody")
    with expect.raises(sdk, "ModelNotFoundError", naming=unknown):
        _manager(sdk, platform).compare_models(pair.baseline, unknown, data_of(PERFECT, PERFECT))
    expect.equal(platform.tracking.runs(platform.name("comparisons")), [], "the recorded comparisons")


@pytest.mark.parametrize("missing", ["features", "labels"])
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("journal",))
def test_comparison_without_data(sdk: Sdk, platform: Platform, missing: str) -> None:
    """Test data that lack features or labels raise InvalidParameterError, which names the key; nothing is written."""
    data = data_of(PERFECT, PERFECT)
    del data[missing]
    manager = _manager(sdk, platform)
    with expect.raises(sdk, "InvalidParameterError", naming=missing):
        manager.compare_models("a", "b", data)
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("journal",))
def test_comparison_with_labels_that_do_not_fit(sdk: Sdk, platform: Platform) -> None:
    """Another number of labels than of rows raises InvalidParameterError."""
    manager = _manager(sdk, platform)
    with expect.raises(sdk, "InvalidParameterError", naming="labels"):
        manager.compare_models("a", "b", {"features": [[0, 0], [1, 1]], "labels": [1]})


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=MODELS)
def test_comparison_leaves_the_data_alone(sdk: Sdk, platform: Platform) -> None:
    """The caller's test data are not changed."""
    data = data_of(Counts(1, 1, 1, 1), Counts(2, 0, 0, 2), "mine")
    before = copy.deepcopy(data)
    _compared(sdk, platform, data)
    expect.equal(data, before, "the test data after the call")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=MODELS)
def test_comparison_leaves_the_active_run_alone(sdk: Sdk, platform: Platform) -> None:
    """The user's active run stays active, and nothing of the comparison is written to it."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    pair, mine = arrange_models(platform), platform.tracking.create_run()
    manager = _manager(sdk, platform)
    sdk.ModelRegistry()  # authenticates MLflow's own calls
    with mlflow.start_run(run_id=mine.id):
        manager.compare_models(pair.baseline, pair.candidate, data_of(PERFECT, PERFECT))
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.equal(dict(platform.tracking.run(mine.id).metrics), {}, "the metrics of the user's own run")


@case(METHOD, call=CALL, criteria=("C2",), level=FULL, writes=True, needs=("journal", "platform", *MODELS))
def test_comparison_carries_the_key(sdk: Sdk, platform: Platform) -> None:
    """Every request, downloads of models too, reaches the platform with the key as a bearer token."""
    _compared(sdk, platform, data_of(PERFECT, PERFECT))
    expect.authenticated_with_one_key(platform)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=("scenarios", *MODELS))
def test_comparison_in_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError: no recommendation is made up."""
    pair = arrange_models(platform)
    manager = _manager(sdk, platform)
    platform.play("gateway.lb_error", status=503)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an implementation may say that it falls back; reading cannot
        with expect.raises(sdk, "MLflowConnectionError", status_code=503, remedy=True):
            manager.compare_models(pair.baseline, pair.candidate, data_of(PERFECT, PERFECT))


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_comparison_prints_nothing(sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to stdout."""
    _compared(sdk, platform, data_of(PERFECT, PERFECT))
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")
