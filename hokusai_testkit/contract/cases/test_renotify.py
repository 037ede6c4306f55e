"""`ModelRegistry.renotify`: the registration event again, from the version's tags alone, without registering twice."""

from __future__ import annotations

import json

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.tokens import arrange_version, events_received, token_tags, version_numbered

METHOD = "ModelRegistry.renotify"
CALL = 'ModelRegistry().renotify("lead-scoring", "1")'
FULL = "full"
WIRE = ("platform", "events", "journal")
PLAYED = ("platform", "events", "journal", "scenarios")

test_renotify_signature = signature_case(METHOD, "test_renotify_signature")


def _arrange(platform: Platform, state: str = "refused", *, model: str = "lead-scoring") -> tuple[str, str]:
    """Make a version whose event was kept and did not arrive; returns the model's name and MLflow's number."""
    name, token = platform.model(model), platform.token("LSCOR")
    run = platform.tracking.create_run()
    event = {
        "baseline_value": 0.85,
        "metric_name": "accuracy",
        "mlflow_run_id": run.id,
        "model_name": name,
        "proposal_identifier": "P-1",
        "token_id": token,
        "version": str(len(platform.tracking.versions(name)) + 1),
    }
    kept = {
        "hokusai.event": json.dumps(event, sort_keys=True, separators=(",", ":")),
        "hokusai.event_state": state,
        "mlflow_run_id": run.id,
    }
    return name, arrange_version(platform, name, {**token_tags(token), **kept}, run_id=run.id)


@case(METHOD, call=CALL, criteria=("C4", "C6"), writes=True, needs=WIRE)
def test_renotify_sends_the_kept_event(sdk: Sdk, platform: Platform) -> None:
    """The event that the tag keeps is sent as it is, by an object that knows nothing but the tags."""
    name, number = _arrange(platform)
    sdk.ModelRegistry().renotify(name, number)
    kept = json.loads(version_numbered(platform, name, number).tags["hokusai.event"])
    expect.equal(events_received(platform), [kept], "the events sent")


@case(METHOD, call=CALL, criteria=("C3", "C6"), level=FULL, writes=True, needs=WIRE)
def test_renotify_registers_nothing(sdk: Sdk, platform: Platform) -> None:
    """No second version, model or run is made."""
    name, number = _arrange(platform)
    before = len(platform.tracking.versions(name))
    sdk.ModelRegistry().renotify(name, number)
    expect.equal(len(platform.tracking.versions(name)), before, "the number of versions")
    expect.nothing_sent(platform, lambda entry: entry["path"].endswith("/create"))


@case(METHOD, call=CALL, criteria=("C1", "C6"), level=FULL, writes=True, needs=WIRE)
def test_renotify_notes_that_it_was_sent(sdk: Sdk, platform: Platform) -> None:
    """Afterwards the state is `sent`, and the result says so."""
    name, number = _arrange(platform)
    result = sdk.ModelRegistry().renotify(name, number)
    expect.equal((result.version, result["event_emitted"]), (number, True), "version and event_emitted")
    state = version_numbered(platform, name, number).tags.get("hokusai.event_state")
    expect.equal(state, "sent", "the tag `hokusai.event_state`")


@case(METHOD, call="ModelRegistry().renotify(error.result)", criteria=("C1",), level=FULL, writes=True, needs=PLAYED)
def test_renotify_takes_a_result(sdk: Sdk, platform: Platform) -> None:
    """The result of a failed call is enough: it names model and version."""
    name, number = _arrange(platform)
    registry = sdk.ModelRegistry()
    platform.play("notify.fail")
    error = sdk.exception("NotificationError")
    result = None
    try:
        registry.renotify(name, number)
    except error as problem:
        result = getattr(problem, "result", None)
    expect.that(result is not None, "NotificationError.result is the result", result)
    platform.heal()
    expect.equal(registry.renotify(result).version, number, "the version")
    expect.equal(len(events_received(platform)), 2, "the number of events sent")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=PLAYED)
def test_renotify_that_is_refused_again(sdk: Sdk, platform: Platform) -> None:
    """A refusal raises NotificationError as the first time did; the state is `refused`."""
    name, number = _arrange(platform, "unknown")
    registry = sdk.ModelRegistry()
    platform.play("notify.fail")
    with expect.raises(sdk, "NotificationError", code="F04", status_code=502, mlflow_registered=True, remedy=True):
        registry.renotify(name, number)
    state = version_numbered(platform, name, number).tags.get("hokusai.event_state")
    expect.equal(state, "refused", "the tag `hokusai.event_state`")


@case(METHOD, call='ModelRegistry().renotify("lead-scoring")', criteria=("C1",), level=FULL, writes=True, needs=WIRE)
def test_renotify_takes_the_latest_tokenized_version(sdk: Sdk, platform: Platform) -> None:
    """Without a version it is the latest one that belongs to a token; others are passed over."""
    name, _ = _arrange(platform)
    _, second = _arrange(platform)
    arrange_version(platform, name, {"version": "9.0.0"})
    expect.equal(sdk.ModelRegistry().renotify(name).version, second, "the version")


@case(
    METHOD,
    call='ModelRegistry().renotify("lead-scoring", "champion")',
    criteria=("C1",),
    level=FULL,
    writes=True,
    needs=WIRE,
)
def test_renotify_takes_an_alias(sdk: Sdk, platform: Platform) -> None:
    """A version may be given by its alias, and by its number as an integer."""
    name, number = _arrange(platform)
    _arrange(platform)
    platform.tracking.set_alias(name, "champion", number)
    registry = sdk.ModelRegistry()
    expect.equal(registry.renotify(name, "champion").version, number, "the version of the alias")
    expect.equal(registry.renotify(name, int(number)).version, number, "the version of the number")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=("platform", "journal"))
def test_renotify_without_a_kept_event(sdk: Sdk, platform: Platform) -> None:
    """A version that keeps no event is refused with its tag's name; nothing is sent."""
    name = platform.model("lead-scoring")
    number = arrange_version(platform, name, token_tags("LSCOR"))
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "RegistryException", naming="hokusai.event", remedy=True):
        registry.renotify(name, number)
    expect.equal(events_received(platform), [], "the events sent")


@case(
    METHOD,
    call='ModelRegistry().renotify("lead-scoring", "77")',
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=("platform",),
)
def test_renotify_of_an_unknown_version(sdk: Sdk, platform: Platform) -> None:
    """A version or model that does not exist is a ModelNotFoundError."""
    name, _ = _arrange(platform)
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "ModelNotFoundError", naming="77"):
        registry.renotify(name, "77")
    with expect.raises(sdk, "ModelNotFoundError", naming="no-such-model"):
        registry.renotify("no-such-model")


@case(METHOD, call="ModelRegistry().renotify(result)", criteria=("C5",), level=FULL, needs=("journal", "platform"))
def test_renotify_of_something_else(sdk: Sdk, platform: Platform) -> None:
    """What is neither a result nor a name is refused; nothing is sent."""
    registry = sdk.ModelRegistry()
    with expect.raises(sdk, "InvalidParameterError", naming="result_or_name"):
        registry.renotify(7)
    expect.equal(events_received(platform), [], "the events sent")
