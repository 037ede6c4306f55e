"""`PerformanceTracker.track_improvement`: the delta, and an attestation whose hash anyone can compute again."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.wire import Run

METHOD = "PerformanceTracker.track_improvement"
CALL = 'PerformanceTracker().track_improvement({"accuracy": 0.85}, {"accuracy": 0.87}, {"contributor": "ann"})'
EXPERIMENT = "hokusai_improvements"
BEFORE, AFTER = {"accuracy": 0.85, "loss": 0.5}, {"accuracy": 0.87, "loss": 0.4, "speed": 3.0}
FULL = "full"

test_track_improvement_signature = signature_case(METHOD, "test_track_improvement_signature")


def _contribution(platform: Platform) -> dict[str, Any]:
    return {
        "contributor_id": "ann",
        "contributor_address": platform.address("ann"),
        "dataset_hash": "0xfeed",
        "data_size": 500,
        "quality_score": 0.9,
    }


def _attestation(sdk: Sdk, contribution: dict[str, Any], before: Any = None, after: Any = None) -> dict[str, Any]:
    _, attestation = sdk.PerformanceTracker().track_improvement(before or BEFORE, after or AFTER, contribution)
    return attestation


def _run_of(platform: Platform, attestation: dict[str, Any]) -> Run:
    """Find the recorded run as a user would: by the hash of the attestation."""
    query = f"tags.attestation_hash = '{attestation['attestation_hash']}'"
    runs = platform.tracking.runs(EXPERIMENT, query)
    if len(runs) != 1:
        expected = f"one run in {EXPERIMENT!r} with the attestation's hash as the tag attestation_hash"
        actual = f"{len(runs)} runs; the experiments are {platform.tracking.experiment_names()}"
        raise ContractViolation("wrong-result", expected=expected, actual=actual)
    return runs[0]


@case(METHOD, call=CALL, criteria=("C1", "C6"), writes=True)
def test_improvement_delta(sdk: Sdk, platform: Platform) -> None:
    """The delta is improved minus baseline, for the metrics of the baseline, rounded to six digits."""
    before, after = (
        {"accuracy": 0.1, "loss": 0.5, "auroc": 1 / 3},
        {"accuracy": 0.3, "loss": 0.4, "auroc": 0.5, "x": 1.0},
    )
    result: Any = sdk.PerformanceTracker().track_improvement(before, after, _contribution(platform))
    expect.that(isinstance(result, tuple) and len(result) == 2, "a tuple (delta, attestation)", result)
    expect.equal(result[0], {"accuracy": 0.2, "loss": -0.1, "auroc": 0.166667}, "the delta")


@case(METHOD, call=CALL, criteria=("C1", "C6"), level=FULL, writes=True)
def test_attestation_fields(sdk: Sdk, platform: Platform) -> None:
    """The attestation has the documented fields, with what the caller said about the contribution."""
    contribution = _contribution(platform)
    attestation = _attestation(sdk, contribution)
    named = {name: attestation.get(name) for name in ("version", "delta_metrics", "contributor_info")}
    wanted = {
        "version": "1.0",
        "delta_metrics": {"accuracy": 0.02, "loss": -0.1},
        "contributor_info": {"id": "ann", "address": contribution["contributor_address"]},
    }
    expect.equal(named, wanted, "version, delta_metrics and contributor_info")
    data = {"dataset_hash": "0xfeed", "data_size": 500, "quality_score": 0.9}
    expect.equal(attestation.get("data_contribution"), data, "data_contribution")
    expect.that("signature" in attestation, "there is a field signature", sorted(attestation))
    moment = str(attestation.get("timestamp"))
    fits = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)
    expect.that(fits, "timestamp is ISO 8601 in UTC, with a Z", moment)


@case(METHOD, call=CALL, criteria=("C6",), writes=True)
def test_attestation_hash_can_be_recomputed(sdk: Sdk, platform: Platform) -> None:
    """The hash is `0x` and the SHA-256 of the attestation without hash and signature, as JSON with sorted keys."""
    attestation = _attestation(sdk, _contribution(platform))
    covered = {name: value for name, value in attestation.items() if name not in ("attestation_hash", "signature")}
    wanted = "0x" + hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()
    expect.equal(attestation["attestation_hash"], wanted, "attestation_hash")


@pytest.mark.parametrize("change", [0.02, -0.02, 0.012345])
@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_attestation_deltaone_value(sdk: Sdk, platform: Platform, change: float) -> None:
    """A change of accuracy counts in percentage points, with two digits, and never less than 0."""
    after = {"accuracy": 0.5 + change}
    attestation = _attestation(sdk, _contribution(platform), {"accuracy": 0.5}, after)
    expect.equal(attestation["deltaone_value"], round(max(0.0, change * 100), 2), f"deltaone_value of {change}")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_attestation_deltaone_weights(sdk: Sdk, platform: Platform) -> None:
    """Each metric counts with its weight, metrics without one do not count."""
    before = dict.fromkeys(("accuracy", "auroc", "f1_score", "precision", "recall", "loss"), 0.5)
    after = dict.fromkeys(before, 0.6)
    attestation = _attestation(sdk, _contribution(platform), before, after)
    expect.equal(attestation["deltaone_value"], 41.0, "deltaone_value of ten points in each")


STYLES = ("contributor", "contributor_id", "contributor_address", "contributor as address")


@pytest.mark.parametrize("style", STYLES)
@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True)
def test_contributor_by_any_name(sdk: Sdk, platform: Platform, style: str) -> None:
    """`contributor` names the contributor as well as `contributor_id`, or gives the address."""
    key, _, kind = style.partition(" ")
    is_address = bool(kind) or key == "contributor_address"
    value = platform.address("ann") if is_address else "ann"
    info = _attestation(sdk, {key: value, "data_size": 5})["contributor_info"]
    expect.equal(info["address" if is_address else "id"], value, f"the contributor of {{{key!r}: {value!r}}}")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_is_recorded(sdk: Sdk, platform: Platform) -> None:
    """A FINISHED run in `hokusai_improvements` has the attestation's hash as a tag, and the delta as metrics."""
    run = _run_of(platform, _attestation(sdk, _contribution(platform)))
    expect.equal(run.status, "FINISHED", "the status of the run")
    recorded = {name: run.metrics.get(f"delta_{name}") for name in ("accuracy", "loss")}
    expect.equal(recorded, {"accuracy": 0.02, "loss": -0.1}, "the metrics delta_<name>")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_attestation_is_kept_as_a_file(sdk: Sdk, platform: Platform) -> None:
    """The artifact `attestation.json` of the run is the attestation that was returned."""
    attestation = _attestation(sdk, _contribution(platform))
    kept = json.loads(platform.tracking.download(_run_of(platform, attestation), "attestation.json"))
    expect.equal(kept, attestation, "attestation.json")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("journal",))
def test_improvement_lacks_a_metric(sdk: Sdk, platform: Platform) -> None:
    """A metric that was not measured again raises InvalidParameterError, which names it; nothing is written."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming="loss"):
        tracker.track_improvement(BEFORE, {"accuracy": 0.9}, {"contributor": "ann"})
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


WRONG = {
    "empty": {},
    "no_dict": [0.5],
    "nothing": None,
    "text": {"accuracy": "0.85"},
    "boolean": {"accuracy": True},
    "missing": {"accuracy": None},
    "nan": {"accuracy": float("nan")},
}


@pytest.mark.parametrize("wrong", WRONG)
@case(METHOD, call=CALL, criteria=("C5",), level=FULL)
def test_improvement_of_what_is_no_metrics(sdk: Sdk, platform: Platform, wrong: str) -> None:
    """Metrics that are empty, no dict or no finite numbers raise InvalidParameterError that names the parameter."""
    tracker: Any = sdk.PerformanceTracker()
    for name, before, after in (
        ("baseline_metrics", WRONG[wrong], {"accuracy": 0.5}),
        ("improved_metrics", {"accuracy": 0.5}, WRONG[wrong]),
    ):
        with expect.raises(sdk, "InvalidParameterError", naming=name):
            tracker.track_improvement(before, after, _contribution(platform))


@pytest.mark.parametrize("address", ["0x123", "ab" * 21, "0x" + "zz" * 20, "0x" + "ab" * 20 + "\n"])
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("journal",))
def test_improvement_with_a_malformed_address(sdk: Sdk, platform: Platform, address: str) -> None:
    """An address that is not `0x` and 40 hexadecimal digits raises InvalidParameterError; nothing is written."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming="contributor_address"):
        tracker.track_improvement(BEFORE, AFTER, {"contributor_address": address})
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True)
def test_improvement_leaves_dicts_alone(sdk: Sdk, platform: Platform) -> None:
    """None of the caller's dicts is changed, and the result shares nothing with them."""
    given = (dict(BEFORE), dict(AFTER), _contribution(platform))
    before = copy.deepcopy(given)
    _, attestation = sdk.PerformanceTracker().track_improvement(*given)
    expect.equal(given, before, "the three dicts after the call")
    given[2]["data_size"] = 0
    expect.equal(attestation["data_contribution"]["data_size"], 500, "data_size after the caller changed the own dict")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=("package:mlflow",))
def test_improvement_leaves_the_active_run_alone(sdk: Sdk, platform: Platform) -> None:
    """The user's active run stays active, and nothing of the improvement is written to it."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    mine = platform.tracking.create_run()
    sdk.ModelRegistry()  # authenticates MLflow's own calls
    with mlflow.start_run(run_id=mine.id):
        attestation = _attestation(sdk, _contribution(platform))
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.equal(dict(platform.tracking.run(mine.id).metrics), {}, "the metrics of the user's own run")
    _run_of(platform, attestation)


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=("package:mlflow",))
def test_improvement_leaves_no_run_active(sdk: Sdk, platform: Platform) -> None:
    """Tracking outside of a run leaves no run active."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    _attestation(sdk, _contribution(platform))
    expect.that(mlflow.active_run() is None, "no run is active", mlflow.active_run())


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, needs=("scenarios", "registry-role"))
def test_improvement_that_cannot_be_recorded(sdk: Sdk, platform: Platform) -> None:
    """A refused key is raised with the incident's code, the status and what to do; it is not swallowed."""
    platform.play("auth.admin_required")
    refused = expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    )
    with refused:
        _attestation(sdk, _contribution(platform))


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_improvement_prints_nothing(sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to stdout."""
    _attestation(sdk, _contribution(platform))
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")
