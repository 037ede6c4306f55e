"""What was tracked survives an outage, the end of the process, and forks; and what is lost is named."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hokusai import ModelRegistry, PerformanceTracker
from hokusai.exceptions import (
    HokusaiException,
    HokusaiFallbackWarning,
    MLflowAuthenticationError,
    MLflowConnectionError,
)
from hokusai.tracking import _process_end
from hokusai_mock import MockServer, Sandbox


def inference(latency: float = 12.5, version: str = "1.0.0") -> dict[str, Any]:
    return {"model_id": "m-1", "model_version": version, "latency_ms": latency}


def client(uri: str) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri, uri)


def latencies(tracking: Any) -> list[float]:
    """Every latency in the store, over all runs of the model, sorted."""
    experiment = tracking.get_experiment_by_name("hokusai_inference/m-1")
    runs = [] if experiment is None else tracking.search_runs([experiment.experiment_id])
    points = [point for run in runs for point in tracking.get_metric_history(run.info.run_id, "latency_ms")]
    return sorted(point.value for point in points)


def local_client() -> Any:
    """The client of the local store of this test."""
    return ModelRegistry(mode="local")._backend.client


@pytest.fixture
def tracker(registry: ModelRegistry) -> PerformanceTracker:
    """A tracker that never falls back."""
    return PerformanceTracker(registry=registry)


OUTAGES: dict[str, dict[str, Any]] = {
    "net.reset": {},
    "net.close_before_status": {},
    "net.truncate": {},
    "gateway.lb_error": {"status": 503},
    "gateway.upstream_unreachable": {},
}


@pytest.mark.parametrize("scenario", OUTAGES)
def test_an_outage_in_the_middle_loses_and_doubles_nothing(
    tracker: PerformanceTracker, platform: Sandbox, scenario: str
) -> None:
    tracker.track_inference(inference(1.0))
    tracker.flush()
    platform.scenario(scenario, **OUTAGES[scenario])
    tracker.track_inference(inference(2.0))
    with pytest.raises(MLflowConnectionError):
        tracker.flush()
    tracker.track_inference(inference(3.0))
    platform.scenario("healthy")
    tracker.flush()
    assert latencies(client(platform.tracking_uri)) == [1.0, 2.0, 3.0]


def test_a_server_that_is_stopped_and_started_again_gets_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.json"
    with MockServer(seed=1, state=state) as first:
        port = first.port
        for name, value in first.sandbox().env.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        tracker = PerformanceTracker(registry=ModelRegistry(mode="online"))
        tracker.track_inference(inference(1.0))
        tracker.flush()
    tracker.track_inference(inference(2.0))
    with pytest.raises(MLflowConnectionError) as caught:
        tracker.flush()
    assert caught.value.code == "D02"
    tracker.track_inference(inference(3.0))
    with MockServer(port, seed=1, state=state) as second:
        tracker.flush()
        assert latencies(client(second.sandbox().tracking_uri)) == [1.0, 2.0, 3.0]


def test_an_answer_that_got_lost_doubles_neither_the_run_nor_a_record(
    tracker: PerformanceTracker, platform: Sandbox
) -> None:
    for path in ("@mlflow/runs/create", "@mlflow/runs/log-batch"):
        platform.fault(
            layer="handler", when="after", effect="reset", match={"methods": ["POST"], "paths": [path]}, times=1
        )
    tracker.track_inference(inference(1.0))
    tracker.track_inference(inference(2.0))
    for _ in range(2):
        with pytest.raises(MLflowConnectionError):
            tracker.flush()
    tracker.flush()
    tracking = client(platform.tracking_uri)
    assert len(tracking.search_runs([tracking.get_experiment_by_name("hokusai_inference/m-1").experiment_id])) == 1
    assert latencies(tracking) == [1.0, 2.0]


def test_a_run_that_somebody_deleted_is_replaced(tracker: PerformanceTracker, platform: Sandbox) -> None:
    tracker.track_inference(inference(1.0))
    tracker.flush()
    tracking = client(platform.tracking_uri)
    experiment = tracking.get_experiment_by_name("hokusai_inference/m-1").experiment_id
    tracking.delete_run(tracking.search_runs([experiment])[0].info.run_id)
    tracker.track_inference(inference(2.0))
    tracker.flush()
    assert latencies(tracking) == [2.0]


def test_a_refused_key_keeps_the_records_and_the_sender_does_not_ask_for_minutes(
    tracker: PerformanceTracker, platform: Sandbox
) -> None:
    platform.scenario("auth.admin_required")
    tracker.track_inference(inference(1.0))
    with pytest.raises(MLflowAuthenticationError):
        tracker.flush()
    platform.scenario("healthy")
    tracker.flush()
    assert latencies(client(platform.tracking_uri)) == [1.0]


def test_the_sender_tries_again_by_itself(
    tracker: PerformanceTracker, platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.tracking import _outbox

    monkeypatch.setattr(_outbox, "BATCH_SECONDS", 0.01)
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": ["@all"]},
        times=3,
        **{"with": {"status": 503, "html": "load-balancer"}},
    )
    tracker.track_inference(inference(1.0))
    sender = tracker._outbox._state.sender
    assert sender is not None
    sender.join(60)
    assert not sender.is_alive()
    assert latencies(client(platform.tracking_uri)) == [1.0]
    tracker.flush()  # what failed on the way does not matter any more


def test_in_an_outage_flush_falls_back_where_that_is_allowed(platform: Sandbox) -> None:
    platform.scenario("gateway.lb_error", status=503)
    tracker = PerformanceTracker()
    tracker.track_inference(inference(1.0))
    with pytest.warns(HokusaiFallbackWarning):
        tracker.flush()
    tracker.track_inference(inference(2.0))
    tracker.flush()
    platform.scenario("healthy")
    tracker.track_inference(inference(3.0))
    tracker.flush()
    local = local_client()
    runs = local.search_runs([local.get_experiment_by_name("hokusai_inference/m-1").experiment_id])
    assert [(run.data.tags["hokusai.kept_for"], run.info.status) for run in runs] == [
        (platform.tracking_uri, "FINISHED")
    ]
    assert (latencies(local), latencies(client(platform.tracking_uri))) == ([1.0, 2.0], [3.0])


def test_the_end_of_a_process_does_not_wait_for_a_server_that_hangs(
    platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.tracking import _outbox

    monkeypatch.setattr(_outbox, "EXIT_SECONDS", 0.1)
    tracker = PerformanceTracker()
    tracker.track_inference(inference(1.0))
    platform.fault(layer="transport", effect="hang", match={"paths": ["@mlflow/runs/log-batch"]})
    with pytest.warns(HokusaiFallbackWarning, match="1 of them are kept in"):
        _process_end.finish([tracker._outbox])
    platform.scenario("healthy")
    for thread in [one for one in threading.enumerate() if one.name.startswith("hokusai-tracker")]:
        thread.join(60)
    assert latencies(local_client()) == [1.0]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let memory hold five records, and the sender wait for none."""
    from hokusai.tracking import _outbox

    monkeypatch.setattr(_outbox, "MOST_RECORDS", 5)
    monkeypatch.setattr(_outbox, "KEPT_FROM", 3)
    monkeypatch.setattr(_outbox, "BATCH_SECONDS", 30.0)


@pytest.mark.usefixtures("small")
def test_what_memory_cannot_hold_is_named_by_flush(tracker: PerformanceTracker, platform: Sandbox) -> None:
    platform.scenario("gateway.lb_error", status=503)
    for latency in range(7):
        tracker.track_inference(inference(latency))
    with pytest.raises(MLflowConnectionError, match="2 tracked inferences were lost"):
        tracker.flush()
    platform.scenario("healthy")
    tracker.flush()
    assert latencies(client(platform.tracking_uri)) == [2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.usefixtures("small")
def test_a_loss_is_named_although_the_outage_is_over(tracker: PerformanceTracker, platform: Sandbox) -> None:
    for latency in range(6):
        tracker.track_inference(inference(latency))
    with pytest.raises(HokusaiException, match="1 tracked inferences were lost") as caught:
        tracker.flush()
    assert caught.value.remedy
    tracker.flush()


@pytest.mark.usefixtures("small")
def test_much_that_waits_moves_to_the_local_store_where_that_is_allowed(platform: Sandbox) -> None:
    tracker = PerformanceTracker()
    for latency in range(4):
        tracker.track_inference(inference(latency))
    platform.scenario("gateway.lb_error", status=503)
    outbox = tracker._outbox
    outbox._attempt(outbox._state, fallback=False)
    assert isinstance(outbox._state.failure, MLflowConnectionError)
    with pytest.warns(HokusaiFallbackWarning, match="4 of them are kept in .*hokusai sync"):
        outbox._make_room(outbox._state, outbox._state.failure)
    platform.scenario("healthy")
    tracker.flush()
    assert latencies(local_client()) == [0.0, 1.0, 2.0, 3.0]
    assert latencies(client(platform.tracking_uri)) == []


def test_threads_share_a_tracker_and_nothing_is_lost(tracker: PerformanceTracker, platform: Sandbox) -> None:
    def work(first: int) -> None:
        for number in range(100):
            tracker.track_inference(inference(first + number))
            if number == 50:
                tracker.flush()

    threads = [threading.Thread(target=work, args=(100 * place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracker.flush()
    assert latencies(client(platform.tracking_uri)) == [float(number) for number in range(400)]


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


TRACKS = (
    "import hokusai; registry = hokusai.ModelRegistry(); tracker = hokusai.PerformanceTracker(registry=registry)\n"
    f"tracker.track_inference({inference(1.0)!r}); tracker.track_inference({inference(2.0)!r})\n"
)


def test_a_process_that_ends_in_an_outage_keeps_its_records_and_says_so_once(platform: Sandbox, tmp_path: Path) -> None:
    breaks = f"from hokusai_mock import Sandbox; Sandbox({platform_root(platform)!r}, {platform.id!r})"
    done = run(f"{TRACKS}{breaks}.scenario('gateway.lb_error', status=503)")
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.count("Warning:") == 1
    assert "2 tracked inferences could not be sent: [C03]" in done.stderr
    assert "2 of them are kept in" in done.stderr
    assert "hokusai sync" in done.stderr
    platform.scenario("healthy")
    assert latencies(client(platform.tracking_uri)) == []
    local = local_client()
    assert latencies(local) == [1.0, 2.0]
    (kept,) = local.search_runs([local.get_experiment_by_name("hokusai_inference/m-1").experiment_id])
    assert (kept.data.tags["hokusai.kept_for"], kept.info.status) == (platform.tracking_uri, "FINISHED")


def test_a_process_that_may_not_fall_back_names_its_loss_once(platform: Sandbox) -> None:
    breaks = f"from hokusai_mock import Sandbox; Sandbox({platform_root(platform)!r}, {platform.id!r})"
    done = run(f"{TRACKS}{breaks}.scenario('gateway.lb_error', status=503)", HOKUSAI_OPTIONAL_MLFLOW="false")
    assert done.returncode == 0
    assert done.stderr.count("Warning:") == 1
    assert "2 of them are lost" in done.stderr
    assert "does not allow" in done.stderr


def test_a_process_that_ends_well_says_nothing(platform: Sandbox) -> None:
    done = run(TRACKS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert latencies(client(platform.tracking_uri)) == [1.0, 2.0]


FORKS = """
import os, sys
import hokusai
tracker = hokusai.PerformanceTracker()
tracker.track_inference({parent!r})
child = os.fork()
if child == 0:
    tracker.track_inference({child!r})
    sys.exit(0)
os.waitpid(child, 0)
"""
MULTIPROCESSING = """
import multiprocessing
import hokusai
tracker = hokusai.PerformanceTracker()
tracker.track_inference({parent!r})
worker = multiprocessing.get_context("fork").Process(target=tracker.track_inference, args=({child!r},))
worker.start()
worker.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("program", [FORKS, MULTIPROCESSING], ids=["fork", "multiprocessing"])
def test_a_forked_child_sends_its_own_records_and_not_its_parents(platform: Sandbox, program: str) -> None:
    quiet = "import warnings; warnings.simplefilter('ignore')"  # of forking with threads
    done = run(quiet + program.format(parent=inference(1.0), child=inference(2.0)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    tracking = client(platform.tracking_uri)
    assert latencies(tracking) == [1.0, 2.0]
    assert len(tracking.search_runs([tracking.get_experiment_by_name("hokusai_inference/m-1").experiment_id])) == 2


def platform_root(platform: Sandbox) -> str:
    return platform.tracking_uri.partition("/s/")[0]
