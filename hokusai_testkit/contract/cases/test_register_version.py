"""`ModelVersionManager.register_version`: no reported issue names it, so its cases carry none."""

from __future__ import annotations

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
