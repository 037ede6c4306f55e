"""`ModelVersionManager.get_latest_version` and `list_versions`: ISSUE-3, two methods that did not exist.

Every version is arranged by raw HTTP, so these cases do not depend on registering.
"""

from __future__ import annotations

import pytest

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

LATEST = "ModelVersionManager.get_latest_version"
LIST = "ModelVersionManager.list_versions"
LATEST_CALL = 'ModelVersionManager(registry).get_latest_version("fraud")'
LIST_CALL = 'ModelVersionManager(registry).list_versions("fraud")'

test_get_latest_version_signature = signature_case(LATEST, "test_get_latest_version_signature")
test_list_versions_signature = signature_case(LIST, "test_list_versions_signature")


def _arrange(platform: Platform, *versions: str | None) -> None:
    """Register `fraud` with one version each, in this order; None is a version without a semantic version tag."""
    tracking = platform.tracking
    tracking.create_model(platform.name("fraud"))
    run = tracking.create_run()
    for semantic in versions:
        tracking.create_version(platform.name("fraud"), run=run, semantic=semantic)


def _manager(sdk: Sdk) -> api.ModelVersionManager:
    return sdk.ModelVersionManager(sdk.ModelRegistry())


@case(LATEST, call=LATEST_CALL, criteria=("C4", "C6"), writes=True)
def test_latest_is_the_highest_by_number(sdk: Sdk, platform: Platform) -> None:
    """1.10.0 is later than 1.9.0, whichever was registered last."""
    _arrange(platform, "1.9.0", "1.10.0", "1.2.0")
    expect.equal(_manager(sdk).get_latest_version(platform.name("fraud")), "1.10.0", "the latest version")


@case(LATEST, call=LATEST_CALL, criteria=("C4",), writes=True)
def test_latest_of_a_model_without_versions(sdk: Sdk, platform: Platform) -> None:
    """A model without versions has no latest version: None."""
    _arrange(platform)
    expect.equal(
        _manager(sdk).get_latest_version(platform.name("fraud")), None, "the latest version of a model without versions"
    )


@case(LATEST, call='ModelVersionManager(registry).get_latest_version("nothing")', criteria=("C4",), level="full")
def test_latest_of_an_unknown_model(sdk: Sdk, platform: Platform) -> None:
    """A model that does not exist has no latest version: None."""
    expect.equal(
        _manager(sdk).get_latest_version(platform.name("nothing")), None, "the latest version of an unknown model"
    )


@case(LATEST, call=LATEST_CALL, criteria=("C4",), writes=True)
def test_latest_skips_versions_without_a_tag(sdk: Sdk, platform: Platform) -> None:
    """Versions without a semantic version, or with something else in its place, are skipped."""
    _arrange(platform, "1.0.0", None, "not-a-version")
    expect.equal(_manager(sdk).get_latest_version(platform.name("fraud")), "1.0.0", "the latest version")


@case(LATEST, call=LATEST_CALL, criteria=("C5",), writes=True, needs=("scenarios",))
def test_latest_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like a model without versions."""
    _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        manager.get_latest_version(platform.name("fraud"))


@case(
    LATEST,
    call=LATEST_CALL,
    criteria=("C5",),
    writes=True,
    level="full",
    needs=(
        "scenarios",
        "registry-role",
    ),
)
def test_latest_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; it never looks like a model without versions."""
    _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        manager.get_latest_version(platform.name("fraud"))


@case(LIST, call=LIST_CALL, criteria=("C4", "C6"), writes=True)
def test_versions_are_listed_in_ascending_order(sdk: Sdk, platform: Platform) -> None:
    """All semantic versions come ascending, compared by number: 1.2.0, 1.9.0, 1.10.0."""
    _arrange(platform, "1.9.0", "1.10.0", "1.2.0")
    expect.equal(_manager(sdk).list_versions(platform.name("fraud")), ["1.2.0", "1.9.0", "1.10.0"], "the versions")


@case(LIST, call=LIST_CALL, criteria=("C4",), writes=True)
def test_list_of_a_model_without_versions(sdk: Sdk, platform: Platform) -> None:
    """A model without versions gives an empty list."""
    _arrange(platform)
    expect.equal(_manager(sdk).list_versions(platform.name("fraud")), [], "the versions of a model without versions")


@case(LIST, call='ModelVersionManager(registry).list_versions("nothing")', criteria=("C4",), level="full")
def test_list_of_an_unknown_model(sdk: Sdk, platform: Platform) -> None:
    """A model that does not exist gives an empty list."""
    expect.equal(_manager(sdk).list_versions(platform.name("nothing")), [], "the versions of an unknown model")


@case(LIST, call=LIST_CALL, criteria=("C4",), writes=True)
def test_list_skips_versions_without_a_tag(sdk: Sdk, platform: Platform) -> None:
    """Versions without a semantic version, or with something else in its place, are skipped, never fatal."""
    _arrange(platform, None, "2.0.0", "not-a-version", "1.0.0")
    expect.equal(_manager(sdk).list_versions(platform.name("fraud")), ["1.0.0", "2.0.0"], "the versions")


@case(LIST, call=LIST_CALL, criteria=("C2",), writes=True, needs=("platform", "journal"))
def test_list_carries_the_key(sdk: Sdk, platform: Platform) -> None:
    """Every request of a registry read reaches the platform with the key as a bearer token."""
    _arrange(platform, "1.0.0")
    _manager(sdk).list_versions(platform.name("fraud"))
    expect.authenticated_with_one_key(platform)


@case(LIST, call=LIST_CALL, criteria=("C5",), writes=True, needs=("scenarios",))
def test_list_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like a model without versions."""
    _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        manager.list_versions(platform.name("fraud"))


@case(
    LIST,
    call=LIST_CALL,
    criteria=("C5",),
    writes=True,
    level="full",
    needs=(
        "scenarios",
        "registry-role",
    ),
)
def test_list_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; it never looks like a model without versions."""
    _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        manager.list_versions(platform.name("fraud"))


@case(
    LIST,
    call='ModelVersionManager(ModelRegistry(api_key=key, api_endpoint=endpoint)).list_versions("fraud")',
    criteria=("C2",),
    writes=True,
    needs=("platform", "journal"),
)
def test_key_and_endpoint_as_arguments(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and endpoint given to the registry as arguments are enough: nothing of it comes from the environment."""
    _arrange(platform, "1.0.0")
    for name in ("HOKUSAI_API_KEY", "HOKUSAI_API_ENDPOINT", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name)
    registry = sdk.ModelRegistry(api_key=platform.api_key, api_endpoint=platform.api_endpoint)
    expect.equal(
        sdk.ModelVersionManager(registry).list_versions(platform.name("fraud")), ["1.0.0"], "the versions of 'fraud'"
    )
    expect.authenticated_with_one_key(platform)
