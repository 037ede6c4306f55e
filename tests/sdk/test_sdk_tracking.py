# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from hokusai import ExperimentManager, ModelRegistry, PerformanceTracker
from hokusai.exceptions import InvalidParameterError, MLflowAuthenticationError, MLflowConnectionError
from hokusai_mock import Sandbox

METRICS = {"model_id": "m-1", "model_version": "1.0.0", "latency_ms": 12.5}


def client(platform: Sandbox) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(platform.tracking_uri, platform.tracking_uri)


def test_a_run_is_active_inside_and_finished_afterwards(platform: Sandbox) -> None:
    import mlflow

    manager = ExperimentManager()
    with manager.start_experiment("training") as run:
        mlflow.log_metric("accuracy", 0.9)
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert mlflow.active_run() is None
    stored = client(platform).get_run(run.info.run_id)
    assert (stored.info.status, stored.data.metrics) == ("FINISHED", {"accuracy": 0.9})
    experiment = client(platform).get_experiment(stored.info.experiment_id)
    assert experiment.name == "training"


def test_a_block_that_raises_leaves_a_failed_run_and_its_own_exception(platform: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError), ExperimentManager().start_experiment("training") as run:
        _ = 1 / 0
    assert client(platform).get_run(run.info.run_id).info.status == "FAILED"


def test_mlflows_state_is_as_before(platform: Sandbox) -> None:
    import mlflow

    mlflow.set_tracking_uri("http://127.0.0.1:9/before")
    environment = dict(os.environ)
    with ExperimentManager(mlflow_tracking_uri=platform.tracking_uri).start_experiment("x"):
        inside = mlflow.get_tracking_uri()
    assert inside == platform.tracking_uri
    assert dict(os.environ) == environment


def test_a_run_inside_an_active_run_is_nested_and_leaves_it_active(platform: Sandbox) -> None:
    import mlflow

    manager = ExperimentManager()
    with manager.start_experiment("outer") as outer:
        with manager.start_experiment("inner") as inner:
            assert mlflow.active_run().info.run_id == inner.info.run_id
        assert mlflow.active_run().info.run_id == outer.info.run_id
    assert client(platform).get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_a_run_that_the_block_ended_itself_is_no_error(platform: Sandbox) -> None:
    import mlflow

    with ExperimentManager().start_experiment("x") as run:
        mlflow.end_run()
    assert client(platform).get_run(run.info.run_id).info.status == "FINISHED"


def test_the_first_argument_may_be_a_registry(registry: ModelRegistry) -> None:
    manager = ExperimentManager(registry)
    assert manager.tracking_uri == registry.tracking_uri
    assert manager.experiment_name == "hokusai_model_improvements"
    assert manager.status.mode == "online"


@pytest.mark.parametrize("name", ["", 5, ["a"], {"a": 1}])
def test_anything_else_is_refused(platform: Sandbox, name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="experiment_name"):
        ExperimentManager(name)


def test_making_one_creates_nothing(platform: Sandbox) -> None:
    ExperimentManager()
    assert platform.calls("POST") == []


def test_without_admin_rights_the_403_is_explained(platform: Sandbox) -> None:
    platform.scenario("auth.admin_required")
    with pytest.raises(MLflowAuthenticationError) as caught:
        ExperimentManager()
    assert (caught.value.code, caught.value.status_code) == ("A05", 403)
    assert "admin" in (caught.value.remedy or "")
    assert caught.value.url == f"{platform.tracking_uri}/api/2.0/mlflow/experiments/get-by-name"


def test_tracked_inferences_are_found_again_by_their_tags(platform: Sandbox) -> None:
    tracker = PerformanceTracker()
    for latency in (10.0, 20.0):
        tracker.track_inference({**METRICS, "latency_ms": latency, "tokens": 7, "region": "eu"})
    tracker.flush()
    found = client(platform)
    experiment = found.get_experiment_by_name("hokusai_inference/m-1")
    runs = found.search_runs([experiment.experiment_id], "tags.model_id = 'm-1' and tags.model_version = '1.0.0'")
    assert len(runs) == 1
    assert runs[0].info.status == "FINISHED"
    assert runs[0].data.metrics == {"latency_ms": 20.0, "tokens": 7.0}
    assert runs[0].data.tags["region"] == "eu"
    history = found.get_metric_history(runs[0].info.run_id, "latency_ms")
    assert [point.value for point in history] == [10.0, 20.0]


def test_many_calls_share_one_run_and_few_requests(platform: Sandbox) -> None:
    tracker = PerformanceTracker()
    for _ in range(600):
        tracker.track_inference(METRICS)
    tracker.flush()
    tracker.track_inference(METRICS)
    tracker.flush()
    assert len(platform.calls("POST", "*/runs/create")) == 1
    assert len(platform.calls("POST", "*/runs/log-batch")) == 2


def test_tracking_costs_the_caller_less_than_a_tenth_of_a_millisecond(
    platform: Sandbox, seconds: Callable[[Callable[[], object]], float]
) -> None:
    tracker = PerformanceTracker()
    tracker.track_inference(METRICS)

    def hundred() -> None:
        for _ in range(100):
            tracker.track_inference(METRICS)

    assert min(seconds(hundred) for _ in range(5)) / 100 < 0.0001
    tracker.flush()


def test_the_callers_dict_and_active_run_are_left_alone(platform: Sandbox) -> None:
    import mlflow

    tracker, given = PerformanceTracker(), {**METRICS, "extra": [1]}
    with ExperimentManager().start_experiment("mine") as run:
        tracker.track_inference(given)
        tracker.flush()
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert given == {**METRICS, "extra": [1]}
    assert client(platform).get_run(run.info.run_id).data.metrics == {}


@pytest.mark.parametrize("missing", ["model_id", "model_version", "latency_ms"])
def test_a_missing_key_is_named(platform: Sandbox, missing: str) -> None:
    with pytest.raises(InvalidParameterError, match=missing):
        PerformanceTracker().track_inference({key: value for key, value in METRICS.items() if key != missing})


@pytest.mark.parametrize(
    "change", [{"latency_ms": "fast"}, {"latency_ms": -1}, {"latency_ms": float("inf")}, {"a?b": 1}]
)
def test_a_value_that_mlflow_would_refuse_is_refused_at_once(platform: Sandbox, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(change)).replace("?", ".")):
        PerformanceTracker().track_inference({**METRICS, **change})


def test_flush_raises_the_failure_and_keeps_the_records(registry: ModelRegistry, platform: Sandbox) -> None:
    tracker = PerformanceTracker(registry=registry)
    tracker.track_inference(METRICS)
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": ["@all"]},
        times=1,
        **{"with": {"status": 503, "html": "load-balancer"}},
    )
    with pytest.raises(MLflowConnectionError):
        tracker.flush()
    tracker.flush()
    assert len(platform.calls("POST", "*/runs/log-batch")) == 1
