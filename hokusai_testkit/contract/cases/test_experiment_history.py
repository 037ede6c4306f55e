"""`ExperimentManager.get_experiment_history`: what was set up and compared, and never an outage in disguise.

What there is to read is written by the implementation itself, since nobody else knows how it keeps it.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.comparing import Counts, Pair, arrange_models, data_of
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

METHOD = "ExperimentManager.get_experiment_history"
CALL = "ExperimentManager().get_experiment_history()"
OF_ONE = 'ExperimentManager().get_experiment_history("fraud-1")'
MODELS = ("package:mlflow", "package:pandas")
DATA = {"contributor": "ann", "rows": 500}
FULL = "full"

test_get_experiment_history_signature = signature_case(METHOD, "test_get_experiment_history_signature")


def _manager(sdk: Sdk, platform: Platform) -> Any:
    return sdk.ExperimentManager(platform.name("history"))


def _compare(manager: Any, pair: Pair) -> None:
    data = data_of(Counts(90, 10, 10, 90), Counts(100, 0, 0, 100))
    manager.compare_models(pair.baseline, pair.candidate, data)


@case(METHOD, call=CALL, criteria=("C1", "C6"))
def test_history_of_nothing(sdk: Sdk, platform: Platform) -> None:
    """Where nothing was recorded the history is an empty list."""
    expect.equal(_manager(sdk, platform).get_experiment_history(), [], "the history")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_history_has_what_was_set_up(sdk: Sdk, platform: Platform) -> None:
    """An improvement experiment stands in the history; nothing was compared, so it has no improvement."""
    manager = _manager(sdk, platform)
    run_id = manager.create_improvement_experiment("fraud-1", DATA)
    found = [
        (entry["run_id"], entry["baseline_model"], entry["improvement"], entry["recommendation"])
        for entry in manager.get_experiment_history()
    ]
    expect.equal(found, [(run_id, "fraud-1", None, None)], "run_id, baseline_model, improvement, recommendation")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MODELS)
def test_history_has_comparisons(sdk: Sdk, platform: Platform) -> None:
    """A comparison stands in the history with its recommendation and the mean of its improvements."""
    manager, pair = _manager(sdk, platform), arrange_models(platform)
    _compare(manager, pair)
    found = [
        (entry["baseline_model"], entry["improvement"], entry["recommendation"])
        for entry in manager.get_experiment_history()
    ]
    expect.equal(found, [(pair.baseline, 0.1, "ACCEPT")], "baseline_model, improvement, recommendation")


@case(METHOD, call=OF_ONE, criteria=("C6",), level=FULL, writes=True)
def test_history_of_one_baseline(sdk: Sdk, platform: Platform) -> None:
    """With a baseline's id only what belongs to it is returned."""
    manager = _manager(sdk, platform)
    manager.create_improvement_experiment("fraud-1", DATA)
    wanted = manager.create_improvement_experiment("fraud-2", DATA)
    found = [entry["run_id"] for entry in manager.get_experiment_history("fraud-2")]
    expect.equal(found, [wanted], "the runs of 'fraud-2'")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_history_is_of_this_experiment(sdk: Sdk, platform: Platform) -> None:
    """What another manager recorded under another name is not in it."""
    sdk.ExperimentManager(platform.name("elsewhere")).create_improvement_experiment("fraud-1", DATA)
    expect.equal(_manager(sdk, platform).get_experiment_history(), [], "the history of another experiment")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_history_begins_with_the_newest(sdk: Sdk, platform: Platform) -> None:
    """The newest stands first, and timestamps say so."""
    manager = _manager(sdk, platform)
    ids = [manager.create_improvement_experiment(f"fraud-{number}", DATA) for number in range(3)]
    history = manager.get_experiment_history()
    expect.equal([entry["run_id"] for entry in history], ids[::-1], "the order of the runs")
    moments = [entry["timestamp"] for entry in history]
    expect.that(all(isinstance(moment, str) for moment in moments), "timestamps are texts (ISO 8601)", moments)
    expect.equal(moments, sorted(moments, reverse=True), "the timestamps, newest first")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_history_does_not_count_other_runs(sdk: Sdk, platform: Platform) -> None:
    """Runs that the user made in the same experiment are no experiments of the manager."""
    platform.tracking.create_run(platform.name("history"))
    expect.equal(_manager(sdk, platform).get_experiment_history(), [], "the history")


@case(METHOD, call=CALL, criteria=("C5",), needs=("scenarios",))
def test_history_in_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; it never looks like an empty history."""
    manager = _manager(sdk, platform)
    platform.play("gateway.lb_error", status=503)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an implementation may say that it falls back; reading cannot
        with expect.raises(sdk, "MLflowConnectionError", code="C03", status_code=503, remedy=True):
            manager.get_experiment_history()


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, needs=("scenarios", "registry-role"))
def test_history_without_rights(sdk: Sdk, platform: Platform) -> None:
    """A key that loses its rights is refused with the incident's code, the status and what to do."""
    manager = _manager(sdk, platform)
    platform.play("auth.admin_required")
    refused = expect.raises(
        sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True, unless=platform.api_key
    )
    with refused:
        manager.get_experiment_history()


@case(METHOD, call="# HOKUSAI_MOCK_MODE=true\n" + CALL, criteria=("C2",), level=FULL, needs=("journal",))
def test_history_in_local_mode(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """In local mode what was recorded locally is read again, without key and network, and nothing is made up."""
    monkeypatch.delenv("HOKUSAI_API_KEY", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    manager = _manager(sdk, platform)
    run_id = manager.create_improvement_experiment("fraud-1", DATA)
    found = [(entry["run_id"], entry["recommendation"]) for entry in manager.get_experiment_history()]
    expect.equal(found, [(run_id, None)], "run_id and recommendation of the local history")
    expect.nothing_sent(platform)
