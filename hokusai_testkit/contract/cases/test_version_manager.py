"""`ModelVersionManager`: history, comparison, rollback, promotion, deprecation. Versions are arranged by raw HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import aliases_of, arrange_version, set_tag, version_numbered

HISTORY = "ModelVersionManager.get_version_history"
COMPARE = "ModelVersionManager.compare_versions"
ROLLBACK = "ModelVersionManager.rollback_to_version"
PROMOTE = "ModelVersionManager.promote_model"
DEPRECATE = "ModelVersionManager.deprecate_version"
STABLE = "ModelVersionManager.get_latest_stable_version"
PREVIOUS = "ModelVersionManager.get_previous_version"
FULL = "full"
PLAYED = ("platform", "scenarios")

test_get_version_history_signature = signature_case(HISTORY, "test_get_version_history_signature")
test_compare_versions_signature = signature_case(COMPARE, "test_compare_versions_signature")
test_rollback_to_version_signature = signature_case(ROLLBACK, "test_rollback_to_version_signature")
test_promote_model_signature = signature_case(PROMOTE, "test_promote_model_signature")
test_deprecate_version_signature = signature_case(DEPRECATE, "test_deprecate_version_signature")
test_get_latest_stable_version_signature = signature_case(STABLE, "test_get_latest_stable_version_signature")
test_get_previous_version_signature = signature_case(PREVIOUS, "test_get_previous_version_signature")


def _arrange(platform: Platform, *versions: str | None, **metrics: float) -> tuple[str, list[str]]:
    """Make a model with these semantic versions, in this order; returns its name and MLflow's numbers."""
    name = platform.name("fraud")
    numbers = []
    for semantic in versions:
        tags = {"model_id": f"{name}-{semantic}", "version": semantic} if semantic else {}
        if metrics:
            tags["metrics"] = json.dumps(metrics)
        numbers.append(arrange_version(platform, name, tags))
    return name, numbers


def _manager(sdk: Sdk) -> api.ModelVersionManager:
    return sdk.ModelVersionManager(sdk.ModelRegistry())


@case(HISTORY, call='ModelVersionManager(registry).get_version_history("fraud")', criteria=("C1", "C6"), writes=True)
def test_history_is_ascending_by_number(sdk: Sdk, platform: Platform) -> None:
    """The entries come ascending, 1.9.0 before 1.10.0; versions without a semantic version are left out."""
    name, numbers = _arrange(platform, "1.10.0", None, "1.2.0", "1.9.0")
    history = _manager(sdk).get_version_history(name)
    expect.equal([entry.version for entry in history], ["1.2.0", "1.9.0", "1.10.0"], "the versions")
    expect.equal(history[-1].mlflow_version, numbers[0], "mlflow_version of the highest")


@case(HISTORY, call='get_version_history("nothing")', criteria=("C1",), level=FULL)
def test_history_of_nothing_is_empty(sdk: Sdk, platform: Platform) -> None:
    """A model that does not exist has an empty history."""
    expect.equal(list(_manager(sdk).get_version_history(platform.name("nothing-there"))), [], "the history")


@case(
    COMPARE,
    call='ModelVersionManager(registry).compare_versions("fraud", "1.0.0", "1.1.0")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
)
def test_comparison_is_the_second_minus_the_first(sdk: Sdk, platform: Platform) -> None:
    """Each metric that both have is compared, second minus first; a higher accuracy is an improvement."""
    _arrange(platform, "1.0.0", accuracy=0.75, loss=0.5)
    name, _ = _arrange(platform, "1.1.0", accuracy=0.875, loss=0.25)
    found = _manager(sdk).compare_versions(name, "1.0.0", "1.1.0")
    expect.equal((found.version1, found.version2), ("1.0.0", "1.1.0"), "version1 and version2")
    expect.equal(dict(found.metrics_delta), {"accuracy": 0.125, "loss": -0.25}, "metrics_delta")
    expect.equal(found.is_improvement, True, "is_improvement")


@case(COMPARE, call='compare_versions("fraud", "1.0.0", "1.1.0")', criteria=("C1",), level=FULL, writes=True)
def test_comparison_makes_no_metric_up(sdk: Sdk, platform: Platform) -> None:
    """A metric that one version lacks is not compared, and a rise of the loss alone is no improvement."""
    _arrange(platform, "1.0.0", loss=0.25)
    name, _ = _arrange(platform, "1.1.0", loss=0.5, auc=0.9)
    found = _manager(sdk).compare_versions(name, "1.0.0", "1.1.0")
    expect.equal(dict(found.metrics_delta), {"loss": 0.25}, "metrics_delta")
    expect.equal(found.is_improvement, False, "is_improvement")


@case(
    ROLLBACK,
    call='ModelVersionManager(registry).rollback_to_version("fraud", "1.0.0")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
)
def test_rollback_to_a_version_puts_it_into_production(sdk: Sdk, platform: Platform) -> None:
    """The alias `production` points at the version, and the tags say which is in use and which is archived."""
    name, (first, second) = _arrange(platform, "1.0.0", "2.0.0")
    platform.tracking.set_alias(name, "production", second)
    expect.equal(_manager(sdk).rollback_to_version(name, "1.0.0"), True, "the result")
    expect.equal(aliases_of(platform, name).get("production"), first, "the version of the alias `production`")
    stages = [version_numbered(platform, name, number).tags.get("lifecycle_stage") for number in (first, second)]
    expect.equal(stages, ["Production", "Archived"], "the tags `lifecycle_stage`")


@case(PROMOTE, call='ModelVersionManager(registry).promote_model("fraud", "1.0.0")', criteria=("C4", "C6"), writes=True)
def test_promotion_is_by_alias(sdk: Sdk, platform: Platform) -> None:
    """Promoting sets the alias `production`, and never MLflow's own stages."""
    name, (first, _) = _arrange(platform, "1.0.0", "2.0.0")
    expect.equal(_manager(sdk).promote_model(name, "1.0.0"), True, "the result")
    expect.equal(aliases_of(platform, name), {"production": first}, "the aliases")


@case(
    PROMOTE,
    call='promote_model("fraud", "2.0.0", stage="Staging")',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=("journal",),
)
def test_stage_is_the_alias_in_lower_case(sdk: Sdk, platform: Platform) -> None:
    """Another stage is another alias, in lower case; the alias `production` stays where it was."""
    name, (first, second) = _arrange(platform, "1.0.0", "2.0.0")
    platform.tracking.set_alias(name, "production", first)
    _manager(sdk).promote_model(name, "2.0.0", stage="Staging")
    expect.equal(aliases_of(platform, name), {"production": first, "staging": second}, "the aliases")
    expect.nothing_sent(platform, lambda entry: "transition-stage" in entry["path"])


@pytest.mark.parametrize("stage", ["", "two words", "latest", "v3", "12"])
@case(PROMOTE, call='promote_model("fraud", "1.0.0", stage="latest")', criteria=("C5",), level=FULL, writes=True)
def test_stage_that_can_be_no_alias(sdk: Sdk, platform: Platform, stage: str) -> None:
    """What MLflow takes for no alias, or reads as a version, is an InvalidParameterError."""
    name, _ = _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    with expect.raises(sdk, "InvalidParameterError", naming="stage"):
        manager.promote_model(name, "1.0.0", stage=stage)
    expect.equal(aliases_of(platform, name), {}, "the aliases")


@case(
    DEPRECATE,
    call='ModelVersionManager(registry).deprecate_version("fraud", "1.0.0")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
)
def test_deprecated_version_is_tagged(sdk: Sdk, platform: Platform) -> None:
    """The version is tagged `deprecated` "true" with the time, the others are not; the result is True."""
    name, (first, second) = _arrange(platform, "1.0.0", "2.0.0")
    expect.equal(_manager(sdk).deprecate_version(name, "1.0.0"), True, "the result")
    tags = version_numbered(platform, name, first).tags
    expect.equal(tags.get("deprecated"), "true", "the tag `deprecated`")
    expect.that(tags.get("deprecated_at", "").startswith("20"), "the tag `deprecated_at` is a time", tags)
    expect.that("deprecated" not in version_numbered(platform, name, second).tags, "no other version is", "another is")


@case(
    STABLE,
    call='ModelVersionManager(registry).get_latest_stable_version("fraud")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
)
def test_latest_stable_version_is_tagged(sdk: Sdk, platform: Platform) -> None:
    """It is the highest version with the tag `stable` "true", not the highest of all."""
    name, numbers = _arrange(platform, "1.10.0", "1.9.0", "2.0.0")
    for number in numbers[:2]:
        set_tag(platform, name, number, "stable", "true")
    expect.equal(_manager(sdk).get_latest_stable_version(name), "1.10.0", "the version")


@case(STABLE, call='get_latest_stable_version("fraud")', criteria=("C1",), level=FULL, writes=True)
def test_without_a_stable_version_there_is_none(sdk: Sdk, platform: Platform) -> None:
    """Untagged and deprecated versions are not stable: None."""
    name, numbers = _arrange(platform, "1.0.0", "2.0.0", "3.0.0")
    set_tag(platform, name, numbers[0], "stable", "false")
    set_tag(platform, name, numbers[1], "stable", "true")
    set_tag(platform, name, numbers[1], "deprecated", "true")
    expect.equal(_manager(sdk).get_latest_stable_version(name), None, "the version")


@case(
    PREVIOUS,
    call='ModelVersionManager(registry).get_previous_version("fraud", "1.10.0")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
)
def test_previous_version_is_the_next_lower(sdk: Sdk, platform: Platform) -> None:
    """It is the next lower version by number, whenever it was registered; the lowest has none."""
    name, _ = _arrange(platform, "1.10.0", "1.2.0", "1.9.0", None)
    manager = _manager(sdk)
    previous = manager.get_previous_version(name, "1.10.0")
    expect.equal(previous.version if previous else None, "1.9.0", "the version before 1.10.0")
    expect.equal(manager.get_previous_version(name, "1.2.0"), None, "the version before the lowest")


ACTIONS: dict[str, Callable[[api.ModelVersionManager, str, Any], object]] = {
    COMPARE: lambda manager, name, version: manager.compare_versions(name, "1.0.0", version),
    ROLLBACK: lambda manager, name, version: manager.rollback_to_version(name, version),
    PROMOTE: lambda manager, name, version: manager.promote_model(name, version),
    DEPRECATE: lambda manager, name, version: manager.deprecate_version(name, version),
    PREVIOUS: lambda manager, name, version: manager.get_previous_version(name, version),
}


def _refuses_unknown(sdk: Sdk, platform: Platform, method: str) -> None:
    name, (number,) = _arrange(platform, "1.0.0", accuracy=0.5)
    manager = _manager(sdk)
    before = version_numbered(platform, name, number)
    with expect.raises(sdk, "VersioningException", naming="9.9.9"):
        ACTIONS[method](manager, name, "9.9.9")
    expect.equal(version_numbered(platform, name, number), before, "the version that there is, afterwards")
    expect.equal(aliases_of(platform, name), {}, "the aliases")


def _takes_every_form(sdk: Sdk, platform: Platform, method: str) -> None:
    name, numbers = _arrange(platform, "7.0.0", "1.0.0", "8.0.0", accuracy=0.5)
    platform.tracking.set_alias(name, "champion", numbers[2])
    manager = _manager(sdk)
    forms: list[Any] = ["8.0.0", numbers[2], int(numbers[2]), "champion"]
    for form in forms:
        ACTIONS[method](manager, name, form)


@case(COMPARE, call='compare_versions("fraud", "1.0.0", "9.9.9")', criteria=("C5",), level=FULL, writes=True)
def test_comparison_with_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a VersioningException that names it."""
    _refuses_unknown(sdk, platform, COMPARE)


@case(ROLLBACK, call='rollback_to_version("fraud", "9.9.9")', criteria=("C5",), level=FULL, writes=True)
def test_rollback_to_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a VersioningException that names it; nothing is changed."""
    _refuses_unknown(sdk, platform, ROLLBACK)


@case(PROMOTE, call='promote_model("fraud", "9.9.9")', criteria=("C5",), level=FULL, writes=True)
def test_promotion_of_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a VersioningException that names it; nothing is changed."""
    _refuses_unknown(sdk, platform, PROMOTE)


@case(DEPRECATE, call='deprecate_version("fraud", "9.9.9")', criteria=("C5",), level=FULL, writes=True)
def test_deprecation_of_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a VersioningException that names it; nothing is changed."""
    _refuses_unknown(sdk, platform, DEPRECATE)


@case(PREVIOUS, call='get_previous_version("fraud", "9.9.9")', criteria=("C5",), level=FULL, writes=True)
def test_version_before_an_unknown_one(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a VersioningException that names it."""
    _refuses_unknown(sdk, platform, PREVIOUS)


@case(COMPARE, call='compare_versions("fraud", "1.0.0", "champion")', criteria=("C1",), level=FULL, writes=True)
def test_compared_versions_in_every_form(sdk: Sdk, platform: Platform) -> None:
    """A version is a semantic version, MLflow's number (string or integer) or an alias."""
    _takes_every_form(sdk, platform, COMPARE)


@case(PROMOTE, call='promote_model("fraud", 3)', criteria=("C1",), level=FULL, writes=True)
def test_promoted_version_in_every_form(sdk: Sdk, platform: Platform) -> None:
    """A version is a semantic version, MLflow's number (string or integer) or an alias."""
    _takes_every_form(sdk, platform, PROMOTE)


@case(PREVIOUS, call='get_previous_version("fraud", "champion")', criteria=("C1",), level=FULL, writes=True)
def test_version_before_one_in_every_form(sdk: Sdk, platform: Platform) -> None:
    """A version is a semantic version, MLflow's number (string or integer) or an alias."""
    _takes_every_form(sdk, platform, PREVIOUS)


@case(HISTORY, call='get_version_history("fraud")', criteria=("C5",), level=FULL, needs=PLAYED)
def test_history_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like a model without versions."""
    manager = _manager(sdk)
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        manager.get_version_history("fraud")


@case(STABLE, call='get_latest_stable_version("fraud")', criteria=("C5",), level=FULL, needs=PLAYED)
def test_stable_version_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like a model without a stable version."""
    manager = _manager(sdk)
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        manager.get_latest_stable_version("fraud")


@case(
    PROMOTE,
    call='promote_model("fraud", "1.0.0")',
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=(*PLAYED, "registry-role"),
)
def test_promotion_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; no alias is set."""
    name, _ = _arrange(platform, "1.0.0")
    manager = _manager(sdk)
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        manager.promote_model(name, "1.0.0")
    platform.heal()
    expect.equal(aliases_of(platform, name), {}, "the aliases")
