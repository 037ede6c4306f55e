"""`ModelVersionManager.register_version`: no reported issue names it, so its cases carry none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import linear_model
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

METHOD = "ModelVersionManager.register_version"
CALL = 'ModelVersionManager(registry).register_version(model, "fraud", version="1.2.0")'
MODEL = ("package:mlflow", "package:pandas")

test_register_version_signature = signature_case(METHOD, "test_register_version_signature")


def _manager(sdk: Sdk) -> api.ModelVersionManager:
    return sdk.ModelVersionManager(sdk.ModelRegistry())


@case(METHOD, call=CALL, criteria=("C3", "C6"), writes=True, needs=MODEL)
def test_version_is_registered_under_its_number(sdk: Sdk, platform: Platform) -> None:
    """The version that was given is the tag `version` of the new version, and the entry's version."""
    entry = _manager(sdk).register_version(linear_model(), platform.name("fraud"), version="1.2.0")
    tags = [version.tags.get("version") for version in platform.tracking.versions(platform.name("fraud"))]
    expect.equal(tags, ["1.2.0"], "the tag `version` of the versions of 'fraud'")
    expect.equal(entry.version, "1.2.0", "entry.version")


@pytest.mark.parametrize(("part", "following"), [("major", "2.0.0"), ("minor", "1.11.0"), ("patch", "1.10.1")])
@case(
    METHOD,
    call='ModelVersionManager(registry).register_version(model, "fraud", auto_increment="minor")',
    criteria=("C1",),
    writes=True,
    level="full",
    needs=MODEL,
)
def test_auto_increment_counts_from_the_highest(sdk: Sdk, platform: Platform, part: str, following: str) -> None:
    """`auto_increment` gives the next major, minor or patch version after the highest by number."""
    tracking = platform.tracking
    tracking.create_model(platform.name("fraud"))
    run = tracking.create_run()
    for semantic in ("1.10.0", "1.9.3"):
        tracking.create_version(platform.name("fraud"), run=run, semantic=semantic)
    _manager(sdk).register_version(linear_model(), platform.name("fraud"), auto_increment=part)
    expect.equal(tracking.versions(platform.name("fraud"))[-1].tags.get("version"), following, "the tag `version`")


@case(METHOD, call=CALL, criteria=("C2", "C3"), writes=True, needs=("platform", *MODEL, "journal"))
def test_version_is_registered_with_the_key(sdk: Sdk, platform: Platform) -> None:
    """Every request reaches the platform with the key as a bearer token."""
    _manager(sdk).register_version(linear_model(), platform.name("fraud"), version="1.2.0")
    expect.authenticated_with_one_key(platform)


@pytest.mark.parametrize("part", ["major", "minor", "patch"])
@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=(*MODEL, "fresh"))
def test_first_version_is_one_with_any_increment(sdk: Sdk, platform: Platform, part: str) -> None:
    """The first version of a model is 1.0.0, whatever `auto_increment` says."""
    entry = _manager(sdk).register_version(linear_model(), platform.name("fraud"), auto_increment=part)
    expect.equal(entry.version, "1.0.0", "entry.version")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_version_keeps_metadata_and_metrics(sdk: Sdk, platform: Platform) -> None:
    """`metadata` and `metrics` are kept as tags of the version, as JSON; the caller's dicts stay as they were."""
    metadata, metrics = {"team": "risk", "tags": ["a", "b"]}, {"auc": 0.75}
    _manager(sdk).register_version(
        linear_model(), platform.name("fraud"), version="1.2.0", metadata=metadata, metrics=metrics
    )
    tags = platform.tracking.versions(platform.name("fraud"))[-1].tags
    kept = {name: json.loads(tags.get(name, "null")) for name in ("metadata", "metrics")}
    expect.equal(kept, {"metadata": {"team": "risk", "tags": ["a", "b"]}, "metrics": {"auc": 0.75}}, "the tags")
    expect.equal((metadata["team"], metrics), ("risk", {"auc": 0.75}), "the caller's dicts")


@case(METHOD, call=CALL, criteria=("C1",), level="full", writes=True, needs=MODEL)
def test_version_artifact_is_really_there(sdk: Sdk, platform: Platform) -> None:
    """The version points at a run that holds the model's files."""
    _manager(sdk).register_version(linear_model(), platform.name("fraud"), version="1.2.0")
    version = platform.tracking.versions(platform.name("fraud"))[-1]
    run = platform.tracking.run(version.run_id or "")
    folder = version.source.removeprefix(f"runs:/{run.id}/")
    expect.that(f"{folder}/MLmodel" in platform.tracking.artifact_paths(run, folder), "MLmodel is there", folder)


@case(METHOD, call=CALL, criteria=("C5",), level="full", writes=True, needs=(*MODEL, "journal"))
def test_version_that_exists_is_refused(sdk: Sdk, platform: Platform) -> None:
    """A version that was asked for and exists is refused by number, and nothing is created."""
    tracking = platform.tracking
    tracking.create_model(platform.name("fraud"))
    tracking.create_version(platform.name("fraud"), run=tracking.create_run(), semantic="1.2.0")
    manager = _manager(sdk)
    with expect.raises(sdk, "VersioningException", naming="1.2.0"):
        manager.register_version(linear_model(), platform.name("fraud"), version="1.2.0")
    expect.nothing_written(platform)


@pytest.mark.parametrize("wish", [{}, {"version": "1.2.0", "auto_increment": "minor"}])
@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=(*MODEL, "journal"))
def test_version_and_increment_exclude_each_other(sdk: Sdk, platform: Platform, wish: dict[str, str]) -> None:
    """Neither or both of `version` and `auto_increment` are refused before anything is created."""
    manager: Any = _manager(sdk)
    with expect.raises(sdk, "VersioningException", naming="auto_increment"):
        manager.register_version(linear_model(), platform.name("fraud"), **wish)
    expect.nothing_written(platform)


@pytest.mark.parametrize(
    "wish",
    [
        {"version": "1.2"},
        {"version": "v1.2.0"},
        {"version": "1.2.0-rc1"},
        {"version": "latest"},
        {"auto_increment": "micro"},
    ],
)
@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=(*MODEL, "journal"))
def test_version_that_is_none_is_refused(sdk: Sdk, platform: Platform, wish: dict[str, str]) -> None:
    """A version is X.Y.Z, an increment `major`, `minor` or `patch`; the refusal repeats what was given."""
    manager: Any = _manager(sdk)
    with expect.raises(sdk, "InvalidParameterError", naming=next(iter(wish.values()))):
        manager.register_version(linear_model(), platform.name("fraud"), **wish)
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=(*MODEL, "journal"))
def test_version_of_a_model_without_a_name(sdk: Sdk, platform: Platform) -> None:
    """A blank `model_type` is refused by the parameter's name."""
    manager = _manager(sdk)
    with expect.raises(sdk, "InvalidParameterError", naming="model_type"):
        manager.register_version(linear_model(), " ", version="1.2.0")
    expect.nothing_written(platform)


@case(METHOD, call=CALL, criteria=("C5",), level="full", needs=("platform", *MODEL, "scenarios", "registry-role"))
def test_version_with_a_key_that_may_not_register(sdk: Sdk, platform: Platform) -> None:
    """A refused key is reported with its code and status."""
    manager = _manager(sdk)
    platform.play("auth.admin_required")
    with expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    ):
        manager.register_version(linear_model(), platform.name("fraud"), version="1.2.0")
