"""`PerformanceTracker.log_contribution_impact` and `get_contributor_impact`: who did what for which model."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

LOG = "PerformanceTracker.log_contribution_impact"
GET = "PerformanceTracker.get_contributor_impact"
CALL_LOG = 'PerformanceTracker().log_contribution_impact("0x...", "fraud-1", {"accuracy": 0.02})'
CALL_GET = 'PerformanceTracker().get_contributor_impact("0x...")'
EXPERIMENT = "hokusai_contributions"
NOTHING = {
    "total_models_improved": 0,
    "total_improvement_score": 0.0,
    "contributions": [],
    "first_contribution": None,
    "last_contribution": None,
}
MALFORMED = ["", "0x123", "ab" * 20, "0x" + "zz" * 20, "0x" + "ab" * 21, None]
FULL = "full"

test_log_contribution_impact_signature = signature_case(LOG, "test_log_contribution_impact_signature")
test_get_contributor_impact_signature = signature_case(GET, "test_get_contributor_impact_signature")


@case(LOG, call=CALL_LOG, criteria=("C6",), writes=True)
def test_contribution_is_recorded(sdk: Sdk, platform: Platform) -> None:
    """A FINISHED run is found by the contributor's address and the model's id; the changes are its metrics."""
    address = platform.address("ann")
    tracker: Any = sdk.PerformanceTracker()
    result = tracker.log_contribution_impact(address, "fraud-1", {"accuracy": 0.02})
    expect.equal(result, None, "what log_contribution_impact returns")
    query = f"tags.contributor_address = '{address.lower()}' and tags.model_id = 'fraud-1'"
    found = [(run.status, run.metrics.get("delta_accuracy")) for run in platform.tracking.runs(EXPERIMENT, query)]
    expect.equal(found, [("FINISHED", 0.02)], f"status and delta_accuracy of the runs in {EXPERIMENT!r}")


@pytest.mark.parametrize("address", MALFORMED)
@case(LOG, call=CALL_LOG, criteria=("C5",), level=FULL, needs=("journal",))
def test_contribution_of_a_malformed_address(sdk: Sdk, platform: Platform, address: Any) -> None:
    """An address that is not `0x` and 40 hexadecimal digits raises InvalidParameterError; nothing is written."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming="address"):
        tracker.log_contribution_impact(address, "fraud-1", {"accuracy": 0.02})
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@pytest.mark.parametrize("delta", [{}, {"accuracy": "much"}, None, "much"])
@case(LOG, call=CALL_LOG, criteria=("C5",), level=FULL, needs=("journal",))
def test_contribution_that_is_no_number(sdk: Sdk, platform: Platform, delta: Any) -> None:
    """A delta without numbers raises InvalidParameterError; nothing is written."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming="delta"):
        tracker.log_contribution_impact(platform.address("ann"), "fraud-1", delta)
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@case(LOG, call=CALL_LOG, criteria=("C4",), level=FULL, writes=True, needs=("package:mlflow",))
def test_contribution_leaves_the_caller_alone(sdk: Sdk, platform: Platform) -> None:
    """Neither the caller's dict nor the caller's active run is touched."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    mine, delta = platform.tracking.create_run(), {"accuracy": 0.02}
    sdk.ModelRegistry()  # authenticates MLflow's own calls
    with mlflow.start_run(run_id=mine.id):
        sdk.PerformanceTracker().log_contribution_impact(platform.address("ann"), "fraud-1", delta)
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.equal(delta, {"accuracy": 0.02}, "the caller's dict after the call")
    expect.equal(dict(platform.tracking.run(mine.id).metrics), {}, "the metrics of the user's own run")


@case(LOG, call=CALL_LOG, criteria=("C2", "C5"), level=FULL, needs=("scenarios", "registry-role"))
def test_contribution_that_cannot_be_recorded(sdk: Sdk, platform: Platform) -> None:
    """A refused key is raised with the incident's code, the status and what to do."""
    tracker = sdk.PerformanceTracker()
    platform.play("auth.admin_required")
    refused = expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    )
    with refused:
        tracker.log_contribution_impact(platform.address("ann"), "fraud-1", {"accuracy": 0.02})


@case(GET, call=CALL_GET, criteria=("C1", "C6"), level=FULL)
def test_impact_of_nobody(sdk: Sdk, platform: Platform) -> None:
    """Where nothing was logged every number is 0, the list empty and both moments None."""
    impact = sdk.PerformanceTracker().get_contributor_impact(platform.address("nobody"))
    expect.equal(impact, NOTHING, "the impact")


@case(GET, call=CALL_GET, criteria=("C6",), writes=True)
def test_impact_adds_up(sdk: Sdk, platform: Platform) -> None:
    """Models and scores are those that were logged; a model that got worse is not improved."""
    tracker, ann = sdk.PerformanceTracker(), platform.address("ann")
    tracker.log_contribution_impact(ann, "fraud-1", {"accuracy": 0.02, "recall": 0.01})
    tracker.log_contribution_impact(ann, "fraud-1", {"accuracy": 0.01})
    tracker.log_contribution_impact(ann, "churn-1", {"accuracy": 0.1})
    tracker.log_contribution_impact(ann, "spam-1", {"accuracy": -0.04})
    impact = tracker.get_contributor_impact(ann)
    totals = (impact["total_models_improved"], impact["total_improvement_score"], len(impact["contributions"]))
    expect.equal(totals, (2, 0.1, 4), "models improved, score, number of contributions")


@case(GET, call=CALL_GET, criteria=("C6",), level=FULL, writes=True)
def test_impact_begins_with_the_oldest(sdk: Sdk, platform: Platform) -> None:
    """Contributions stand oldest first; the first and the last moment are theirs."""
    tracker, ann = sdk.PerformanceTracker(), platform.address("ann")
    for number in range(3):
        tracker.log_contribution_impact(ann, f"fraud-{number}", {"accuracy": 0.01})
    impact = tracker.get_contributor_impact(ann)
    entries = impact["contributions"]
    models = [(entry["model_id"], entry["delta"], entry["improvement_score"]) for entry in entries]
    wanted = [(f"fraud-{number}", {"accuracy": 0.01}, 0.01) for number in range(3)]
    expect.equal(models, wanted, "model_id, delta and improvement_score of the contributions")
    moments = [entry["timestamp"] for entry in entries]
    expect.equal([impact["first_contribution"], impact["last_contribution"]], [moments[0], moments[-1]], "the moments")
    expect.equal(moments, sorted(moments), "the moments, oldest first")


@case(GET, call=CALL_GET, criteria=("C6",), level=FULL, writes=True)
def test_impact_is_of_one_contributor(sdk: Sdk, platform: Platform) -> None:
    """What others contributed does not count; upper and lower case of an address are the same contributor."""
    tracker, ann, bob = sdk.PerformanceTracker(), platform.address("ann"), platform.address("bob")
    tracker.log_contribution_impact(ann, "fraud-1", {"accuracy": 0.02})
    tracker.log_contribution_impact("0x" + bob[2:].upper(), "fraud-1", {"accuracy": 0.5})
    asked = (ann, "0x" + ann[2:].upper(), bob.lower())
    scores = [tracker.get_contributor_impact(one)["total_improvement_score"] for one in asked]
    expect.equal(scores, [0.02, 0.02, 0.5], "the scores of ann, ann in upper case, and bob")


@pytest.mark.parametrize("address", MALFORMED)
@case(GET, call=CALL_GET, criteria=("C5",), level=FULL)
def test_impact_of_a_malformed_address(sdk: Sdk, platform: Platform, address: Any) -> None:  # noqa: ARG001
    """An address that is not `0x` and 40 hexadecimal digits raises InvalidParameterError that names the parameter."""
    with expect.raises(sdk, "InvalidParameterError", naming="contributor_address"):
        sdk.PerformanceTracker().get_contributor_impact(address)


@case(GET, call=CALL_GET, criteria=("C6",), level=FULL, needs=("journal",))
def test_impact_writes_nothing(sdk: Sdk, platform: Platform) -> None:
    """Reading creates neither an experiment nor a run."""
    sdk.PerformanceTracker().get_contributor_impact(platform.address("nobody"))
    expect.nothing_sent(platform, lambda entry: entry["path"].endswith(("/create", "/log-batch", "/set-tag")))


@case(GET, call=CALL_GET, criteria=("C5",), level=FULL, needs=("scenarios",))
def test_impact_in_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; it never looks like a contributor without contributions."""
    tracker = sdk.PerformanceTracker()
    platform.play("gateway.lb_error", status=503)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an implementation may say that it falls back; reading cannot
        with expect.raises(sdk, "MLflowConnectionError", code="C03", status_code=503, remedy=True):
            tracker.get_contributor_impact(platform.address("ann"))
