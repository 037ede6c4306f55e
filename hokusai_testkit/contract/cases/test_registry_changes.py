"""`ModelRegistry`: rolling back, deleting, tags. Versions are arranged, and looked at, by raw HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import aliases_of, arrange_version, version_numbered

ROLLBACK = "ModelRegistry.rollback_model"
DELETE = "ModelRegistry.delete_model_version"
TAG = "ModelRegistry.update_model_tags"
ROLLBACK_CALL = 'ModelRegistry().rollback_model("fraud", "fraud-1.0.0")'
DELETE_CALL = 'ModelRegistry().delete_model_version("fraud-1.0.0")'
TAG_CALL = 'ModelRegistry().update_model_tags("fraud", "1.0.0", {"team": "growth"})'
FULL = "full"
PLAYED = ("platform", "scenarios")

test_rollback_model_signature = signature_case(ROLLBACK, "test_rollback_model_signature")
test_delete_model_version_signature = signature_case(DELETE, "test_delete_model_version_signature")
test_update_model_tags_signature = signature_case(TAG, "test_update_model_tags_signature")


def _arrange(platform: Platform, name: str, semantic: str) -> str:
    return arrange_version(platform, name, {"model_id": f"{name}-{semantic}", "version": semantic, "team": "risk"})


# -- rollback_model --------------------------------------------------------------------------------------------------


@case(ROLLBACK, call=ROLLBACK_CALL, criteria=("C1", "C6"), level=FULL, writes=True)
def test_rollback_points_production_at_the_target(sdk: Sdk, platform: Platform) -> None:
    """The alias `production` points at the target; it is tagged Production, the version before it Archived."""
    name = platform.model("fraud")
    first, second = _arrange(platform, name, "1.0.0"), _arrange(platform, name, "2.0.0")
    platform.tracking.set_alias(name, "production", second)
    done = sdk.ModelRegistry().rollback_model(name, f"{name}-1.0.0")
    expect.equal(done, True, "the result")
    expect.equal(aliases_of(platform, name).get("production"), first, "the version of the alias `production`")
    stages = [version_numbered(platform, name, number).tags.get("lifecycle_stage") for number in (first, second)]
    expect.equal(stages, ["Production", "Archived"], "the tags `lifecycle_stage`")


@case(ROLLBACK, call=ROLLBACK_CALL, criteria=("C1",), level=FULL, writes=True)
def test_rollback_without_production_archives_the_latest(sdk: Sdk, platform: Platform) -> None:
    """Where no version is in production, the latest one counts as the one in use."""
    name = platform.model("fraud")
    first, second = _arrange(platform, name, "1.0.0"), _arrange(platform, name, "2.0.0")
    sdk.ModelRegistry().rollback_model(name, f"{name}-1.0.0")
    stages = [version_numbered(platform, name, number).tags.get("lifecycle_stage") for number in (first, second)]
    expect.equal(stages, ["Production", "Archived"], "the tags `lifecycle_stage`")


@case(ROLLBACK, call=ROLLBACK_CALL, criteria=("C1",), level=FULL, writes=True)
def test_rollback_to_the_version_in_use(sdk: Sdk, platform: Platform) -> None:
    """Rolling back to the version in use leaves it in production, not archived."""
    name = platform.model("fraud")
    number = _arrange(platform, name, "1.0.0")
    platform.tracking.set_alias(name, "production", number)
    expect.equal(sdk.ModelRegistry().rollback_model(name, f"{name}-1.0.0"), True, "the result")
    stage = version_numbered(platform, name, number).tags.get("lifecycle_stage")
    expect.equal(stage, "Production", "the tag `lifecycle_stage`")


@case(
    ROLLBACK, call='rollback_model("fraud", "other-1.0.0")', criteria=("C1",), level=FULL, writes=True, needs=("fresh",)
)
def test_rollback_to_another_model_changes_nothing(sdk: Sdk, platform: Platform) -> None:
    """A version of another model is no target: False, and nothing is changed."""
    name, other = platform.name("fraud"), platform.name("other")
    _arrange(platform, name, "1.0.0")
    _arrange(platform, other, "1.0.0")
    done = sdk.ModelRegistry().rollback_model(name, f"{other}-1.0.0")
    expect.equal(done, False, "the result")
    expect.equal((aliases_of(platform, name), aliases_of(platform, other)), ({}, {}), "the aliases")


@case(ROLLBACK, call='rollback_model("fraud", "nothing")', criteria=("C5",), level=FULL, writes=True)
def test_rollback_to_an_unknown_id(sdk: Sdk, platform: Platform) -> None:
    """An id that nobody has is a ModelNotFoundError; nothing is changed."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="no-such-id"):
        registry.rollback_model(name, "no-such-id")
    expect.equal(aliases_of(platform, name), {}, "the aliases")


# -- delete_model_version --------------------------------------------------------------------------------------------


@case(DELETE, call=DELETE_CALL, criteria=("C1", "C6"), writes=True)
def test_deleted_version_is_gone(sdk: Sdk, platform: Platform) -> None:
    """The version with the id is gone, the others stay; the result is True."""
    name = platform.model("fraud")
    _arrange(platform, name, "1.0.0")
    second = _arrange(platform, name, "2.0.0")
    done = sdk.ModelRegistry().delete_model_version(f"{name}-1.0.0")
    expect.equal(done, True, "the result")
    expect.equal([version.number for version in platform.tracking.versions(name)], [second], "the versions left")


@case(DELETE, call=DELETE_CALL, criteria=("C3", "C6"), writes=True, needs=("platform", "scenarios", "journal"))
def test_version_is_deleted_where_delete_bodies_are_lost(sdk: Sdk, platform: Platform) -> None:
    """Where the gateway drops the bodies of DELETE, the platform's own route deletes the version, with the key."""
    name = platform.model("fraud")
    number = _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    platform.play("route.delete_body")
    expect.equal(registry.delete_model_version(f"{name}-1.0.0"), True, "the result")
    expect.equal(platform.tracking.versions(name), [], "the versions left")
    own = [entry["path"] for entry in platform.received() if entry["method"] == "DELETE" and entry["status"] == 200]
    expect.equal(own, [f"/api/models/{name}/{number}"], "the DELETE that worked")
    expect.authenticated_with_one_key(platform)


@case(DELETE, call='delete_model_version("nothing")', criteria=("C5",), level=FULL, writes=True, needs=("journal",))
def test_delete_of_an_unknown_id(sdk: Sdk, platform: Platform) -> None:
    """An id that nobody has is a ModelNotFoundError; nothing is deleted."""
    name = platform.model("fraud")
    _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="no-such-id"):
        registry.delete_model_version("no-such-id")
    expect.nothing_sent(platform, lambda entry: entry["method"] == "DELETE")


@case(DELETE, call=DELETE_CALL, criteria=("C5",), level=FULL, writes=True, needs=(*PLAYED, "registry-role"))
def test_delete_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; the version stays."""
    name = platform.model("fraud")
    _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        registry.delete_model_version(f"{name}-1.0.0")
    platform.heal()
    expect.equal(len(platform.tracking.versions(name)), 1, "the number of versions left")


# -- update_model_tags -----------------------------------------------------------------------------------------------


@case(TAG, call=TAG_CALL, criteria=("C1", "C6"), level=FULL, writes=True)
def test_tags_are_set_and_others_stay(sdk: Sdk, platform: Platform) -> None:
    """The tags given are set, the others stay as they were; the result is None."""
    name = platform.model("fraud")
    number = _arrange(platform, name, "1.0.0")
    given = {"team": "growth", "reviewed": "yes"}
    sdk.ModelRegistry().update_model_tags(name, "1.0.0", given)
    tags = version_numbered(platform, name, number).tags
    seen = {key: tags.get(key) for key in ("team", "reviewed", "version")}
    expect.equal(seen, {"team": "growth", "reviewed": "yes", "version": "1.0.0"}, "the tags")
    expect.equal(given, {"team": "growth", "reviewed": "yes"}, "the caller's dict afterwards")


@case(
    TAG,
    call='update_model_tags("fraud", "1.0.0", tags)\nupdate_model_tags("fraud", 2, tags)\n'
    'update_model_tags("fraud", "champion", tags)',
    criteria=("C1",),
    level=FULL,
    writes=True,
)
def test_tagged_version_in_every_form(sdk: Sdk, platform: Platform) -> None:
    """A version is a semantic version, MLflow's number (string or integer) or an alias."""
    name = platform.model("fraud")
    number = [_arrange(platform, name, f"{n}.0.0") for n in (7, 8, 9)][1]
    platform.tracking.set_alias(name, "champion", number)
    registry = sdk.ModelRegistry()
    forms: list[Any] = ["8.0.0", number, int(number), "champion"]
    for form in forms:
        registry.update_model_tags(name, form, {f"by-{form}": "yes"})
    tags = version_numbered(platform, name, number).tags
    expect.equal([tags.get(f"by-{form}") for form in forms], ["yes"] * 4, "the tags of the version, by form")


@pytest.mark.parametrize(
    "wrong",
    [{"fine": "yes", "wrong": object()}, {"fine": "yes", "hokusai_token_id": "-"}, {"fine": "yes", "": "x"}],
    ids=["no-text", "token", "no-name"],
)
@case(TAG, call=TAG_CALL, criteria=("C5",), level=FULL, writes=True)
def test_wrong_tags_are_refused_before_the_first(sdk: Sdk, platform: Platform, wrong: dict[str, Any]) -> None:
    """A tag that cannot be is an InvalidParameterError; none of the others is set."""
    name = platform.model("fraud")
    number = _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError"):
        registry.update_model_tags(name, "1.0.0", wrong)
    expect.that("fine" not in version_numbered(platform, name, number).tags, "no tag is set", "the tag `fine` is")


@case(TAG, call='update_model_tags("fraud", "9.9.9", {"team": "growth"})', criteria=("C5",), level=FULL, writes=True)
def test_tags_of_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version that does not exist is a ModelNotFoundError that names it, and those that there are."""
    name = platform.model("fraud")
    _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="9.9.9"):
        registry.update_model_tags(name, "9.9.9", {"team": "growth"})
