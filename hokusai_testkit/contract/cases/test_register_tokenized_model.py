"""`ModelRegistry.register_tokenized_model`: the version, its tags, the result. The event has a file of its own."""

from __future__ import annotations

from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import arrange_call, arrange_version, creates, events_received, only_version

METHOD = "ModelRegistry.register_tokenized_model"
CALL = (
    "ModelRegistry().register_tokenized_model("
    'model_uri="runs:/<run id>/model", model_name="lead-scoring", token_id="LSCOR", metric_name="accuracy", '
    "baseline_value=0.85)"
)
FULL = "full"
EVENTS = ("platform", "events")

test_register_tokenized_model_signature = signature_case(METHOD, "test_register_tokenized_model_signature")


@case(METHOD, call=CALL, criteria=("C3", "C6"), writes=True, needs=EVENTS)
def test_tokenized_version_has_the_documented_tags(sdk: Sdk, platform: Platform) -> None:
    """One version is registered, with the tags by which the platform knows the token, the metric and the run."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    tags = only_version(platform, call.model).tags
    wanted = {
        "hokusai_token_id": call.token.upper(),
        "benchmark_metric": "accuracy",
        "benchmark_value": "0.85",
        "hokusai_status": "registered",
        "hokusai_proposal_identifier": call.token.upper(),
        "mlflow_run_id": call.run_id,
    }
    expect.equal({name: tags.get(name) for name in wanted}, wanted, "the version's tags")


@case(METHOD, call=CALL, criteria=("C3", "C6"), writes=True, needs=EVENTS)
def test_tokenized_version_comes_with_its_run(sdk: Sdk, platform: Platform) -> None:
    """Source and run id of the version are those of the artifact, as servers with the strict source rule demand."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    version = only_version(platform, call.model)
    expect.equal((version.source, version.run_id), (call.model_uri, call.run_id), "source and run id")


@case(METHOD, call=CALL, criteria=("C1", "C6"), level=FULL, writes=True, needs=EVENTS)
def test_tokenized_result_tells_what_was_registered(sdk: Sdk, platform: Platform) -> None:
    """The result holds name, number, token, metric, value, proposal and run as they were registered."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    token = call.token.upper()
    expect.equal(result.model_name, call.model, "result.model_name")
    expect.equal((result.token_id, result.token_identifier), (token, token), "token_id and token_identifier")
    expect.equal((result.metric_name, result.baseline_value), ("accuracy", 0.85), "metric_name and baseline_value")
    expect.equal(result.proposal_identifier, token, "result.proposal_identifier")
    expect.equal((result.mlflow_run_id, result.status), (call.run_id, "registered"), "mlflow_run_id and status")


@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True, needs=EVENTS)
def test_tokenized_version_is_the_number_as_a_string(sdk: Sdk, platform: Platform) -> None:
    """`version` and `mlflow_version` are both MLflow's number, strings."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    number = only_version(platform, call.model).number
    expect.equal((result.version, result.mlflow_version), (number, number), "version and mlflow_version")


@case(METHOD, call=CALL + '["version"]', criteria=("C1",), level=FULL, writes=True, needs=EVENTS)
def test_tokenized_result_answers_keys_and_attributes(sdk: Sdk, platform: Platform) -> None:
    """Every documented field answers as an attribute and as a key alike."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments, eval_spec="holdout-v2")
    for field in (
        "model_name",
        "version",
        "token_id",
        "token_identifier",
        "proposal_identifier",
        "metric_name",
        "baseline_value",
        "mlflow_run_id",
        "status",
        "tags",
        "eval_spec",
        "scorer_ref",
        "primary_metric",
        "benchmark_spec_id",
        "event_emitted",
        "site_status_update",
    ):
        expect.equal(result[field], getattr(result, field), f"result[{field!r}]")


@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True, needs=EVENTS)
def test_lower_case_token_is_stored_in_upper_case(sdk: Sdk, platform: Platform) -> None:
    """A token id in lower case is accepted and stored in upper case."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**{**call.arguments, "token_id": call.token.lower()})
    expect.equal(result.token_id, call.token.upper(), "result.token_id")
    tag = only_version(platform, call.model).tags.get("hokusai_token_id")
    expect.equal(tag, call.token.upper(), "the tag `hokusai_token_id`")


@case(
    METHOD,
    call='register_tokenized_model(..., eval_spec="e", scorer_ref="s", primary_metric="p", benchmark_spec_id="b")',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=EVENTS,
)
def test_how_it_is_measured_is_tagged(sdk: Sdk, platform: Platform) -> None:
    """What is said about measuring stands in the result and in the tags `hokusai.<name>` of version and run."""
    call = arrange_call(platform)
    said = {"eval_spec": "e-1", "scorer_ref": "s-1", "primary_metric": "auc", "benchmark_spec_id": "b-1"}
    given: dict[str, Any] = dict(said)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments, **given)
    wanted = {f"hokusai.{name}": value for name, value in said.items()}
    on_version, on_run = only_version(platform, call.model).tags, platform.tracking.run(call.run_id).tags
    expect.equal({name: on_version.get(name) for name in wanted}, wanted, "the version's tags")
    expect.equal({name: on_run.get(name) for name in wanted}, wanted, "the run's tags")
    expect.equal({name: result[name] for name in said}, said, "the result's fields")


@case(METHOD, call=CALL, criteria=("C1",), level=FULL, writes=True, needs=EVENTS)
def test_what_was_not_said_is_none(sdk: Sdk, platform: Platform) -> None:
    """Fields that were not given are None in the result, and have no tag."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    fields = (result.eval_spec, result.scorer_ref, result.primary_metric, result.benchmark_spec_id)
    expect.equal(fields, (None, None, None, None), "eval_spec, scorer_ref, primary_metric, benchmark_spec_id")
    made_up = [name for name in only_version(platform, call.model).tags if name.endswith(("_spec", "_spec_id"))]
    expect.equal(made_up, [], "tags about measuring")


@case(
    METHOD,
    call='register_tokenized_model(..., additional_tags={"team": "growth"})',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=EVENTS,
)
def test_additional_tags_are_written(sdk: Sdk, platform: Platform) -> None:
    """Additional tags stand on the version and in the result; the caller's dict stays as it was."""
    call = arrange_call(platform)
    extra = {"team": "growth", "dataset": "crm-2026"}
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments, additional_tags=extra)
    tags = only_version(platform, call.model).tags
    expect.equal({name: tags.get(name) for name in extra}, extra, "the additional tags")
    expect.equal({name: result.tags.get(name) for name in extra}, extra, "the additional tags in result.tags")
    expect.equal(extra, {"team": "growth", "dataset": "crm-2026"}, "the caller's dict afterwards")


@pytest.mark.parametrize(
    ("given", "proposal"),
    [
        ({"ticker": "T"}, "T"),
        ({"canonical_identifier": "C", "ticker": "T"}, "C"),
        ({"proposal_ticker": "PT", "canonical_identifier": "C", "ticker": "T"}, "PT"),
        ({"proposal_identifier": "PI", "proposal_ticker": "PT", "canonical_identifier": "C", "ticker": "T"}, "PI"),
    ],
    ids=["ticker", "canonical", "proposal-ticker", "proposal-identifier"],
)
@case(
    METHOD,
    call='register_tokenized_model(..., additional_tags={"proposal_identifier": "LSCOR-P"})',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=EVENTS,
)
def test_proposal_is_the_most_telling_tag(sdk: Sdk, platform: Platform, given: dict[str, str], proposal: str) -> None:
    """The proposal is the tag proposal_identifier, else proposal_ticker, canonical_identifier, ticker, the token."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments, additional_tags=given, notify_site=False)
    expect.equal(result.proposal_identifier, proposal, "result.proposal_identifier")
    tag = only_version(platform, call.model).tags.get("hokusai_proposal_identifier")
    expect.equal(tag, proposal, "the tag `hokusai_proposal_identifier`")


@case(
    METHOD,
    call='register_tokenized_model(model_uri="models:/lead-scoring/1", ...)',
    criteria=("C3",),
    level=FULL,
    writes=True,
    needs=(*EVENTS, "fresh"),
)
def test_run_of_a_models_uri_is_resolved(sdk: Sdk, platform: Platform) -> None:
    """A `models:/` URI registers that version's artifact with its run id, which the event carries too."""
    call = arrange_call(platform)
    first = platform.name("first")
    number = arrange_version(platform, first, run_id=call.run_id)
    given = {**call.arguments, "model_uri": f"models:/{first}/{number}"}
    result = sdk.ModelRegistry().register_tokenized_model(**given)
    version = only_version(platform, call.model)
    expect.equal((version.source, version.run_id), (call.model_uri, call.run_id), "source and run id")
    expect.equal(result.mlflow_run_id, call.run_id, "result.mlflow_run_id")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("platform", "journal"))
def test_unknown_run_is_refused_before_anything(sdk: Sdk, platform: Platform) -> None:
    """A run that does not exist is refused with E04 before anything is registered or sent."""
    call = arrange_call(platform)
    given = {**call.arguments, "model_uri": f"runs:/{'0' * 32}/model"}
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "RegistryException", code="E04", status_code=404, remedy=True):
        registry.register_tokenized_model(**given)
    expect.nothing_sent(platform, creates)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=("fresh", "platform", "journal"))
def test_model_without_a_run_is_refused_before_anything(sdk: Sdk, platform: Platform) -> None:
    """A `models:/` URI whose version belongs to no run is refused: the platform wants the id of one."""
    call = arrange_call(platform)
    first = platform.name("first")
    platform.tracking.create_model(first)
    body = {"name": first, "source": "s3://bucket/model"}
    answer = platform.tracking.call("POST", "model-versions/create", body)
    given = {**call.arguments, "model_uri": f"models:/{first}/1"}
    registry = sdk.ModelRegistry()
    error = "InvalidParameterError" if answer.status == 200 else "ModelNotFoundError"
    with expect.raises(sdk, error):
        registry.register_tokenized_model(**given)
    expect.nothing_sent(platform, creates)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"model_uri": "s3://bucket/model"}, "model_uri"),
        ({"model_uri": None}, "model_uri"),
        ({"model_name": ""}, "model_name"),
        ({"token_id": "-LSCOR"}, "token"),
        ({"token_id": "LS COR"}, "token"),
        ({"token_id": "X" * 65}, "token"),
        ({"token_id": ""}, "token"),
        ({"metric_name": "  "}, "metric_name"),
        ({"baseline_value": "high"}, "baseline_value"),
        ({"baseline_value": float("nan")}, "baseline_value"),
        ({"baseline_value": None}, "baseline_value"),
        ({"additional_tags": ["team"]}, "additional_tags"),
        ({"additional_tags": {"hokusai_token_id": "OTHER"}}, "hokusai_token_id"),
        ({"eval_spec": " "}, "eval_spec"),
        ({"scorer_ref": "x" * 501}, "scorer_ref"),
        ({"api_schema": {"a": object()}}, "api_schema"),
        ({"notification_timeout": 0}, "notification_timeout"),
        ({"notify_site": "false"}, "notify_site"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("platform", "journal"))
def test_bad_arguments_are_named_before_anything(
    sdk: Sdk, platform: Platform, wrong: dict[str, Any], named: str
) -> None:
    """What the platform would refuse is an InvalidParameterError that names it, before anything is made."""
    given: dict[str, Any] = {
        "model_uri": f"runs:/{'0' * 32}/model",
        "model_name": "lead-scoring",
        "token_id": "LSCOR",
        "metric_name": "accuracy",
        "baseline_value": 0.85,
    }
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming=named):
        registry.register_tokenized_model(**{**given, **wrong})
    expect.nothing_sent(platform, creates)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("platform", "journal"))
def test_bad_argument_is_a_value_error_too(sdk: Sdk, platform: Platform) -> None:
    """What was caught as ValueError by the published SDK's users still is one."""
    registry = sdk.ModelRegistry()
    try:
        registry.register_tokenized_model("runs:/1/model", "lead-scoring", "-", "accuracy", 0.85)
    except ValueError as problem:
        expect.that("Invalid token ID" in str(problem), "the message begins as published: Invalid token ID", problem)
    else:
        expect.that(False, "an invalid token id is refused", "no exception was raised")
    expect.nothing_sent(platform, creates)


@case(METHOD, call=CALL, criteria=("C3", "C5"), level=FULL, needs=("platform", "scenarios", "registry-role"))
def test_tokenized_with_a_key_without_registry_role(sdk: Sdk, platform: Platform) -> None:
    """A key without the registry role is refused with the incident's code; nothing is registered, no event sent."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    ):
        registry.register_tokenized_model(**call.arguments)
    platform.heal()
    expect.equal(platform.tracking.versions(call.model), [], "the versions")
    expect.equal(events_received(platform), [], "the events")


@case(METHOD, call=CALL, criteria=("C5",), needs=("platform", "scenarios"))
def test_tokenized_never_falls_back(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outage raises MLflowConnectionError even where everything may fall back: nothing is kept in its place."""
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "true")
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("gateway.lb_error")
    with expect.raises(sdk, "MLflowConnectionError", remedy=True, unless=platform.api_key):
        registry.register_tokenized_model(**call.arguments)


@case(METHOD, call=CALL, criteria=("C3",), level=FULL, writes=True, needs=EVENTS)
def test_second_registration_is_a_second_version(sdk: Sdk, platform: Platform) -> None:
    """The same call made again after it succeeded makes a new version, with a number of its own."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    first = registry.register_tokenized_model(**call.arguments)
    second = registry.register_tokenized_model(**call.arguments)
    numbers = [version.number for version in platform.tracking.versions(call.model)]
    expect.equal(numbers, [first.version, second.version], "MLflow's numbers")
