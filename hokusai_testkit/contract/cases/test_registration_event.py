"""`ModelRegistry.register_tokenized_model`: the registration event on the wire, its state, and what may go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import (
    EVENT_ROUTE,
    Call,
    arrange_call,
    creates,
    events_received,
    only_version,
)

METHOD = "ModelRegistry.register_tokenized_model"
CALL = 'ModelRegistry().register_tokenized_model(model_uri, "lead-scoring", "LSCOR", "accuracy", 0.85)'
FULL = "full"
WIRE = ("platform", "events", "journal")
PLAYED = ("platform", "events", "journal", "scenarios")


def _states(platform: Platform, call: Call) -> str | None:
    return only_version(platform, call.model).tags.get("hokusai.event_state")


@case(METHOD, call=CALL, criteria=("C3", "C6"), writes=True, needs=WIRE)
def test_event_carries_the_documented_fields(sdk: Sdk, platform: Platform) -> None:
    """The event names model, number, token, proposal, metric, value and run; the run id is never null."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    (event,) = events_received(platform)
    wanted = {
        "model_name": call.model,
        "version": only_version(platform, call.model).number,
        "token_id": call.token.upper(),
        "proposal_identifier": call.token.upper(),
        "metric_name": "accuracy",
        "baseline_value": 0.85,
        "mlflow_run_id": call.run_id,
    }
    expect.equal({name: event.get(name) for name in wanted}, wanted, "the event's fields")


@case(METHOD, call=CALL, criteria=("C2", "C3"), level=FULL, writes=True, needs=WIRE)
def test_event_goes_to_the_platforms_route_with_the_key(sdk: Sdk, platform: Platform) -> None:
    """The event is one POST of JSON to /api/models/tokenized-registration-events, with the key as bearer token."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    sent = [entry for entry in platform.received() if "tokenized-registration-events" in entry["path"]]
    expect.equal([(entry["method"], entry["path"]) for entry in sent], [("POST", EVENT_ROUTE)], "the events sent")
    headers = {name.lower(): value for name, value in sent[0]["headers"]}
    expect.that(
        headers.get("content-type", "").startswith("application/json"), "the event is JSON", headers.get("content-type")
    )
    expect.authenticated_with_one_key(platform)


@case(METHOD, call=CALL, criteria=("C3",), level=FULL, writes=True, needs=WIRE)
def test_event_follows_the_version(sdk: Sdk, platform: Platform) -> None:
    """Nothing is sent before the version exists: first the version is made, then the event is sent, once."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    order = [entry["path"].rsplit("/", 2)[-2:] for entry in platform.received() if creates(entry)]
    wanted = [["registered-models", "create"], ["model-versions", "create"], EVENT_ROUTE.rsplit("/", 2)[-2:]]
    expect.equal(order, wanted, "what is made, in order")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=WIRE)
def test_event_is_kept_as_canonical_json(sdk: Sdk, platform: Platform) -> None:
    """The tag `hokusai.event` holds the event that was sent, as JSON with sorted keys and no blanks."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    text = only_version(platform, call.model).tags.get("hokusai.event", "")
    kept = json.loads(text or "null")
    expect.equal(kept, events_received(platform)[0], "the event in the tag `hokusai.event`")
    expect.equal(text, json.dumps(kept, sort_keys=True, separators=(",", ":")), "its canonical form")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=WIRE)
def test_event_that_was_taken_is_sent(sdk: Sdk, platform: Platform) -> None:
    """An event that the platform took: state `sent`, event_emitted True, site_status_update `succeeded`."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    expect.equal(_states(platform, call), "sent", "the tag `hokusai.event_state`")
    expect.equal((result.event_emitted, result.site_status_update), (True, "succeeded"), "the result")
    answered = (result.notification_response or {}).get("event_emitted")
    expect.equal((answered, result.notification_error), (True, None), "the platform's answer in the result")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=PLAYED)
def test_event_is_pending_before_it_is_sent(sdk: Sdk, platform: Platform) -> None:
    """The version bears event and state `pending` from its creation on, so that a crash loses nothing."""
    call = arrange_call(platform)
    sdk.ModelRegistry().register_tokenized_model(**call.arguments)
    (created,) = [entry for entry in platform.received() if entry["path"].endswith("/model-versions/create")]
    tags = {tag["key"]: tag["value"] for tag in json.loads(created["body"])["tags"]}
    before = [
        json.loads(entry["body"])
        for entry in _before_the_event(platform)
        if entry["path"].endswith("/model-versions/set-tag")
    ]
    tags.update({tag["key"]: tag["value"] for tag in before})
    expect.equal(tags.get("hokusai.event_state"), "pending", "the state before the event is sent")
    expect.equal(json.loads(tags["hokusai.event"]), events_received(platform)[0], "the event before it is sent")


def _before_the_event(platform: Platform) -> list[dict[str, Any]]:
    received = platform.received()
    paths = [entry["path"] for entry in received]
    return received[: paths.index(EVENT_ROUTE)]


@case(
    METHOD,
    call='register_tokenized_model(..., eval_spec="e", api_schema={"inputs": ["age"]}, additional_tags={"team": "g"})',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=WIRE,
)
def test_event_carries_what_else_was_said(sdk: Sdk, platform: Platform) -> None:
    """What is said about measuring, the API schema and the additional tags travel with the event."""
    call = arrange_call(platform)
    schema = {"inputs": [{"name": "age", "type": "number"}]}
    sdk.ModelRegistry().register_tokenized_model(
        **call.arguments, additional_tags={"team": "g"}, eval_spec="e-1", benchmark_spec_id="b-1", api_schema=schema
    )
    (event,) = events_received(platform)
    said = {name: event.get(name) for name in ("eval_spec", "benchmark_spec_id", "api_schema")}
    expect.equal(said, {"eval_spec": "e-1", "benchmark_spec_id": "b-1", "api_schema": schema}, "the event's fields")
    expect.equal((event.get("tags") or {}).get("team"), "g", "the additional tag in the event")
    expect.equal(schema, {"inputs": [{"name": "age", "type": "number"}]}, "the caller's schema afterwards")


@case(
    METHOD,
    call="register_tokenized_model(..., notify_site=False)",
    criteria=("C1", "C6"),
    level=FULL,
    writes=True,
    needs=WIRE,
)
def test_without_notifying_no_event_is_sent(sdk: Sdk, platform: Platform) -> None:
    """`notify_site=False` registers and sends nothing: event_emitted False, `skipped`, state `pending`."""
    call = arrange_call(platform)
    result = sdk.ModelRegistry().register_tokenized_model(**call.arguments, notify_site=False)
    expect.equal(events_received(platform), [], "the events sent")
    expect.equal((result.event_emitted, result.site_status_update), (False, "skipped"), "the result")
    expect.equal(_states(platform, call), "pending", "the tag `hokusai.event_state`")
    expect.that("hokusai.event" in only_version(platform, call.model).tags, "the event is kept for later", "it is not")


@case(METHOD, call=CALL, criteria=("C5", "C6"), writes=True, needs=PLAYED)
def test_refused_event_is_a_notification_error(sdk: Sdk, platform: Platform) -> None:
    """A refused event raises NotificationError with status, answer and remedy; the version is registered, once."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.fail")
    with expect.raises(
        sdk,
        "NotificationError",
        code="F04",
        status_code=502,
        mlflow_registered=True,
        remedy=True,
        naming="renotify",
        unless=platform.api_key,
    ):
        registry.register_tokenized_model(**call.arguments)
    expect.equal(_states(platform, call), "refused", "the tag `hokusai.event_state`")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_notification_error_holds_result_and_answer(sdk: Sdk, platform: Platform) -> None:
    """`NotificationError.result` is the result all the same, `response_body` what the platform said."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.fail")
    error = sdk.exception("NotificationError")
    try:
        registry.register_tokenized_model(**call.arguments)
    except error as problem:
        result = getattr(problem, "result", None)
        if result is None:
            raise ContractViolation("wrong-error", expected="error.result is the result", actual="None") from problem
        number = only_version(platform, call.model).number
        expect.equal((result.model_name, result.version), (call.model, number), "error.result")
        expect.equal((result.event_emitted, result["site_status_update"]), (False, "failed"), "error.result")
        body = str(getattr(problem, "response_body", ""))
        expect.that("Failed to emit" in body, "error.response_body is the platform's answer", body)
    else:
        expect.that(False, "NotificationError is raised", "no exception was raised")


@case(
    METHOD,
    call="register_tokenized_model(..., best_effort_notification=True)",
    criteria=("C1", "C5"),
    level=FULL,
    writes=True,
    needs=PLAYED,
)
def test_best_effort_returns_instead_of_raising(sdk: Sdk, platform: Platform) -> None:
    """With `best_effort_notification` a refused event is told in the result: event_emitted False, and why."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.fail")
    result = registry.register_tokenized_model(**call.arguments, best_effort_notification=True)
    expect.equal((result.event_emitted, result.site_status_update), (False, "failed"), "the result")
    expect.that(result.notification_error, "result.notification_error says why", result.notification_error)
    expect.equal(_states(platform, call), "refused", "the tag `hokusai.event_state`")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=(*PLAYED, "registry-role"))
def test_best_effort_covers_the_event_alone(sdk: Sdk, platform: Platform) -> None:
    """`best_effort_notification` forgives nothing of the registration itself."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05"):
        registry.register_tokenized_model(**call.arguments, best_effort_notification=True)


@case(
    METHOD,
    call="register_tokenized_model(..., notification_timeout=0.3)",
    criteria=("C5", "C6"),
    writes=True,
    needs=PLAYED,
)
def test_event_without_an_answer_is_unknown(sdk: Sdk, platform: Platform) -> None:
    """After `notification_timeout` seconds the state is `unknown`, and the error says that the site may have it."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.timeout")
    with expect.raises(sdk, "NotificationError", mlflow_registered=True, status_code=None, remedy=True, naming="may"):
        registry.register_tokenized_model(**call.arguments, notification_timeout=0.3)
    expect.equal(_states(platform, call), "unknown", "the tag `hokusai.event_state`")


@case(
    METHOD,
    call="register_tokenized_model(..., notification_timeout=0.3, best_effort_notification=True)",
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=PLAYED,
)
def test_best_effort_tells_a_missing_answer_as_failed(sdk: Sdk, platform: Platform) -> None:
    """With `best_effort_notification` an event without an answer is told as failed, never as skipped."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.timeout")
    result = registry.register_tokenized_model(
        **call.arguments, notification_timeout=0.3, best_effort_notification=True
    )
    expect.equal((result.event_emitted, result.site_status_update), (False, "failed"), "the result")


ONLY_EVENTS = ["*/tokenized-registration-events"]


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("gateway.lb_error", 502), ("auth.sso_page", 200), ("net.reset", None)],
    ids=["load-balancer", "login-page", "reset"],
)
@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_answers_that_do_not_tell_are_unknown(sdk: Sdk, platform: Platform, scenario: str, status: int | None) -> None:
    """Where the answer is not the platform's, or the line breaks, nobody knows what became of the event: `unknown`."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play(scenario, paths=ONLY_EVENTS)
    with expect.raises(sdk, "NotificationError", mlflow_registered=True, status_code=status, remedy=True, naming="may"):
        registry.register_tokenized_model(**call.arguments)
    platform.heal()
    expect.equal(_states(platform, call), "unknown", "the tag `hokusai.event_state`")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_too_many_events_are_refused_as_such(sdk: Sdk, platform: Platform) -> None:
    """Over the route's own limit (429) the event is refused with C11; the version is registered."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    platform.play("limit.route", limit=1)
    registry.register_tokenized_model(**call.arguments)
    with expect.raises(sdk, "NotificationError", code="C11", status_code=429, remedy=True, naming="renotify"):
        registry.register_tokenized_model(**call.arguments)
    states = [version.tags.get("hokusai.event_state") for version in platform.tracking.versions(call.model)]
    expect.equal(states, ["sent", "refused"], "the tags `hokusai.event_state`")


@case(
    METHOD,
    call='register_tokenized_model(..., notification_api_endpoint="https://registry.hokus.ai")',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=WIRE,
)
def test_endpoint_with_and_without_api(sdk: Sdk, platform: Platform) -> None:
    """`notification_api_endpoint` may end in /api or not: both lead to /api/models/..."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    bare = platform.api_endpoint.removesuffix("/api")
    for endpoint in (platform.api_endpoint, bare, f"{bare}/"):
        registry.register_tokenized_model(**call.arguments, notification_api_endpoint=endpoint)
    expect.equal(len(events_received(platform)), 3, "the number of events that arrived")


@case(
    METHOD,
    call='register_tokenized_model(..., notification_api_endpoint="http://127.0.0.1:9/api")',
    criteria=("C2", "C5"),
    level=FULL,
    needs=("platform", "journal"),
)
def test_key_goes_to_no_other_host(sdk: Sdk, platform: Platform) -> None:
    """An endpoint that the key is not for is refused before anything is registered."""
    call = arrange_call(platform)
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ConfigurationError", naming="127.0.0.1:9", remedy=True, unless=platform.api_key):
        registry.register_tokenized_model(**call.arguments, notification_api_endpoint="http://127.0.0.1:9/api")
    expect.nothing_sent(platform, creates)


@case(
    METHOD,
    call='ModelRegistry(api_endpoint=endpoint).register_tokenized_model(model_uri, "lead", "LSCOR", "accuracy", 0.85)',
    criteria=("C2",),
    level=FULL,
    writes=True,
    needs=WIRE,
)
def test_event_goes_to_the_registrys_own_endpoint(
    sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without `notification_api_endpoint` the event goes to the endpoint that the registry was made with."""
    call = arrange_call(platform)
    for name in ("HOKUSAI_API_KEY", "HOKUSAI_API_ENDPOINT", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOKUSAI_API_URL", "http://127.0.0.1:9")
    registry = sdk.ModelRegistry(api_key=platform.api_key, api_endpoint=platform.api_endpoint)
    registry.register_tokenized_model(**call.arguments)
    expect.equal(len(events_received(platform)), 1, "the number of events that arrived")


@case(
    METHOD,
    call='ModelRegistry(mode="local").register_tokenized_model(...)',
    criteria=("C6",),
    level=FULL,
    needs=("platform", "journal", "package:sqlalchemy", "package:alembic"),
)
def test_tokenized_in_local_mode_sends_no_event(sdk: Sdk, platform: Platform) -> None:
    """In local mode the version is made in the local store and no event is sent: event_emitted False."""
    manager = sdk.ExperimentManager
    registry = sdk.ModelRegistry(mode="local")
    with manager(registry=registry).start_experiment("local") as run:
        run_id = run.info.run_id
    result = registry.register_tokenized_model(f"runs:/{run_id}/model", "lead", "LSCOR", "accuracy", 0.85)
    expect.equal((result.event_emitted, result.version), (False, "1"), "event_emitted and version")
    expect.equal(result.tags.get("hokusai.event_state"), "pending", "the tag `hokusai.event_state`")
    expect.nothing_sent(platform)
