"""`PerformanceTracker.track_inference` and `flush`: nothing that was tracked is lost, whatever happens on its way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.sdk import Sdk

METHOD = "PerformanceTracker.track_inference"
FLUSH = "PerformanceTracker.flush"
CALL = 'PerformanceTracker().track_inference({"model_id": "fraud", "model_version": "1.0.0", "latency_ms": 12.5})'
FULL = "full"


def _inference(platform: Platform, latency: float = 12.5) -> dict[str, Any]:
    return {"model_id": platform.name("fraud"), "model_version": "1.0.0", "latency_ms": latency}


def _kept(platform: Platform) -> list[float]:
    """Every latency that stands in the tracking server, over all runs of the model, sorted."""
    tracking = platform.tracking
    runs = tracking.runs(f"hokusai_inference/{platform.name('fraud')}")
    return sorted(value for run in runs for value in tracking.metric_history(run.id, "latency_ms"))


def _online(sdk: Sdk) -> Any:
    """A tracker that never falls back to a local store."""
    return sdk.PerformanceTracker(registry=sdk.ModelRegistry(mode="online"))


@case(FLUSH, call="PerformanceTracker(registry=registry).flush()", criteria=("C5", "C6"), needs=("scenarios",))
def test_flush_after_an_outage_loses_nothing(sdk: Sdk, platform: Platform) -> None:
    """What an outage kept from being written waits, and the next flush writes it: each record once."""
    tracker = _online(sdk)
    tracker.track_inference(_inference(platform, 1.0))
    tracker.flush()
    platform.play("gateway.lb_error", status=503)
    tracker.track_inference(_inference(platform, 2.0))
    with expect.raises(sdk, "MLflowConnectionError", code="C03", status_code=503, remedy=True):
        tracker.flush()
    tracker.track_inference(_inference(platform, 3.0))
    platform.heal()
    tracker.flush()
    expect.equal(_kept(platform), [1.0, 2.0, 3.0], "the latencies that were kept")


@case(FLUSH, call="PerformanceTracker(registry=registry).flush()", criteria=("C6",), level=FULL, needs=("scenarios",))
def test_flush_tells_a_failure_once(sdk: Sdk, platform: Platform) -> None:
    """Once everything is written, flush raises no failure of before."""
    tracker = _online(sdk)
    tracker.track_inference(_inference(platform))
    platform.play("gateway.lb_error", status=503)
    with expect.raises(sdk, "MLflowConnectionError"):
        tracker.flush()
    platform.heal()
    tracker.flush()
    tracker.flush()
    expect.equal(_kept(platform), [12.5], "the latencies that were kept")


@case(FLUSH, call="PerformanceTracker().flush()", criteria=("C6",), level=FULL, writes=True)
def test_flush_writes_one_run_in_all(sdk: Sdk, platform: Platform) -> None:
    """Flushing again and again goes on with the run of the model version, and leaves it FINISHED each time."""
    tracker = sdk.PerformanceTracker()
    for latency in (1.0, 2.0, 3.0):
        tracker.track_inference(_inference(platform, latency))
        tracker.flush()
    runs = platform.tracking.runs(f"hokusai_inference/{platform.name('fraud')}")
    expect.equal([run.status for run in runs], ["FINISHED"], "the status of the tracker's runs")
    expect.equal(_kept(platform), [1.0, 2.0, 3.0], "the latencies that were kept")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True)
def test_inferences_of_many_threads(sdk: Sdk, platform: Platform) -> None:
    """Threads may share a tracker: every inference is kept, once."""
    tracker = sdk.PerformanceTracker()

    def track(first: int) -> None:
        for number in range(25):
            tracker.track_inference(_inference(platform, float(first + number)))

    threads = [threading.Thread(target=track, args=(25 * place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.flush()
    expect.equal(_kept(platform), [float(number) for number in range(100)], "the latencies of 100 inferences")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True)
def test_inference_is_taken_as_it_was(sdk: Sdk, platform: Platform) -> None:
    """A dict that the caller uses again for the next inference is recorded as it was at each call."""
    tracker = sdk.PerformanceTracker()
    inference = _inference(platform)
    for latency in (1.0, 2.0):
        inference["latency_ms"] = latency
        tracker.track_inference(inference)
    inference.clear()
    tracker.flush()
    expect.equal(_kept(platform), [1.0, 2.0], "the latencies that were kept")


@case(METHOD, call=CALL, criteria=("C4",), level=FULL, writes=True, needs=("journal",))
def test_inferences_are_batched(sdk: Sdk, platform: Platform) -> None:
    """Two hundred inferences do not make two hundred requests."""
    tracker = sdk.PerformanceTracker()
    for _ in range(200):
        tracker.track_inference(_inference(platform))
    tracker.flush()
    expect.equal(len(_kept(platform)), 200, "the number of inferences kept")
    sent = [entry["path"] for entry in platform.received() if entry["method"] == "POST"]
    expect.that(len(sent) < 20, "fewer than 20 writing requests", f"{len(sent)} requests")


@pytest.mark.parametrize("latency", ["fast", None, float("nan"), -1.0])
@case(METHOD, call=CALL, criteria=("C5",), level=FULL)
def test_latency_that_is_none(sdk: Sdk, platform: Platform, latency: Any) -> None:
    """A latency that is no number of milliseconds raises InvalidParameterError that names it."""
    tracker = sdk.PerformanceTracker()
    with expect.raises(sdk, "InvalidParameterError", naming="latency_ms"):
        tracker.track_inference({**_inference(platform), "latency_ms": latency})


@case(METHOD, call=CALL, criteria=("C6",), level=FULL, writes=True)
def test_tracking_prints_nothing(sdk: Sdk, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written to stdout, neither by tracking nor by flushing."""
    tracker = sdk.PerformanceTracker()
    tracker.track_inference(_inference(platform))
    tracker.flush()
    expect.equal(capsys.readouterr().out, "", "what was written to stdout")


@case(METHOD, call=CALL + "  # and the program ends", criteria=("C4",), level=FULL, writes=True)
def test_inference_of_a_program_that_ends(sdk: Sdk, platform: Platform) -> None:
    """What waits when the program ends is written then; nobody has to call `flush`."""
    program = f"import {sdk.module_name} as sdk; sdk.PerformanceTracker().track_inference({_inference(platform)!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run(  # noqa: S603 - this interpreter, and a program of the suite's own
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    expect.that(done.returncode == 0, "the program ends well", done.stderr[-400:])
    expect.equal(_kept(platform), [12.5], "the latencies that were kept")
