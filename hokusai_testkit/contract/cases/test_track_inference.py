"""`PerformanceTracker.track_inference`: ISSUE-5, a method that did not exist; and `flush`.

What was tracked is searched by raw HTTP. Tracking may be batched: an implementation that has `flush` is asked to write,
one that has none is given a little time, so that a missing `flush` fails the cases of `flush` alone.
"""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Platform
from hokusai_testkit.contract.wire import Run, eventually

METHOD = "PerformanceTracker.track_inference"
FLUSH = "PerformanceTracker.flush"
CALL = 'PerformanceTracker().track_inference({"model_id": "fraud", "model_version": "1.0.0", "latency_ms": 12.5})'

test_track_inference_signature = signature_case(METHOD, "test_track_inference_signature")
test_flush_signature = signature_case(FLUSH, "test_flush_signature")


def _metrics(platform: Platform) -> dict[str, Any]:
    """One inference of the model `fraud`, as a caller hands it over."""
    return {"model_id": platform.name("fraud"), "model_version": "1.0.0", "latency_ms": 12.5, "confidence": 0.75}


def _experiment(platform: Platform) -> str:
    return f"hokusai_inference/{platform.name('fraud')}"


def _track(sdk: Sdk, *inferences: dict[str, Any]) -> None:
    """Track `inferences`, and let a tracker that batches write them."""
    tracker: Any = sdk.PerformanceTracker()
    for inference in inferences:
        tracker.track_inference(inference)
    with contextlib.suppress(AttributeError):
        tracker.flush()


def _runs(platform: Platform, version: str = "1.0.0") -> list[Run]:
    """Find the tracked runs as a user would: by the tags `model_id` and `model_version`."""
    query = f"tags.model_id = '{platform.name('fraud')}' and tags.model_version = '{version}'"
    return eventually(lambda: platform.tracking.runs(_experiment(platform), query), seconds=5)


def _only_run(platform: Platform, version: str = "1.0.0") -> Run:
    runs = _runs(platform, version)
    if len(runs) != 1:
        raise ContractViolation(
            "wrong-result",
            expected=f"one run in {_experiment(platform)!r} with the tags model_id and model_version {version!r}",
            actual=f"{len(runs)} runs; the experiments are {platform.tracking.experiment_names()}",
        )
    return runs[0]


@case(METHOD, call=CALL, criteria=("C4", "C6"), writes=True)
def test_inference_is_found_by_its_tags(sdk: Sdk, platform: Platform) -> None:
    """A tracked inference is found again in MLflow by the tags `model_id` and `model_version`."""
    _track(sdk, _metrics(platform))
    _only_run(platform)


@case(METHOD, call=CALL, criteria=("C4", "C6"), writes=True)
def test_metrics_keep_their_names(sdk: Sdk, platform: Platform) -> None:
    """Latency and every further number are metrics of the run under their own names."""
    _track(sdk, _metrics(platform))
    metrics = _only_run(platform).metrics
    tracked = {name: metrics.get(name) for name in ("latency_ms", "confidence")}
    expect.equal(tracked, {"latency_ms": 12.5, "confidence": 0.75}, "the metrics of the run")


@case(METHOD, call=CALL, criteria=("C4",), writes=True)
def test_every_inference_is_kept(sdk: Sdk, platform: Platform) -> None:
    """Many inferences of one model version share one run, and each value is in the metric's history."""
    latencies = [10.0, 11.0, 12.0, 13.0, 14.0]
    _track(sdk, *({**_metrics(platform), "latency_ms": latency} for latency in latencies))
    run = _only_run(platform)
    expect.equal(platform.tracking.metric_history(run.id, "latency_ms"), latencies, "the history of latency_ms")


@case(METHOD, call=CALL, criteria=("C4",), level="full", writes=True)
def test_versions_have_runs_of_their_own(sdk: Sdk, platform: Platform) -> None:
    """Two versions of a model are tracked in two runs."""
    _track(sdk, _metrics(platform), {**_metrics(platform), "model_version": "2.0.0"})
    expect.that(_only_run(platform).id != _only_run(platform, "2.0.0").id, "two runs", "one run holds both versions")


@case(METHOD, call=CALL, criteria=("C6",), writes=True)
def test_run_is_finished(sdk: Sdk, platform: Platform) -> None:
    """Once everything is written, the tracker's run is FINISHED."""
    _track(sdk, _metrics(platform))
    expect.equal(_only_run(platform).status, "FINISHED", "the status of the run")


@case(METHOD, call=CALL, criteria=("C4",), writes=True)
def test_caller_keeps_the_dict(sdk: Sdk, platform: Platform) -> None:
    """The dict of the caller is not changed, and nothing is returned."""
    metrics = dict(_metrics(platform))
    tracker: Any = sdk.PerformanceTracker()
    result = tracker.track_inference(metrics)
    expect.equal(metrics, _metrics(platform), "the caller's dict after the call")
    expect.equal(result, None, "what track_inference returns")
    with contextlib.suppress(AttributeError):
        tracker.flush()
    expect.equal(metrics, _metrics(platform), "the caller's dict after everything is written")
    _only_run(platform)


@case(METHOD, call="with mlflow.start_run(): " + CALL, criteria=("C4",), writes=True, needs=("package:mlflow",))
def test_active_run_is_not_touched(sdk: Sdk, platform: Platform) -> None:
    """The user's active run stays active, and nothing of the inference is written to it."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    mine = platform.tracking.create_run(platform.name("mine"))
    sdk.ModelRegistry()  # authenticates MLflow's own calls
    with mlflow.start_run(run_id=mine.id):
        _track(sdk, _metrics(platform))
        active = mlflow.active_run()
        expect.equal(active and active.info.run_id, mine.id, "the active run")
    expect.equal(dict(platform.tracking.run(mine.id).metrics), {}, "the metrics of the user's own run")
    _only_run(platform)


@case(METHOD, call=CALL, criteria=("C4",), level="full", writes=True, needs=("package:mlflow",))
def test_no_run_is_left_active(sdk: Sdk, platform: Platform) -> None:
    """Tracking outside of a run leaves no run active."""
    import mlflow  # noqa: PLC0415 - the suite imports MLflow only where a promise is about it

    _track(sdk, _metrics(platform))
    _only_run(platform)
    expect.that(mlflow.active_run() is None, "no run is active", mlflow.active_run())


@pytest.mark.parametrize("missing", ["model_id", "model_version", "latency_ms"])
@case(METHOD, call='track_inference({"model_id": "fraud"})', criteria=("C5",), needs=("journal",))
def test_missing_key_is_named(sdk: Sdk, platform: Platform, missing: str) -> None:
    """A required key that is missing raises InvalidParameterError, which names it, and nothing is written."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming=missing):
        tracker.track_inference({key: value for key, value in _metrics(platform).items() if key != missing})
    expect.equal(platform.tracking.runs(_experiment(platform)), [], "the tracked runs")


@case(METHOD, call=CALL, criteria=("C2",), writes=True, needs=("platform", "journal"))
def test_tracking_carries_the_key(sdk: Sdk, platform: Platform) -> None:
    """Every request reaches the platform with the key as a bearer token."""
    _track(sdk, _metrics(platform))
    _only_run(platform)
    expect.authenticated_with_one_key(platform)


@case(
    METHOD,
    call=CALL,
    criteria=("C5",),
    needs=(
        "scenarios",
        "registry-role",
    ),
)
def test_what_cannot_be_written_is_raised(sdk: Sdk, platform: Platform) -> None:
    """A failure to write is raised, at the latest by `flush`, with the incident's code and what to do."""
    platform.play("auth.admin_required")
    with expect.raises(sdk, "MLflowAuthenticationError", code="A05", status_code=403, remedy=True):
        _track(sdk, _metrics(platform))


@case(FLUSH, call="PerformanceTracker().flush()", criteria=("C6",), needs=("journal",))
def test_flush_of_nothing_sends_nothing(sdk: Sdk, platform: Platform) -> None:
    """`flush` of a tracker that kept nothing returns at once and writes nothing."""
    tracker = sdk.PerformanceTracker()
    tracker.flush()
    expect.nothing_sent(platform, lambda entry: entry["path"].endswith(("/runs/create", "/runs/log-batch")))
