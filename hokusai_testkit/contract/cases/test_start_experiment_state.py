"""`ExperimentManager.start_experiment`: MLflow's state inside and after the block, nested, overlapping, in threads."""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import ExitStack
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

METHOD = "ExperimentManager.start_experiment"
CALL = 'with ExperimentManager().start_experiment("churn"): ...'
MLFLOW = ("package:mlflow",)
FULL = "full"


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MLFLOW)
def test_run_inside_a_run_is_nested(sdk: Sdk, platform: Platform) -> None:
    """A block inside a block has a run of its own, child of the outer one, which is active again afterwards."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    manager, name = sdk.ExperimentManager(), platform.name("churn")
    with manager.start_experiment(name) as outer:
        with manager.start_experiment(name) as inner:
            pass
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, outer.info.run_id, "the active run after the inner block")
    parent = platform.tracking.run(inner.info.run_id).tags.get("mlflow.parentRunId")
    expect.equal(parent, outer.info.run_id, "the parent of the inner run")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MLFLOW)
def test_tracking_uri_is_as_before(sdk: Sdk, platform: Platform) -> None:
    """After the block MLflow's tracking URI and the environment are what they were, although the block raised."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    manager = sdk.ExperimentManager()
    before, environment = mlflow.get_tracking_uri(), dict(os.environ)
    for raises in (False, True):
        _enter(manager, platform.name("churn"), raises=raises)
        expect.equal(mlflow.get_tracking_uri(), before, "MLflow's tracking URI after the block")
    expect.equal(dict(os.environ), environment, "the environment after the blocks")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MLFLOW)
def test_run_that_the_block_ended(sdk: Sdk, platform: Platform) -> None:
    """A block that ends the run itself is no error, and the run stays FINISHED."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    name = platform.name("churn")
    with sdk.ExperimentManager().start_experiment(name):
        mlflow.end_run()
    expect.equal([run.status for run in platform.tracking.runs(name)], ["FINISHED"], "the status of the run")
    expect.that(mlflow.active_run() is None, "no run is active after the block", mlflow.active_run())


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True, needs=MLFLOW)
def test_runs_of_threads_that_overlap(sdk: Sdk, platform: Platform) -> None:
    """Blocks of two threads that overlap leave MLflow as it was, and each has its own finished run, not a child."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    manager, name = sdk.ExperimentManager(), platform.name("churn")
    before = mlflow.get_tracking_uri()
    entered, left = threading.Event(), threading.Event()

    def work() -> None:
        with ExitStack() as stack:
            stack.enter_context(manager.start_experiment(name))
            entered.set()
            left.wait(30)

    thread = threading.Thread(target=work)
    with manager.start_experiment(name):
        thread.start()
        entered.wait(30)
    left.set()
    thread.join()
    found = sorted((run.status, run.tags.get("mlflow.parentRunId")) for run in platform.tracking.runs(name))
    expect.equal(found, [("FINISHED", None)] * 2, "status and parent of the runs")
    expect.equal(mlflow.get_tracking_uri(), before, "MLflow's tracking URI after both blocks")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("scenarios",))
def test_exception_of_the_block_outlives_an_outage(sdk: Sdk, platform: Platform) -> None:
    """What the block raises arrives unchanged, although the server is gone when the run is to be ended."""
    manager, problem, arrived = sdk.ExperimentManager(), KeyError("mine"), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the run could not be ended may be said, but not raised
        try:
            _break(manager, platform, problem)
        except KeyError as caught:
            arrived = caught
    expect.that(arrived is problem, "the block's own exception arrives", arrived or "it was swallowed")


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_experiment_prints_nothing(sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to stdout, neither when the run begins nor when it ends."""
    with sdk.ExperimentManager().start_experiment(platform.name("churn")):
        pass
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")


@pytest.mark.parametrize("wrong", ["", "   ", 7])
@case(METHOD, call='ExperimentManager().start_experiment("")', criteria=("C5",), level=FULL, needs=("journal",))
def test_experiment_without_a_name(sdk: Sdk, platform: Platform, wrong: Any) -> None:
    """A blank name raises InvalidParameterError that names the parameter; nothing is written."""
    manager = sdk.ExperimentManager()
    with expect.raises(sdk, "InvalidParameterError", naming="experiment_name"), manager.start_experiment(wrong):
        pass
    expect.nothing_sent(platform, lambda entry: entry["method"] == "POST")


def _enter(manager: Any, name: str, *, raises: bool) -> None:
    try:
        with manager.start_experiment(name):
            if raises:
                raise KeyError(name)
    except KeyError:
        pass


def _break(manager: Any, platform: Platform, problem: Exception) -> None:
    with manager.start_experiment(platform.name("churn")):
        platform.play("gateway.lb_error", status=503)
        raise problem
