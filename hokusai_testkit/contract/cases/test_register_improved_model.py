"""`ModelRegistry.register_improved_model`. Baselines are arranged, and versions looked at, by raw HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import linear_model
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import arrange_version
from hokusai_testkit.contract.wire import ModelVersion

METHOD = "ModelRegistry.register_improved_model"
CALL = 'ModelRegistry().register_improved_model(model, "fraud-1", {"accuracy": 0.02}, "0x" + 40 * "a")'
MODEL = ("package:mlflow", "package:pandas")
PLAYED = ("platform", *MODEL, "scenarios")
DELTAS = {"accuracy": 0.02, "auc": 0.125}

test_register_improved_model_signature = signature_case(METHOD, "test_register_improved_model_signature")


def _baseline(platform: Platform) -> str:
    """Arrange a baseline 1.4.0 and return its id."""
    name = platform.model("fraud")
    baseline = f"{name}-baseline"
    arrange_version(platform, name, {"model_id": baseline, "version": "1.4.0", "is_baseline": "true"})
    return baseline


def _improve(sdk: Sdk, platform: Platform, baseline: str, **arguments: Any) -> api.ModelRegistryEntry:
    given = {"model": linear_model(), "baseline_id": baseline, "delta_metrics": dict(DELTAS), **arguments}
    given.setdefault("contributor", platform.address("alice"))
    return sdk.ModelRegistry().register_improved_model(**given)


def _newest(platform: Platform) -> ModelVersion:
    return platform.tracking.versions(platform.model("fraud"))[-1]


@case(METHOD, call=CALL, criteria=("C1", "C3", "C6"), writes=True, needs=MODEL)
def test_improvement_is_a_version_of_the_baselines_model(sdk: Sdk, platform: Platform) -> None:
    """It becomes the next version of the model that the baseline belongs to; no other model is made."""
    baseline = _baseline(platform)
    before = len(platform.tracking.versions(platform.model("fraud")))
    entry = _improve(sdk, platform, baseline)
    versions = platform.tracking.versions(platform.model("fraud"))
    expect.equal(len(versions), before + 1, "the number of versions of the baseline's model")
    expect.equal(platform.tracking.model_names(), [platform.model("fraud")], "the registered models")
    expect.equal(entry.mlflow_version, versions[-1].number, "entry.mlflow_version")


@case(METHOD, call=CALL, criteria=("C1", "C6"), writes=True, needs=MODEL)
def test_improvement_is_tagged_with_baseline_deltas_and_contributor(sdk: Sdk, platform: Platform) -> None:
    """The version's tags say what it improves, by how much, and thanks to whom."""
    baseline = _baseline(platform)
    _improve(sdk, platform, baseline)
    tags = _newest(platform).tags
    expect.equal(tags.get("is_baseline"), "false", "the tag `is_baseline`")
    expect.equal(tags.get("baseline_id"), baseline, "the tag `baseline_id`")
    expect.equal(json.loads(tags.get("delta_metrics", "null")), DELTAS, "the tag `delta_metrics`, a JSON object")
    expect.equal(tags.get("contributor_address"), platform.address("alice"), "the tag `contributor_address`")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_improvement_entry_says_what_was_registered(sdk: Sdk, platform: Platform) -> None:
    """The entry names the baseline, the deltas and the contributor, as attributes and as keys."""
    baseline = _baseline(platform)
    entry = _improve(sdk, platform, baseline)
    expect.equal(entry.is_baseline, False, "entry.is_baseline")
    expect.equal(entry.model_type, platform.model("fraud"), "entry.model_type")
    expect.equal(entry["baseline_id"], baseline, 'entry["baseline_id"]')
    expect.equal(dict(entry.delta_metrics or {}), DELTAS, "entry.delta_metrics")
    expect.equal(entry["contributor_address"], platform.address("alice"), 'entry["contributor_address"]')


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_improvement_has_an_id_of_its_own(sdk: Sdk, platform: Platform) -> None:
    """`model_id` is not the baseline's, and is the version's tag of that name."""
    baseline = _baseline(platform)
    entry = _improve(sdk, platform, baseline)
    expect.that(entry.model_id and entry.model_id != baseline, "an id of its own", entry.model_id)
    expect.equal(_newest(platform).tags.get("model_id"), entry.model_id, "the tag `model_id`")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_improvement_gets_the_next_minor_version(sdk: Sdk, platform: Platform) -> None:
    """The semantic version is counted as for a baseline: after 1.4.0 comes 1.5.0."""
    entry = _improve(sdk, platform, _baseline(platform))
    expect.equal((entry.version, _newest(platform).tags.get("version")), ("1.5.0", "1.5.0"), "entry and tag `version`")


@case(METHOD, call=CALL, criteria=("C3",), level="full", writes=True, needs=MODEL)
def test_improved_artifact_is_really_there(sdk: Sdk, platform: Platform) -> None:
    """The version points at its run, and the model's files lie where it says."""
    _improve(sdk, platform, _baseline(platform))
    version = _newest(platform)
    prefix = f"runs:/{version.run_id}/"
    expect.that(version.source.startswith(prefix), f"the source lies in the run: {prefix}...", version.source)
    folder = version.source.removeprefix(prefix)
    paths = platform.tracking.artifact_paths(platform.tracking.run(version.run_id or ""), folder)
    expect.that(f"{folder}/MLmodel" in paths, f"{folder}/MLmodel is among the run's artifacts", paths)


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_an_improvement_can_be_improved(sdk: Sdk, platform: Platform) -> None:
    """The `model_id` of an improvement is the `baseline_id` of the next."""
    first = _improve(sdk, platform, _baseline(platform))
    second = _improve(sdk, platform, first.model_id)
    expect.equal(second.baseline_id, first.model_id, "entry.baseline_id")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_improving_leaves_the_callers_dict_alone(sdk: Sdk, platform: Platform) -> None:
    """`delta_metrics` is not changed, and changing it afterwards changes nothing that was returned."""
    deltas = dict(DELTAS)
    entry = _improve(sdk, platform, _baseline(platform), delta_metrics=deltas)
    expect.equal(deltas, DELTAS, "the caller's dict")
    deltas["accuracy"] = 9.0
    expect.equal(dict(entry.delta_metrics or {}), DELTAS, "entry.delta_metrics")


@case(METHOD, call=CALL, criteria=("C5",), writes=True, needs=(*MODEL, "journal"))
def test_improving_an_unknown_baseline(sdk: Sdk, platform: Platform) -> None:
    """A baseline that does not exist is refused by name, and nothing is created."""
    missing = platform.name("no-such-baseline")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming=missing):
        registry.register_improved_model(linear_model(), missing, dict(DELTAS), platform.address("alice"))
    expect.nothing_written(platform)


@pytest.mark.parametrize(
    "address", ["", "alice.eth", 39 * "a", "0x" + 39 * "a", "0x" + 41 * "a", "0x" + 39 * "a" + "g", None, 7]
)
@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=(*MODEL, "journal"))
def test_improving_for_what_is_no_address(sdk: Sdk, platform: Platform, address: Any) -> None:
    """`contributor` must be 0x and 40 hexadecimal digits; anything else is refused before anything is created."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="contributor"):
        registry.register_improved_model(linear_model(), "fraud-1", dict(DELTAS), address)
    expect.nothing_written(platform)


@pytest.mark.parametrize("deltas", [{"accuracy": "better"}, {"accuracy": float("nan")}, ["accuracy"]])
@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=(*MODEL, "journal"))
def test_improving_by_what_is_no_number(sdk: Sdk, platform: Platform, deltas: Any) -> None:
    """`delta_metrics` are finite numbers by name; anything else is refused before anything is created."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="delta_metrics"):
        registry.register_improved_model(linear_model(), "fraud-1", deltas, platform.address("alice"))
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C5",), level="full", writes=True, needs=(*PLAYED, "registry-role"))
def test_improving_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key is reported as such, never as a baseline that does not exist."""
    baseline = _baseline(platform)
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    ):
        registry.register_improved_model(linear_model(), baseline, dict(DELTAS), platform.address("alice"))


@case(METHOD, call=CALL, criteria=("C5",), level="full", writes=True, needs=PLAYED)
def test_improving_in_an_outage(sdk: Sdk, platform: Platform) -> None:
    """The baseline cannot be looked up: an outage raises, it never looks like a baseline that does not exist."""
    baseline = _baseline(platform)
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True, unless=platform.api_key):
        registry.register_improved_model(linear_model(), baseline, dict(DELTAS), platform.address("alice"))


@case(METHOD, call=CALL, criteria=("C2", "C3"), level="full", writes=True, needs=("platform", *MODEL, "journal"))
def test_improving_sends_the_key_with_every_request(sdk: Sdk, platform: Platform) -> None:
    """Every request reaches the platform with the key as a bearer token."""
    _improve(sdk, platform, _baseline(platform))
    expect.authenticated_with_one_key(platform)
