"""What `hokusai sync` does with the work that an outage kept in the local store."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.command import hokusai
from hokusai_testkit.contract.models import linear_model
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform

REGISTER = "ModelRegistry.register_baseline"
CALL = "register_baseline(model=model, model_name=name)  # during an outage; then: hokusai sync"
NEEDS = ("scenarios", "platform")


@contextmanager
def _outage(platform: Platform) -> Iterator[None]:
    """Let the platform be away inside the block; that the implementation warns of it is tested elsewhere."""
    platform.play("gateway.lb_error", status=503)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    platform.heal()


@case(REGISTER, call=CALL, criteria=("C3", "C6"), level="full", needs=NEEDS)
def test_what_an_outage_kept_is_registered_by_sync_once(sdk: Sdk, platform: Platform) -> None:
    """`hokusai sync` registers what an outage kept, with its model and metrics; a second one finds nothing to do."""
    with _outage(platform):
        sdk.ModelRegistry().register_baseline(model=linear_model(), model_name="fraud", metrics={"auc": 0.5})
    first = hokusai(sdk, "sync")
    second = hokusai(sdk, "sync")
    expect.equal((first.code, second.code), (0, 0), "the exit codes")
    (version,) = platform.tracking.versions("fraud")
    expect.equal(version.tags.get("version"), "1.0.0", "the semantic version")
    expect.equal(json.loads(version.tags.get("metrics", "{}")), {"auc": 0.5}, "the metrics")
    run = platform.tracking.run(version.run_id or "")
    expect.equal(run.status, "FINISHED", "the run's status")
    expect.that("model/MLmodel" in platform.tracking.artifact_paths(run, "model"), "the model is in it", run.id)
    expect.equal(len(platform.tracking.runs("hokusai_registrations")), 1, "the runs of registrations")


@case(REGISTER, call=CALL, criteria=("C3",), level="full", needs=(*NEEDS, "journal"))
def test_sync_numbers_after_what_is_there_and_sends_no_event(sdk: Sdk, platform: Platform) -> None:
    """A kept version takes the next number of those that the server has; no registration event is sent."""
    registry = sdk.ModelRegistry()
    registry.register_baseline(model=linear_model(), model_name="fraud")
    with _outage(platform):
        registry.register_baseline(model=linear_model(), model_name="fraud")
    called = hokusai(sdk, "sync")
    semantic = [version.tags.get("version") for version in platform.tracking.versions("fraud")]
    expect.equal((called.code, semantic), (0, ["1.0.0", "1.1.0"]), "exit code and versions")
    events = [entry for entry in platform.received() if "registration-events" in entry["path"]]
    expect.equal(events, [], "the registration events")


@case(REGISTER, call=CALL, criteria=("C5",), level="full", needs=NEEDS)
def test_sync_refuses_another_platform(sdk: Sdk, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was meant for one platform is not uploaded to another: exit code 1, and the message names the right one."""
    with _outage(platform):
        sdk.ModelRegistry().register_baseline(model=linear_model(), model_name="fraud")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{platform.api_endpoint}/another")
    called = hokusai(sdk, "sync")
    expect.equal(called.code, 1, "the exit code")
    expect.that(platform.tracking_uri in called.err, f"it names {platform.tracking_uri}", called.err)
    expect.that(platform.api_key not in called.out + called.err, "it shows no key", "the key")
    expect.equal(platform.tracking.model_names(), [], "the registered models")


@case(
    "ExperimentManager.start_experiment",
    call="with manager.start_experiment(name): ...  # during an outage; then: hokusai sync",
    criteria=("C6",),
    level="full",
    needs=NEEDS,
)
def test_a_run_that_an_outage_kept_arrives_by_sync(sdk: Sdk, platform: Platform) -> None:
    """A run of an outage arrives once, with parameters, every point of its metrics, and its files."""
    import mlflow  # noqa: PLC0415 - as its users log

    with _outage(platform), sdk.ExperimentManager().start_experiment("study"):
        mlflow.log_param("rate", 0.1)
        for step, value in enumerate((0.5, 0.25)):
            mlflow.log_metric("loss", value, step=step)
        mlflow.log_dict({"kept": True}, "notes/facts.json")
    expect.equal([hokusai(sdk, "sync").code for _ in range(2)], [0, 0], "the exit codes of two syncs")
    (run,) = platform.tracking.runs("study")
    expect.equal((run.status, run.params), ("FINISHED", {"rate": "0.1"}), "status and parameters")
    expect.equal(platform.tracking.metric_history(run.id, "loss"), [0.5, 0.25], "the history of the metric")
    expect.equal(json.loads(platform.tracking.download(run, "notes/facts.json")), {"kept": True}, "the file")


@case(
    "PerformanceTracker.track_inference",
    call="tracker.track_inference(metrics)  # during an outage; then: hokusai sync",
    criteria=("C6",),
    level="full",
    needs=NEEDS,
)
def test_inferences_that_an_outage_kept_arrive_by_sync(sdk: Sdk, platform: Platform) -> None:
    """Inferences tracked during an outage are kept, and arrive once."""
    with _outage(platform):
        tracker = sdk.PerformanceTracker()
        for latency in (1.0, 2.0):
            tracker.track_inference({"model_id": "fraud", "model_version": "1.0.0", "latency_ms": latency})
        tracker.flush()
    expect.equal([hokusai(sdk, "sync").code for _ in range(2)], [0, 0], "the exit codes of two syncs")
    (run,) = platform.tracking.runs("hokusai_inference/fraud")
    expect.equal(sorted(platform.tracking.metric_history(run.id, "latency_ms")), [1.0, 2.0], "the latencies")
