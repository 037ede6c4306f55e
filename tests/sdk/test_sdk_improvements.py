"""Attestations, contributions and improvement experiments; and what becomes of a run when the server fails."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest

from hokusai import ExperimentManager, ModelRegistry, PerformanceTracker
from hokusai.exceptions import HokusaiException, HokusaiFallbackWarning, InvalidParameterError, MLflowConnectionError
from hokusai.tracking._attestation import checked_contribution, deltaone_value, improvement
from hokusai.tracking._contributors import contributor_of
from hokusai_mock import Sandbox

ANN, BOB = "0x" + "aB" * 20, "0x" + "0c" * 20


def client(uri: str) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri, uri)


def runs(tracking: Any, experiment: str) -> list[Any]:
    found = tracking.get_experiment_by_name(experiment)
    return [] if found is None else list(tracking.search_runs([found.experiment_id]))


def local_client() -> Any:
    return ModelRegistry(mode="local")._backend.client


# --- decided without a server -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "delta"),
    [(0.1, 0.3, 0.2), (1 / 3, 0.5, 0.166667), (0.5, 0.5000001, 0.0), (0.5, 0.4999999, 0.0), (2, 1, -1.0)],
)
def test_a_delta_is_rounded_to_six_digits_and_never_minus_zero(before: float, after: float, delta: float) -> None:
    found = improvement({"x": before}, {"x": after, "more": 1.0})
    assert json.dumps(found) == json.dumps({"x": delta})


@pytest.mark.parametrize(
    ("delta", "value"),
    [
        ({"accuracy": 0.02}, 2.0),
        ({"accuracy": 0.02, "f1_score": 0.01}, 2.9),
        ({"auroc": 0.1, "precision": 0.1, "recall": 0.1}, 22.0),
        ({"accuracy": -0.02, "f1_score": 0.01}, 0.0),
        ({"loss": 5.0}, 0.0),
        ({"accuracy": 0.012345}, 1.23),
    ],
)
def test_the_deltaone_value_is_the_weighted_sum_in_percentage_points(delta: dict[str, float], value: float) -> None:
    assert deltaone_value(delta) == value


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, (None, None)),
        ({"contributor": "ann"}, ("ann", None)),
        ({"contributor": ANN}, (None, ANN)),
        ({"contributor_id": "ann", "contributor": ANN}, ("ann", ANN)),
        ({"contributor_id": "ann", "contributor_address": ANN}, ("ann", ANN)),
        ({"contributor": "ann", "contributor_address": ANN}, ("ann", ANN)),
        ({"contributor": ANN.lower(), "contributor_address": ANN}, (None, ANN)),
        ({"contributor": "ann", "contributor_id": "ann"}, ("ann", None)),
    ],
)
def test_contributors_are_understood_by_any_documented_key(
    said: dict[str, str], found: tuple[str | None, str | None]
) -> None:
    assert tuple(contributor_of(said).values()) == found


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"contributor": "0x12"}, "contributor"),
        ({"contributor_address": "ann"}, "contributor_address"),
        ({"contributor_address": ANN + "\n"}, "contributor_address"),
        ({"contributor": "ann", "contributor_id": "bob"}, "contributor_id"),
        ({"contributor": ANN, "contributor_address": BOB}, "contributor_address"),
        ({"contributor_id": ""}, "contributor_id"),
        ({"contributor_id": 7}, "contributor_id"),
        ({"dataset_hash": 7}, "dataset_hash"),
        ({"data_size": -1}, "data_size"),
        ({"data_size": 1.5}, "data_size"),
        ({"quality_score": float("inf")}, "quality_score"),
    ],
)
def test_a_contribution_that_cannot_be_is_refused_by_its_key(said: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidParameterError, match=named):
        checked_contribution(said)


# --- recorded ---------------------------------------------------------------------------------------------------------


def test_the_attestation_in_the_run_has_the_hash_that_anyone_can_compute(
    registry: ModelRegistry, platform: Sandbox, tmp_path: Path
) -> None:
    numpy = pytest.importorskip("numpy", reason="metrics often come as numpy's numbers")
    tracker = PerformanceTracker(registry=registry)
    contribution = {"contributor": "ann", "contributor_address": ANN, "data_size": numpy.int64(5)}
    _, attestation = tracker.track_improvement(
        {"accuracy": numpy.float32(0.5)}, {"accuracy": numpy.float64(0.75)}, contribution
    )
    (run,) = runs(client(platform.tracking_uri), "hokusai_improvements")
    file = client(platform.tracking_uri).download_artifacts(run.info.run_id, "attestation.json", str(tmp_path))
    kept = json.loads(Path(file).read_text("utf-8"))
    assert kept == attestation
    covered = {name: value for name, value in kept.items() if name not in ("attestation_hash", "signature")}
    digest = hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()
    assert run.data.tags["attestation_hash"] == kept["attestation_hash"] == f"0x{digest}"
    assert run.data.tags["contributor_address"] == ANN.lower()
    assert (run.data.metrics["delta_accuracy"], run.data.metrics["deltaone_value"]) == (0.25, 25.0)


def test_more_metrics_than_one_request_takes_are_recorded_in_several(
    registry: ModelRegistry, platform: Sandbox
) -> None:
    before = {f"m{number}": 0.0 for number in range(1001)}
    PerformanceTracker(registry=registry).track_improvement(before, dict.fromkeys(before, 1.0), {})
    (run,) = runs(client(platform.tracking_uri), "hokusai_improvements")
    assert len(run.data.metrics) == 3 * 1001 + 1


def test_more_contributions_than_a_page_holds_all_count(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.tracking import _history

    monkeypatch.setattr(_history, "_PAGE", 2)
    tracker = PerformanceTracker(registry=registry)
    for number in range(5):
        tracker.log_contribution_impact(ANN, f"m-{number}", 0.1)
    tracker.log_contribution_impact(BOB, "m-0", {"accuracy": 7})
    impact = tracker.get_contributor_impact(ANN.lower())
    assert (impact["total_models_improved"], impact["total_improvement_score"]) == (5, 0.5)
    assert [entry["model_id"] for entry in impact["contributions"]] == [f"m-{number}" for number in range(5)]


def test_what_was_contributed_is_described_and_not_sent(registry: ModelRegistry, platform: Sandbox) -> None:
    manager = ExperimentManager(registry=registry)
    given = {
        "rows": 5,
        "who": "ann",
        "meta": {"source": "crm", "checked": True},
        "features": [["secret"]],
        "none": None,
    }
    manager.create_improvement_experiment("m-1", given)
    (run,) = runs(client(platform.tracking_uri), manager.experiment_name)
    assert run.data.params == {
        "contributed_data.rows": "5",
        "contributed_data.who": "ann",
        "contributed_data.meta.source": "crm",
        "contributed_data.meta.checked": "True",
        "contributed_data.features.count": "1",
        "contributed_data.none": "None",
    }


@pytest.mark.parametrize("data", [{"a": "x" * 501}, {"?": 1}, {1: 2}])
def test_what_mlflow_does_not_take_is_refused_before_anything_is_written(
    registry: ModelRegistry, platform: Sandbox, data: dict[Any, Any]
) -> None:
    with pytest.raises(InvalidParameterError, match="contributed_data"):
        ExperimentManager(registry=registry).create_improvement_experiment("m-1", data)
    assert platform.calls("POST") == []


# --- outages ----------------------------------------------------------------------------------------------------------


def test_in_an_outage_work_is_kept_locally_and_its_ids_say_so(platform: Sandbox) -> None:
    manager, tracker = ExperimentManager(), PerformanceTracker()
    platform.scenario("gateway.lb_error", status=503)
    with pytest.warns(HokusaiFallbackWarning):
        run_id = manager.create_improvement_experiment("m-1", {"rows": 5})
    with pytest.warns(HokusaiFallbackWarning):
        tracker.log_contribution_impact(ANN, "m-1", 0.1)
    assert run_id.startswith("local:")
    (kept,) = runs(local_client(), manager.experiment_name)
    assert kept.info.run_id == run_id.removeprefix("local:")
    assert (kept.data.tags["hokusai.kept_for"], kept.info.status) == (platform.tracking_uri, "FINISHED")
    for read in (manager.get_experiment_history, lambda: tracker.get_contributor_impact(ANN)):
        with pytest.raises(MLflowConnectionError):
            read()


def break_in_the_middle(platform: Sandbox) -> None:
    """Let the server fail at the second writing request of a run, and ever after."""
    platform.fault(
        layer="edge",
        effect="status",
        match={"methods": ["POST"], "paths": ["@mlflow/runs/log-batch", "@mlflow/runs/update"]},
        **{"with": {"status": 503, "html": "load-balancer"}},
    )


def test_a_run_that_breaks_off_is_kept_whole_and_the_error_names_both(platform: Sandbox) -> None:
    tracker = PerformanceTracker()
    break_in_the_middle(platform)
    with pytest.raises(MLflowConnectionError, match=r"incomplete\. All of it is kept as local:\w+ in .*hokusai sync"):
        tracker.log_contribution_impact(ANN, "m-1", {"accuracy": 0.1})
    (broken,) = runs(client(platform.tracking_uri), "hokusai_contributions")
    (kept,) = runs(local_client(), "hokusai_contributions")
    assert kept.data.metrics == {"delta_accuracy": 0.1}
    assert kept.data.tags["hokusai.replaces"] == broken.info.run_id
    assert kept.data.tags["hokusai.kept_for"] == platform.tracking_uri
    platform.scenario("healthy")
    assert tracker.get_contributor_impact(ANN)["contributions"] == []  # the broken one does not count


def test_a_run_that_breaks_off_where_nothing_may_be_kept_is_named(registry: ModelRegistry, platform: Sandbox) -> None:
    break_in_the_middle(platform)
    with pytest.raises(MLflowConnectionError, match=r"The server has run \w+, which is incomplete") as caught:
        ExperimentManager(registry).create_improvement_experiment("m-1", {"rows": 5})
    assert "kept as" not in str(caught.value)


def test_the_exception_of_a_block_arrives_although_its_run_cannot_be_ended(
    registry: ModelRegistry, platform: Sandbox
) -> None:
    manager = ExperimentManager(registry)
    with pytest.warns(RuntimeWarning, match="is left RUNNING"), pytest.raises(ZeroDivisionError):
        _fail_inside(manager, platform)


@pytest.mark.filterwarnings("error")
def test_the_exception_of_a_block_arrives_where_warnings_are_errors(registry: ModelRegistry, platform: Sandbox) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_inside(ExperimentManager(registry), platform)


def _fail_inside(manager: ExperimentManager, platform: Sandbox) -> None:
    with manager.start_experiment("x"):
        break_in_the_middle(platform)
        _ = 1 / 0


def test_a_run_that_cannot_be_ended_raises(registry: ModelRegistry, platform: Sandbox) -> None:
    manager = ExperimentManager(registry)
    with pytest.raises(MLflowConnectionError, match="end the run"), manager.start_experiment("x"):
        break_in_the_middle(platform)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_blocks_of_many_threads_each_have_their_own_run(registry: ModelRegistry, platform: Sandbox) -> None:
    import mlflow

    manager, together = ExperimentManager(registry), threading.Barrier(4)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with manager.start_experiment("threads"):
                together.wait(30)
        except BaseException as error:  # noqa: BLE001 - it is looked at below
            problems.append(error)

    mlflow.set_tracking_uri("http://127.0.0.1:9/before")
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert mlflow.get_tracking_uri() == "http://127.0.0.1:9/before"
    found = runs(client(platform.tracking_uri), "threads")
    assert [(run.info.status, run.data.tags.get("mlflow.parentRunId")) for run in found] == [("FINISHED", None)] * 4
    assert mlflow.active_run() is None


def test_runs_that_a_block_leaves_on_top_do_not_stay_active(registry: ModelRegistry, platform: Sandbox) -> None:
    import mlflow

    with ExperimentManager(registry).start_experiment("x"):
        mlflow.start_run(nested=True)
    assert mlflow.active_run() is None


def test_a_run_at_another_server_is_no_parent(registry: ModelRegistry, platform: Sandbox) -> None:
    import mlflow

    local = ExperimentManager(ModelRegistry(mode="local"))
    with ExperimentManager(registry).start_experiment("x"), local.start_experiment("y") as inner:
        assert "mlflow.parentRunId" not in inner.data.tags
    assert mlflow.active_run() is None


def test_tracking_never_raises_what_is_none_of_ours(registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    from hokusai.tracking import _sending

    def breaks(*_: object) -> None:
        raise KeyError("deep inside")

    tracker = PerformanceTracker(registry=registry)
    tracker.track_inference({"model_id": "m", "model_version": "1", "latency_ms": 1})
    with monkeypatch.context() as patched:
        patched.setattr(_sending, "open_run", breaks)
        with pytest.raises(HokusaiException, match="KeyError") as caught:
            tracker.flush()
    assert isinstance(caught.value.__cause__, KeyError)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tracker.flush()
