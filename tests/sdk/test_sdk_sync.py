"""`hokusai sync` against the mock: what an outage kept arrives whole and once, and what does not is named."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import json
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kept_work import FILES, LOSS, copies, differences, keep, keep_run, sync_now, waits

from hokusai import ExperimentManager, HokusaiInferencePipeline, ModelRegistry, ModelVersionManager, PerformanceTracker
from hokusai.exceptions import HokusaiException, MLflowAuthenticationError, MLflowConnectionError
from hokusai_mock import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::hokusai.exceptions.HokusaiFallbackWarning")


@pytest.fixture
def outage(platform: Sandbox) -> Sandbox:
    platform.scenario("gateway.lb_error", status=503)
    return platform


def recover(platform: Sandbox) -> None:
    platform.scenario("healthy")


def creates(platform: Sandbox) -> list[str]:
    return [call["path"].rpartition("/mlflow/")[2] for call in platform.calls("POST", "*/create")]


def local_client() -> Any:
    from hokusai._local_store import LocalStore
    from hokusai.config._resolver import local_store

    return LocalStore(local_store()).client()


def test_all_of_a_run_arrives(outage: Sandbox, tmp_path: Path) -> None:
    old = keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    report = sync_now()
    assert report.complete
    assert [item.kind for item in report.uploaded] == ["experiment", "run", "run"]
    assert report.uploaded[1].old == f"local:{old}"
    here = local_client().get_run(old)
    run, inner = copies(outage, "kept")
    assert report.uploaded[1].new == run.info.run_id
    assert (run.info.status, run.info.start_time, run.info.end_time) == (
        "FINISHED",
        here.info.start_time,
        here.info.end_time,
    )
    assert run.data.params == {"rate": "0.1", "label": "a"}
    assert {name: run.data.tags[name] for name in ("team", "label")} == {"team": "blue", "label": "a"}
    assert run.data.tags["mlflow.runName"] == here.data.tags["mlflow.runName"]
    assert inner.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert inner.data.metrics == {"inner": 1.5}
    assert points(outage, run.info.run_id, "loss") == LOSS
    assert {name: file_of(outage, run.info.artifact_uri, name) for name in FILES} == FILES


def ask(platform: Sandbox, path: str, **params: object) -> bytes:
    """Ask the server over plain HTTP, without MLflow."""
    import requests

    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with requests.get(f"{platform.tracking_uri}/api/2.0/{path}", params=params, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200, answer.text
        return answer.content


def points(platform: Sandbox, run_id: str, name: str) -> list[tuple[float, int, int]]:
    told = json.loads(ask(platform, "mlflow/metrics/get-history", run_id=run_id, metric_key=name, max_results=100))
    return [(point["value"], int(point["timestamp"]), int(point["step"])) for point in told["metrics"]]


def file_of(platform: Sandbox, artifact_uri: str, name: str) -> bytes:
    return ask(platform, f"mlflow-artifacts/artifacts/{artifact_uri.removeprefix('mlflow-artifacts:/')}/{name}")


def test_a_version_arrives_with_its_model_and_without_the_marks_of_the_local_store(
    outage: Sandbox, estimator: Any
) -> None:
    entry = ModelRegistry().register_baseline(estimator, model_name="m", metrics={"auc": 0.5})
    recover(outage)
    sync_now()
    registry = ModelRegistry(mode="online")
    assert ModelVersionManager(registry).list_versions("m") == ["1.0.0"]
    assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m") == pytest.approx([3.0])
    found = registry.get_model_by_id(entry.model_id.removeprefix("local:"))
    assert found.metrics == {"auc": 0.5}
    assert [name for name in found.tags if name.startswith("hokusai.kept")] == []
    assert found.tags["hokusai.sync.origin"].endswith("/m/1")


def test_a_second_sync_creates_nothing(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    assert sync_now().complete
    before = creates(outage)
    report = sync_now()
    assert (report.uploaded, report.left, creates(outage)) == ([], [], before)


def test_the_originals_stay_and_say_where_their_copies_are(outage: Sandbox, tmp_path: Path) -> None:
    old = keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    report = sync_now()
    original = local_client().get_run(old)
    assert original.info.lifecycle_stage == "active"
    assert original.data.tags["hokusai.sync.copy"] == report.uploaded[1].new
    assert waits() == []


def test_versions_are_numbered_after_those_that_the_server_has(platform: Sandbox, estimator: Any) -> None:
    online = ModelRegistry(mode="online")
    for _ in range(2):
        online.register_baseline(estimator, model_name="m")
    platform.scenario("gateway.lb_error", status=503)
    registry = ModelRegistry()
    registry.register_baseline(estimator, model_name="m")
    ModelVersionManager(registry).register_version(estimator, "m", version="4.2.0")
    ModelVersionManager(registry).register_version(estimator, "m", auto_increment="major")
    recover(platform)
    report = sync_now()
    assert [item.detail for item in report.uploaded if item.kind == "version"] == [
        "1.0.0 -> 1.2.0",
        "4.2.0 -> 4.2.0",
        "5.0.0 -> 5.0.0",
    ]
    assert ModelVersionManager(online).list_versions("m") == ["1.0.0", "1.1.0", "1.2.0", "4.2.0", "5.0.0"]


def test_a_run_whose_answer_was_lost_is_not_made_twice(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    outage.fault(effect="reset", layer="handler", when="after", times=1, match={"paths": ["@mlflow/runs/create"]})
    first = sync_now()
    assert not first.complete
    assert first.left[0].kind == "run"
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_a_version_whose_answer_was_lost_is_not_made_twice(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    outage.fault(
        effect="reset", layer="handler", when="after", times=1, match={"paths": ["@mlflow/model-versions/create"]}
    )
    assert [item.kind for item in sync_now().left] == ["version"]
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_what_is_refused_stays_and_is_named_and_the_rest_goes_on(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    outage.fault(
        effect="status",
        times=1,
        match={"methods": ["PUT"], "paths": ["*/notes.txt"]},
        with_={"status": 413, "json": {"error_code": "INVALID_PARAMETER_VALUE", "message": "too much"}},
    )
    report = sync_now()
    assert not report.complete
    refused, nested = report.left
    assert "too much" in refused.reason
    assert "nested in" in nested.reason
    assert [item.kind for item in report.uploaded if item.name == "kept"][-1:] == ["version"]
    assert [line.partition("/")[0] for line in waits()] == ["run kept", "run kept"]
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_when_the_server_goes_nothing_more_is_tried_and_the_next_sync_goes_on(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    outage.fault(
        effect="status", layer="edge", after=9, match={"paths": ["@all"]}, with_={"status": 503, "html": "bad-gateway"}
    )
    report = sync_now()
    assert [item.kind for item in report.left] == ["run", "run", "run", "version"]
    assert [item.reason for item in report.left[1:]] == ["it was not tried: the server was gone by then"] * 3
    assert "503" in report.left[0].reason
    recover(outage)
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_a_server_that_is_still_away_is_told_before_anything_is_begun(outage: Sandbox, tmp_path: Path) -> None:
    keep_run("kept", "a", tmp_path / "files")
    with pytest.raises(MLflowConnectionError):
        sync_now()
    assert len(waits()) == 2


def test_a_refused_key_is_told_before_anything_is_begun(
    outage: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    monkeypatch.setenv("HOKUSAI_API_KEY", "hk_test_unknown")
    with pytest.raises(MLflowAuthenticationError):
        sync_now()
    assert creates(outage) == []


def test_work_for_another_platform_is_not_touched(
    outage: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9/api/mlflow")
    keep_run("kept", "a", tmp_path / "files")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", outage.tracking_uri)
    keep_run("kept", "b", tmp_path / "files")
    recover(outage)
    report = sync_now()
    assert [(item.kept_for, item.runs) for item in report.elsewhere] == [("http://127.0.0.1:9/api/mlflow", 2)]
    assert [run.data.params.get("label") for run in copies(outage, "kept")] == ["b", None]


def test_what_was_written_in_local_mode_is_nobodys_to_upload(outage: Sandbox, estimator: Any, tmp_path: Path) -> None:
    ModelRegistry(mode="local").register_baseline(estimator, model_name="mine")
    keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    report = sync_now()
    assert {item.name.partition("/")[0] for item in report.uploaded} == {"kept"}
    assert "model-versions/create" not in creates(outage)


def test_a_run_whose_process_is_still_there_waits_until_it_ends(outage: Sandbox) -> None:
    with ExperimentManager().start_experiment("kept"):
        recover(outage)
        report = sync_now()
        assert report.complete
        assert report.uploaded == []
        assert "still running" in report.left[0].reason
        assert "--unfinished" in (report.left[0].remedy or "")
    assert [item.kind for item in sync_now().uploaded] == ["experiment", "run"]


def test_a_run_left_running_by_a_dead_process_is_uploaded_as_killed(outage: Sandbox, tmp_path: Path) -> None:
    old = keep_run("kept", "a", tmp_path / "files")
    client = local_client()
    client.update_run(old, status="RUNNING")
    host = client.get_run(old).data.tags["hokusai.kept_by"].partition(":")[0]
    client.set_tag(old, "hokusai.kept_by", f"{host}:{2**22 + 1}")
    recover(outage)
    assert sync_now().complete
    assert sorted(run.info.status for run in copies(outage, "kept")) == ["FINISHED", "KILLED"]


def test_a_tracker_that_goes_on_is_uploaded_again_without_repeating_anything(outage: Sandbox) -> None:
    import mlflow

    tracker = PerformanceTracker()
    served = {"model_id": "m", "model_version": "1.0.0"}
    tracker.track_inference({**served, "latency_ms": 1})
    tracker.flush()
    run = local_client().search_runs([local_client().get_experiment_by_name("hokusai_inference/m").experiment_id])[0]
    recover(outage)
    assert sync_now().complete
    client = local_client()
    client.log_metric(run.info.run_id, "latency_ms", 2.0, step=1)
    client._tracking_client.store.update_run_info(
        run.info.run_id, mlflow.entities.RunStatus.FINISHED, run.info.end_time + 5, None
    )
    report = sync_now()
    assert [item.kind for item in report.uploaded] == ["experiment", "run"]
    (copy,) = copies(outage, "hokusai_inference/m")
    assert sorted(value for value, _, _ in points(outage, copy.info.run_id, "latency_ms")) == [1.0, 2.0]
    assert copy.info.end_time == run.info.end_time + 5


def test_only_one_sync_works_on_a_store_at_a_time(outage: Sandbox, tmp_path: Path) -> None:
    from hokusai._locks import FileLock

    keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    other = FileLock.attempt(tmp_path / "local" / ".sync.lock")
    assert other is not None
    try:
        with pytest.raises(HokusaiException, match="Another sync"):
            sync_now()
    finally:
        other.release()
    assert sync_now().complete


def test_the_journal_is_read_past_a_line_that_was_cut_off(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    outage.fault(
        effect="status", times=1, match={"paths": ["@mlflow/runs/update"]}, with_={"status": 400, "empty": True}
    )
    assert not sync_now().complete
    (journal,) = (tmp_path / "local").glob("mlflow-*/sync.jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_a_store_that_lost_its_journal_is_known_by_its_marks_on_the_server(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    recover(outage)
    assert sync_now().complete
    (journal,) = (tmp_path / "local").glob("mlflow-*/sync.jsonl")
    journal.unlink()
    with closing(sqlite3.connect(journal.parent / "mlflow.db")) as database, database:
        database.execute("DELETE FROM tags WHERE key LIKE 'hokusai.sync.%'")
        database.execute("DELETE FROM model_version_tags WHERE key LIKE 'hokusai.sync.%'")
    assert len(waits()) == 4
    assert sync_now().complete
    assert list(differences(outage, ["a"])) == []


def test_work_kept_by_another_mlflow_is_counted_and_left_alone(outage: Sandbox, tmp_path: Path) -> None:
    keep("a", str(tmp_path / "files"))
    (store,) = (tmp_path / "local").glob("mlflow-*/mlflow.db")
    other = tmp_path / "local" / "mlflow-1.99"
    store.parent.rename(other)
    recover(outage)
    report = sync_now()
    assert [(item.runs, item.versions, item.store) for item in report.elsewhere] == [(2, 1, other)]
    assert creates(outage) == []


def test_a_registration_that_broke_off_is_finished(platform: Sandbox, estimator: Any) -> None:
    registry = ModelRegistry(mode="online")
    platform.fault(
        effect="status",
        times=1,
        match={"paths": ["@mlflow/model-versions/create"]},
        with_={"status": 503, "empty": True},
    )
    with pytest.raises(MLflowConnectionError):
        registry.register_baseline(estimator, model_name="m")
    assert waits() == ["registration m"]
    report = sync_now()
    assert report.complete
    assert [(item.kind, item.name, item.new) for item in report.uploaded] == [("registration", "m", "1")]
    assert ModelVersionManager(registry).list_versions("m") == ["1.0.0"]
    assert waits() == []


@pytest.mark.parametrize("server", ["mlflow-3.9", "mlflow-2.9"])
def test_a_model_that_was_logged_and_registered_by_mlflow_itself_arrives_and_predicts(
    outage: Sandbox, estimator: Any, server: str
) -> None:
    import mlflow

    with ExperimentManager().start_experiment("kept"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow on pickles, and on what it calls itself
        mlflow.sklearn.log_model(
            estimator,
            "model",
            registered_model_name="by hand",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    outage.use_profile(mlflow=server)
    recover(outage)
    report = sync_now()
    assert report.left == []
    assert [item.name for item in report.uploaded if item.kind == "version"] == ["by hand"]
    assert HokusaiInferencePipeline(ModelRegistry(mode="online")).predict_batch([[1, 2]], "by hand") == pytest.approx(
        [3.0]
    )
    assert sync_now().uploaded == []


def test_an_experiment_that_is_deleted_on_the_server_is_named_with_what_to_do(outage: Sandbox, tmp_path: Path) -> None:
    recover(outage)
    with ExperimentManager().start_experiment("kept") as run:
        experiment_id = run.info.experiment_id
    outage.scenario("gateway.lb_error", status=503)
    keep_run("kept", "a", tmp_path / "files")
    recover(outage)
    change(outage, "experiments/delete", experiment_id=experiment_id)
    report = sync_now()
    assert "is deleted on the server" in report.left[0].reason
    assert f"restore -x {experiment_id}" in (report.left[0].remedy or "")
    change(outage, "experiments/restore", experiment_id=experiment_id)
    assert sync_now().complete


def change(platform: Sandbox, path: str, **body: object) -> None:
    """Change something on the server over plain HTTP."""
    import requests

    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with requests.post(
        f"{platform.tracking_uri}/api/2.0/mlflow/{path}", json=body, headers=headers, timeout=10
    ) as answer:
        assert answer.status_code == 200, answer.text


def broken_off(platform: Sandbox, estimator: Any) -> None:
    """Leave a registration for a token open: the server fails when its version is made."""
    registry = ModelRegistry(mode="online")
    logged = registry.register_baseline(estimator, model_name="logged")
    platform.fault(
        effect="status",
        times=1,
        match={"paths": ["@mlflow/model-versions/create"]},
        with_={"status": 503, "empty": True},
    )
    with pytest.raises(MLflowConnectionError):
        registry.register_tokenized_model(f"runs:/{logged.run_id}/model", "m", "XRAY", "auc", 0.5)


def test_a_registration_for_a_token_is_finished_without_its_event(platform: Sandbox, estimator: Any) -> None:
    broken_off(platform, estimator)
    report = sync_now()
    assert report.complete
    assert [(event.name, event.version, event.state) for event in report.events] == [("m", "1", "pending")]
    assert platform.calls("POST", "*registration-events") == []
    assert ModelRegistry(mode="online").get_tokenized_model("m").token_id == "XRAY"


def test_the_event_of_a_finished_registration_is_sent_when_that_is_wanted(platform: Sandbox, estimator: Any) -> None:
    broken_off(platform, estimator)
    assert [event.state for event in sync_now(notify=True).events] == ["sent"]
    assert sync_now(notify=True).events == []
    assert len(platform.calls("POST", "*registration-events")) == 1


def test_an_event_that_is_refused_is_named(platform: Sandbox, estimator: Any) -> None:
    broken_off(platform, estimator)
    platform.fault(
        effect="status", match={"paths": ["*registration-events"]}, with_={"status": 403, "json": {"detail": "no"}}
    )
    report = sync_now(notify=True)
    assert not report.complete
    assert [event.state for event in report.events] == ["refused"]
    assert "renotify" in (report.events[0].problem or "")


def test_a_big_file_arrives_whole(outage: Sandbox, tmp_path: Path) -> None:
    import mlflow

    big = tmp_path / "big.bin"
    big.write_bytes(b"0123456789abcdef" * 2**19)
    with ExperimentManager().start_experiment("kept"):
        mlflow.log_artifact(str(big))
    recover(outage)
    assert sync_now().complete
    (run,) = copies(outage, "kept")
    assert file_of(outage, run.info.artifact_uri, "big.bin") == big.read_bytes()
