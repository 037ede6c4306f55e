# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from hokusai import ExperimentManager, HokusaiInferencePipeline, ModelRegistry, ModelVersionManager, PerformanceTracker
from hokusai.exceptions import HokusaiFallbackWarning, MLflowAuthenticationError, MLflowConnectionError
from hokusai_mock import MockServer, Sandbox

REFUSED = "http://127.0.0.1:9/api/mlflow"


def local_uri(tmp_path: Path) -> str:
    from hokusai import _mlflow

    return f"sqlite:///{tmp_path}/local/mlflow-{_mlflow.minor_version()}/mlflow.db"


def test_local_mode_registers_lists_predicts_and_tracks_without_network_or_key(
    estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOKUSAI_MOCK_MODE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", REFUSED)
    registry = ModelRegistry()
    entry = registry.register_baseline(estimator, model_name="m", metrics={"auc": 0.5})
    assert (entry.version, entry.mlflow_version) == ("1.0.0", "1")
    assert ModelVersionManager(registry).list_versions("m") == ["1.0.0"]
    assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m") == pytest.approx([3.0])
    with ExperimentManager().start_experiment("x") as run:
        import mlflow

        mlflow.log_metric("a", 1.0)
    tracker = PerformanceTracker()
    tracker.track_inference({"model_id": "m", "model_version": "1.0.0", "latency_ms": 1})
    tracker.flush()
    assert registry.tracking_uri == local_uri(tmp_path)
    assert registry.status.mode == "local"
    assert registry.status.degraded is False
    assert run.info.status == "RUNNING"
    assert Path(registry.status.store, "artifacts").is_dir()


def test_local_mode_by_argument_writes_nothing_where_the_process_happens_to_be(estimator: Any, tmp_path: Path) -> None:
    ModelRegistry(mode="local").register_baseline(estimator, model_name="m")
    assert sorted(path.name for path in Path.cwd().iterdir()) == []
    assert (tmp_path / "local").is_dir()


def test_a_second_object_reads_what_the_first_wrote(estimator: Any) -> None:
    ModelRegistry(mode="local").register_baseline(estimator, model_name="m")
    assert ModelVersionManager(ModelRegistry(mode="local")).get_latest_version("m") == "1.0.0"


def test_alembics_lines_and_handlers_stay_out_of_the_users_logs(caplog: pytest.LogCaptureFixture) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    with caplog.at_level(logging.INFO):
        level = root.level
        ModelRegistry(mode="local").register_baseline(lambda data: [*data], model_name="m")
        assert root.level == level
    assert root.handlers == before[0]
    assert [record.name for record in caplog.records if "alembic" in record.name] == []


def test_processes_that_create_one_store_at_once_all_find_it_whole(tmp_path: Path) -> None:
    code = (
        "import hokusai; from hokusai import _mlflow; r = hokusai.ModelRegistry(mode='local')\n"
        "print(r._backend.client.search_registered_models())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [process.communicate(timeout=120) for process in started]
    assert [(out.strip(), process.returncode) for (out, _), process in zip(ended, started, strict=True)] == [
        ("[]", 0)
    ] * 3


@pytest.fixture
def outage(platform: Sandbox) -> Sandbox:
    platform.scenario("gateway.lb_error", status=503)
    return platform


def test_online_mode_never_falls_back(outage: Sandbox) -> None:
    with pytest.raises(MLflowConnectionError) as caught:
        ModelRegistry(mode="online")
    assert (caught.value.code, caught.value.status_code) == ("C03", 503)
    assert caught.value.tracking_uri == outage.tracking_uri


def test_an_outage_keeps_new_work_locally_and_says_so_once(outage: Sandbox, estimator: Any, tmp_path: Path) -> None:
    with pytest.warns(HokusaiFallbackWarning, match="local store") as told:
        registry = ModelRegistry()
    entry = registry.register_baseline(estimator, model_name="m")  # a second warning would be an error here
    assert len(told) == 1
    assert str(tmp_path / "local") in str(told[0].message)
    assert entry.mlflow_version is None
    assert entry.model_id.startswith("local:")
    assert (registry.status.mode, registry.status.degraded) == ("online", True)
    assert "C03" in (registry.status.cause or "")
    kept = ModelVersionManager(ModelRegistry(mode="local"))
    assert kept.list_versions("m") == ["1.0.0"]


def test_what_is_kept_is_marked_with_the_platform_it_was_meant_for(outage: Sandbox, estimator: Any) -> None:
    with pytest.warns(HokusaiFallbackWarning):
        entry = ModelRegistry().register_baseline(estimator, model_name="m")
    assert entry.tags["hokusai.kept_for"] == outage.tracking_uri


def test_reads_never_fall_back(outage: Sandbox) -> None:
    with pytest.warns(HokusaiFallbackWarning):
        registry = ModelRegistry()
    with pytest.raises(MLflowConnectionError):
        ModelVersionManager(registry).list_versions("m")


def test_the_next_unit_of_work_goes_online_again(platform: Sandbox, estimator: Any) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": ["@all"]},
        times=1,
        **{"with": {"status": 502, "html": "load-balancer"}},
    )
    with pytest.warns(HokusaiFallbackWarning):
        registry = ModelRegistry()
    entry = registry.register_baseline(estimator, model_name="m")
    assert entry.mlflow_version == "1"
    assert registry.status.degraded is False


def test_a_refused_connection_falls_back_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", REFUSED)
    with pytest.warns(HokusaiFallbackWarning, match="nothing listens"):
        manager = ExperimentManager()
    with manager.start_experiment("x") as run:
        pass
    assert run.info.run_id
    assert manager.status.cause is not None
    assert "D02" in manager.status.cause


@pytest.mark.parametrize("word", ["false", "0"])
def test_optional_mlflow_false_always_raises(outage: Sandbox, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", word)
    with pytest.raises(MLflowConnectionError):
        ExperimentManager()


def test_refused_credentials_fall_back_only_when_mlflow_is_optional(
    platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.scenario("auth.admin_required")
    with pytest.raises(MLflowAuthenticationError):
        ModelRegistry()
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "true")
    with pytest.warns(HokusaiFallbackWarning, match="admin"):
        registry = ModelRegistry()
    assert registry.status.degraded is True


def test_a_working_server_warns_of_nothing(registry: ModelRegistry, estimator: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", HokusaiFallbackWarning)
        registry.register_baseline(estimator, model_name="m")
    assert registry.status.degraded is False


def test_a_silent_server_costs_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import time

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(MLflowConnectionError) as caught:
            ModelRegistry(mode="online", timeout=0.5)
    assert caught.value.code == "D03"
    assert time.monotonic() - start < 30, "MLflow's own time-out and retries would take minutes"


def test_a_plain_mlflow_server_works_without_a_key(estimator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with MockServer(plain=True, seed=2) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.sandbox().tracking_uri)
        registry = ModelRegistry(mode="online")
        assert registry.register_baseline(estimator, model_name="m").version == "1.0.0"
        assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m") == pytest.approx([3.0])
        assert all(call["auth"]["key"] is None for call in server.sandbox().calls())


# Two seeds, because MLflow's client remembers a run's artifact repository by the run's id alone.
@pytest.mark.parametrize(("plain", "seed"), [(True, 3), (False, 4)])
def test_a_server_of_the_2_9_generation_works_too(
    plain: bool, seed: int, estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MockServer(plain=plain, profile="mlflow-2.9", seed=seed) as server:
        for name, value in server.sandbox().env.items():
            monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
        registry = ModelRegistry(mode="online")
        registry.register_baseline(estimator, model_name="m")
        assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m") == pytest.approx([3.0])
