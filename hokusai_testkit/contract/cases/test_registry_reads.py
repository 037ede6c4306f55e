"""`ModelRegistry`: reading entries and lineage. Every version is arranged by raw HTTP, none by registering."""

from __future__ import annotations

import json

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import arrange_version, token_tags

BY_ID = "ModelRegistry.get_model_by_id"
BY_TYPE = "ModelRegistry.list_models_by_type"
LATEST = "ModelRegistry.get_latest_model"
LINEAGE = "ModelRegistry.get_model_lineage"
FULL = "full"
PLAYED = ("platform", "scenarios")

test_get_model_by_id_signature = signature_case(BY_ID, "test_get_model_by_id_signature")
test_list_models_by_type_signature = signature_case(BY_TYPE, "test_list_models_by_type_signature")
test_get_latest_model_signature = signature_case(LATEST, "test_get_latest_model_signature")
test_get_model_lineage_signature = signature_case(LINEAGE, "test_get_model_lineage_signature")


def _arrange(platform: Platform, name: str, semantic: str, **more: str) -> str:
    """Make a version as registering would have, with the id `<name>-<semantic>`; returns MLflow's number."""
    tags = {
        "model_id": f"{name}-{semantic}",
        "model_type": name,
        "version": semantic,
        "is_baseline": "true",
        "metrics": json.dumps({"accuracy": 0.8}),
        "timestamp": "2026-06-01T12:00:00",
    }
    return arrange_version(platform, name, {**tags, **more})


# -- get_model_by_id -------------------------------------------------------------------------------------------------


@case(
    BY_ID, call='ModelRegistry().get_model_by_id("fraud-1.0.0")', criteria=("C1", "C6"), writes=True, needs=("fresh",)
)
def test_model_is_found_by_its_id(sdk: Sdk, platform: Platform) -> None:
    """The entry is that of the version with the id, whatever model it belongs to."""
    name = platform.name("fraud")
    arrange_version(platform, platform.name("another"), {"version": "1.0.0"})
    number = _arrange(platform, name, "1.10.0")
    _arrange(platform, name, "1.9.0")
    entry = sdk.ModelRegistry().get_model_by_id(f"{name}-1.10.0")
    expect.equal((entry.model_id, entry.version), (f"{name}-1.10.0", "1.10.0"), "model_id and version")
    expect.equal((entry.model_type, entry.mlflow_version), (name, number), "model_type and mlflow_version")
    expect.equal((dict(entry.metrics), entry.is_baseline), ({"accuracy": 0.8}, True), "metrics and is_baseline")


@case(
    BY_ID,
    call='ModelRegistry().get_model_by_id("fraud-1.0.0")["model_id"]',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=("fresh",),
)
def test_entry_answers_keys_and_attributes(sdk: Sdk, platform: Platform) -> None:
    """Every documented field of an entry answers as an attribute and as a key alike."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0", contributor_address=platform.address("ada"), baseline_id="none")
    entry = sdk.ModelRegistry().get_model_by_id(f"{name}-1.0.0")
    for field in (
        "model_id",
        "model_type",
        "version",
        "mlflow_version",
        "is_baseline",
        "baseline_id",
        "metrics",
        "delta_metrics",
        "contributor_address",
        "timestamp",
        "tags",
    ):
        expect.equal(entry[field], getattr(entry, field), f"entry[{field!r}]")


@case(BY_ID, call='get_model_by_id("nothing")', criteria=("C5",), level=FULL, writes=True, needs=("fresh",))
def test_unknown_id_is_a_model_not_found_error(sdk: Sdk, platform: Platform) -> None:
    """An id that nobody has is a ModelNotFoundError that holds it; it is never None."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="no-such-id", model_id="no-such-id"):
        registry.get_model_by_id("no-such-id")


@case(BY_ID, call='get_model_by_id("o\'brien")', criteria=("C1", "C5"), level=FULL, writes=True, needs=("fresh",))
def test_id_with_a_quote_is_an_id(sdk: Sdk, platform: Platform) -> None:
    """A quote in an id belongs to the id; it ends no filter."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0", model_id="o'brien")
    registry = sdk.ModelRegistry()
    expect.equal(registry.get_model_by_id("o'brien").version, "1.0.0", "the version")
    with expect.raises(sdk, "ModelNotFoundError"):
        registry.get_model_by_id("' OR name != '")


@case(BY_ID, call='get_model_by_id("fraud-1.0.0")', criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_id_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; it is no missing model."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.get_model_by_id("fraud-1.0.0")


# -- list_models_by_type ---------------------------------------------------------------------------------------------


@case(
    BY_TYPE,
    call='ModelRegistry().list_models_by_type("fraud")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
    needs=("fresh",),
)
def test_versions_of_a_type_are_listed(sdk: Sdk, platform: Platform) -> None:
    """Every version of the model is listed, in the order in which they were made, and of no other model."""
    name = platform.model("fraud")
    made = [_arrange(platform, name, semantic) for semantic in ("1.10.0", "1.9.0", "2.0.0")]
    arrange_version(platform, platform.name("another"), {"version": "1.0.0"})
    found = sdk.ModelRegistry().list_models_by_type(name)
    expect.equal([entry.mlflow_version for entry in found], made, "MLflow's numbers")
    expect.equal([entry.version for entry in found], ["1.10.0", "1.9.0", "2.0.0"], "the semantic versions")


@case(
    BY_TYPE,
    call='list_models_by_type("nothing")',
    criteria=("C4",),
    level=FULL,
)
def test_type_without_models_gives_none(sdk: Sdk, platform: Platform) -> None:
    """A type that nobody registered gives an empty list."""
    found = sdk.ModelRegistry().list_models_by_type(platform.name("nothing-there"))
    expect.equal(list(found), [], "the models")


@case(BY_TYPE, call='list_models_by_type("fraud")', criteria=("C1",), level=FULL, writes=True)
def test_versions_of_other_tools_are_entries_too(sdk: Sdk, platform: Platform) -> None:
    """A version without Hokusai's tags is an entry with MLflow's number; nothing is made up for it."""
    name = platform.model("fraud")
    number = arrange_version(platform, name, {"metrics": "not json", "timestamp": "yesterday"})
    (entry,) = sdk.ModelRegistry().list_models_by_type(name)
    expect.equal((entry.version, entry.mlflow_version), (number, number), "version and mlflow_version")
    expect.equal((dict(entry.metrics), entry.is_baseline), ({}, False), "metrics and is_baseline")
    expect.equal(entry.model_id, f"{name}/{number}", "model_id")


@case(BY_TYPE, call='list_models_by_type("fraud")', criteria=("C5",), needs=PLAYED)
def test_list_by_type_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like "no models"."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.list_models_by_type("fraud")


@case(BY_TYPE, call='list_models_by_type("fraud")', criteria=("C5",), level=FULL, needs=(*PLAYED, "registry-role"))
def test_list_by_type_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; it never looks like "no models"."""
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        registry.list_models_by_type("fraud")


# -- get_latest_model ------------------------------------------------------------------------------------------------


@case(LATEST, call='ModelRegistry().get_latest_model("fraud")', criteria=("C1", "C6"), level=FULL, writes=True)
def test_latest_model_is_the_highest_version(sdk: Sdk, platform: Platform) -> None:
    """Without a version in production it is the highest semantic version by number: 1.10.0 above 1.9.0."""
    name = platform.model("fraud")
    for semantic in ("1.10.0", "1.9.0"):
        _arrange(platform, name, semantic)
    entry = sdk.ModelRegistry().get_latest_model(name)
    expect.equal(entry.version if entry else None, "1.10.0", "the version")


@case(LATEST, call='get_latest_model("fraud")', criteria=("C1",), level=FULL, writes=True)
def test_latest_model_is_the_one_in_production(sdk: Sdk, platform: Platform) -> None:
    """The version of the alias `production` comes before a higher one."""
    name = platform.model("fraud")
    first = _arrange(platform, name, "1.0.0")
    _arrange(platform, name, "2.0.0")
    platform.tracking.set_alias(name, "production", first)
    entry = sdk.ModelRegistry().get_latest_model(name)
    expect.equal(entry.version if entry else None, "1.0.0", "the version")


@case(LATEST, call='get_latest_model("nothing")', criteria=("C4",), level=FULL, writes=True, needs=("fresh",))
def test_latest_model_of_none_is_none(sdk: Sdk, platform: Platform) -> None:
    """A type without models, and a model without versions, have no latest: None."""
    empty = platform.name("empty")
    platform.tracking.create_model(empty)
    registry = sdk.ModelRegistry()
    expect.equal(registry.get_latest_model(platform.name("nothing-there")), None, "the latest of an unknown type")
    expect.equal(registry.get_latest_model(empty), None, "the latest of a model without versions")


@case(LATEST, call='get_latest_model("fraud")', criteria=("C5",), level=FULL, needs=PLAYED)
def test_latest_model_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises; it never looks like "no models"."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.get_latest_model("fraud")


# -- get_model_lineage -----------------------------------------------------------------------------------------------


def _improved(platform: Platform, name: str, semantic: str, baseline: str, **delta: float) -> str:
    return _arrange(
        platform,
        name,
        semantic,
        is_baseline="false",
        baseline_id=f"{name}-{baseline}",
        delta_metrics=json.dumps(delta),
        contributor_address=platform.address("ada"),
    )


@case(
    LINEAGE,
    call='ModelRegistry().get_model_lineage("fraud-1.2.0")',
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
    needs=("fresh",),
)
def test_lineage_of_an_id_leads_to_it(sdk: Sdk, platform: Platform) -> None:
    """Of a model id: its baseline's baseline, its baseline, itself, oldest first, and no other version."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0")
    _improved(platform, name, "1.1.0", "1.0.0", accuracy_improvement=0.02)
    _improved(platform, name, "1.1.1", "1.0.0", accuracy_improvement=0.5)
    _improved(platform, name, "1.2.0", "1.1.0", accuracy_improvement=0.03)
    lineage = sdk.ModelRegistry().get_model_lineage(f"{name}-1.2.0")
    expect.equal([entry.version for entry in lineage], ["1.0.0", "1.1.0", "1.2.0"], "the versions, iterated")
    expect.equal([entry["version"] for entry in lineage.entries], ["1.0.0", "1.1.0", "1.2.0"], "lineage.entries")


@case(LINEAGE, call='get_model_lineage("fraud")', criteria=("C1", "C4"), writes=True, needs=("fresh",))
def test_lineage_of_a_name_is_all_its_versions(sdk: Sdk, platform: Platform) -> None:
    """Of a registered model's name: every version, oldest first."""
    name = platform.name("fraud")
    for semantic in ("1.10.0", "1.9.0"):
        _arrange(platform, name, semantic)
    lineage = sdk.ModelRegistry().get_model_lineage(name)
    expect.equal([entry.version for entry in lineage], ["1.10.0", "1.9.0"], "the versions")


@case(
    LINEAGE,
    call='get_model_lineage("fraud-1.2.0").total_improvement',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=("fresh",),
)
def test_total_improvement_adds_the_improvements(sdk: Sdk, platform: Platform) -> None:
    """`total_improvement` is the sum of the delta metrics whose name holds `improvement`; others do not count."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0")
    _improved(platform, name, "1.1.0", "1.0.0", accuracy_improvement=0.02, latency_ms=-5.0)
    _improved(platform, name, "1.2.0", "1.1.0", accuracy_improvement=0.03)
    total = sdk.ModelRegistry().get_model_lineage(f"{name}-1.2.0").total_improvement
    expect.that(abs(total - 0.05) < 1e-9, "lineage.total_improvement is 0.05", total)


@case(LINEAGE, call='get_model_lineage("fraud-1.1.0")', criteria=("C1",), level=FULL, writes=True, needs=("fresh",))
def test_lineage_tells_the_contributor(sdk: Sdk, platform: Platform) -> None:
    """An improved version tells its baseline, delta metrics and contributor; a baseline has none of them."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0")
    _improved(platform, name, "1.1.0", "1.0.0", accuracy=0.02)
    first, second = sdk.ModelRegistry().get_model_lineage(f"{name}-1.1.0")
    expect.equal((first.baseline_id, first.delta_metrics), (None, None), "the baseline's baseline_id and delta_metrics")
    expect.equal(second.baseline_id, first.model_id, "baseline_id of the improved version")
    expect.equal(dict(second.delta_metrics or {}), {"accuracy": 0.02}, "its delta_metrics")
    expect.equal(second.contributor_address, platform.address("ada"), "its contributor_address")


@case(LINEAGE, call='get_model_lineage("a")', criteria=("C1",), level=FULL, writes=True, needs=("fresh",))
def test_lineage_of_a_circle_ends(sdk: Sdk, platform: Platform) -> None:
    """Two versions that name each other as baseline are listed once each; a baseline that is gone ends the lineage."""
    name = platform.name("fraud")
    _arrange(platform, name, "1.0.0", baseline_id=f"{name}-1.1.0")
    _arrange(platform, name, "1.1.0", baseline_id=f"{name}-1.0.0")
    _arrange(platform, name, "1.2.0", baseline_id="deleted-long-ago")
    registry = sdk.ModelRegistry()
    expect.equal(len(list(registry.get_model_lineage(f"{name}-1.1.0"))), 2, "the number of versions in the circle")
    gone = [entry.version for entry in registry.get_model_lineage(f"{name}-1.2.0")]
    expect.equal(gone, ["1.2.0"], "the versions after a baseline that is gone")


@case(LINEAGE, call='get_model_lineage("nothing")', criteria=("C5",), level=FULL)
def test_lineage_of_nothing(sdk: Sdk, platform: Platform) -> None:
    """What is neither an id nor a name is a ModelNotFoundError."""
    unknown = platform.name("nothing-there")
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming=unknown):
        registry.get_model_lineage(unknown)


@case(LINEAGE, call='get_model_lineage("fraud")', criteria=("C5",), level=FULL, needs=PLAYED)
def test_lineage_under_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; it is no missing model."""
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True):
        registry.get_model_lineage("fraud")


@case(
    LINEAGE,
    call='get_model_lineage("fraud")',
    criteria=("C5",),
    level=FULL,
    needs=(*PLAYED, "registry-role"),
)
def test_lineage_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A refused key raises with the incident's code; it is no missing model."""
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        registry.get_model_lineage("fraud")


@case(BY_TYPE, call='list_models_by_type("lead-scoring")', criteria=("C1",), level=FULL, writes=True, needs=("fresh",))
def test_tokenized_versions_are_entries_too(sdk: Sdk, platform: Platform) -> None:
    """A version that belongs to a token is an entry like any other, and is found by its id again."""
    name = platform.name("lead-scoring")
    arrange_version(platform, name, token_tags("LSCOR"))
    registry = sdk.ModelRegistry()
    (entry,) = registry.list_models_by_type(name)
    expect.equal(entry.tags.get("hokusai_token_id"), "LSCOR", "the token's tag")
