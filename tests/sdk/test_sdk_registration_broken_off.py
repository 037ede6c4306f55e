"""A registration in the middle of which the server fails: what was sent stays, the rest is kept and gone on with."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hokusai import ModelRegistry
from hokusai.core._journal import Entry, Journal
from hokusai.exceptions import (
    ConfigurationError,
    HokusaiException,
    HokusaiFallbackWarning,
    MLflowAuthenticationError,
    MLflowConnectionError,
    RegistryException,
)
from hokusai_mock import Sandbox

PROXY = {"status": 503, "html": "load-balancer"}
CREATES = ("runs/create", "registered-models/create", "model-versions/create")


def fail(platform: Sandbox, path: str, **answer: Any) -> None:
    """Let every POST or PUT to `path` fail, with a proxy's 503 unless `answer` says otherwise."""
    platform.fault(
        layer="edge", effect="status", match={"paths": [path], "methods": ["POST", "PUT"]}, with_=answer or PROXY
    )


def broken_off(registry: ModelRegistry, model: Any, **arguments: Any) -> HokusaiException:
    with pytest.raises(HokusaiException) as caught:
        registry.register_baseline(model, model_name="m", metrics={"auc": 0.5}, **arguments)
    return caught.value


def journal(tmp_path: Path) -> list[Entry]:
    return Journal(tmp_path / "local").open_registrations()


def made(platform: Sandbox) -> list[int]:
    """How many runs, registered models and versions the server made."""
    return [len(platform.calls("POST", f"*/{path}", status=200)) for path in CREATES]


@pytest.mark.parametrize(
    ("path", "exists"),
    [
        ("*/runs/create", (False, False, False)),
        ("*/runs/log-batch", (True, False, False)),
        ("@artifacts", (True, False, False)),
        ("*/registered-models/create", (True, True, False)),
        ("*/model-versions/create", (True, True, True)),
    ],
)
def test_an_outage_in_the_middle_says_what_exists_and_the_same_call_goes_on(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, path: str, exists: tuple[bool, bool, bool]
) -> None:
    fail(platform, path)
    error = broken_off(registry, estimator)
    assert isinstance(error, MLflowConnectionError)
    assert (error.code, error.status_code) == ("C03", 503)
    kept = error.kept
    assert kept is not None
    assert (bool(kept.run_id), kept.artifacts, kept.registered_model) == exists
    assert "its version" in kept.missing
    assert "hokusai sync" in (error.remedy or "")
    assert kept.folder in str(error)
    assert (kept.run_id or "nothing that was confirmed") in str(error)

    platform.scenario("healthy")
    _heal(platform)
    entry = registry.register_baseline(estimator, model_name="m", metrics={"auc": 0.5})
    assert (entry.version, entry.mlflow_version) == ("1.0.0", "1")
    assert entry.tags["hokusai.registration_id"] == kept.id
    assert kept.run_id in (None, entry.run_id)
    assert made(platform) == [1, 1, 1]


def _heal(platform: Sandbox) -> None:
    platform._ask("DELETE", "/faults")


def test_a_refusal_in_the_middle_keeps_its_class_and_status(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    fail(platform, "*/model-versions/create", status=403, json={"detail": "no"})
    error = broken_off(registry, estimator)
    assert isinstance(error, MLflowAuthenticationError)
    assert error.status_code == 403
    assert error.kept is not None
    assert [entry.id for entry in journal(tmp_path)] == [error.kept.id]


def test_a_refusal_of_the_first_step_leaves_nothing_behind(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    fail(platform, "*/experiments/create", status=403, json={"detail": "no"})
    error = broken_off(registry, estimator)
    assert error.kept is None
    assert "sync" not in str(error)
    assert journal(tmp_path) == []
    assert list((tmp_path / "local" / "registrations").iterdir()) == []


def test_what_broke_off_is_listed_and_finished_without_the_model(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    from hokusai.core._registration import finish

    fail(platform, "@artifacts")
    error = broken_off(registry, estimator, metadata={"team": "blue"})
    (entry,) = journal(tmp_path)
    assert (entry.name, entry.kind, entry.target) == ("m", "baseline", platform.tracking_uri)
    assert entry.problem in str(error)
    assert entry.exists() == [f"run {entry.steps.run_id}"]
    assert entry.missing() == ["the model's files", "registered model 'm'", "its version"]
    _heal(platform)
    finished = finish(entry, ModelRegistry(mode="online")._backend)
    assert (finished.version, finished.run_id) == ("1.0.0", entry.steps.run_id)
    assert finished.tags["metadata"] == '{"team": "blue"}'
    assert journal(tmp_path) == []
    with pytest.raises(RegistryException, match="finished"):
        finish(entry, registry._backend)


def test_what_is_meant_for_one_platform_is_not_finished_on_another(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    from hokusai.core._registration import finish

    fail(platform, "*/model-versions/create")
    broken_off(registry, estimator)
    with pytest.raises(ConfigurationError, match="meant for"):
        finish(journal(tmp_path)[0], ModelRegistry(mode="local")._backend)
    assert len(journal(tmp_path)) == 1


def test_a_call_with_other_arguments_is_another_registration(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    fail(platform, "*/model-versions/create")
    error = broken_off(registry, estimator)
    _heal(platform)
    other = registry.register_baseline(estimator, model_name="m", metrics={"auc": 0.75})
    assert error.kept is not None
    assert other.tags["hokusai.registration_id"] != error.kept.id
    assert len(journal(tmp_path)) == 1


def test_an_open_registration_does_not_fall_back_when_the_server_is_away(
    platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    registry = ModelRegistry()
    fail(platform, "*/model-versions/create")
    first = broken_off(registry, estimator)
    platform.scenario("gateway.lb_error", status=503)
    again = broken_off(registry, estimator)
    assert isinstance(again, MLflowConnectionError)
    assert (first.kept and first.kept.id) == (again.kept and again.kept.id)
    assert len(journal(tmp_path)) == 1


def test_a_model_that_was_damaged_on_disk_is_replaced_by_the_same_call_and_refused_without_it(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    from hokusai import HokusaiInferencePipeline
    from hokusai.core._registration import finish

    fail(platform, "@artifacts")
    broken_off(registry, estimator)
    _heal(platform)
    (entry,) = journal(tmp_path)
    (entry.folder / "model" / "model.pkl").write_bytes(b"")
    with pytest.raises(RegistryException, match="damaged"):
        finish(entry, registry._backend)
    registry.register_baseline(estimator, model_name="m", metrics={"auc": 0.5})
    assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m") == pytest.approx([3.0])


def test_a_lost_race_of_version_numbers_is_settled_by_the_call_that_goes_on(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.core import _registration

    registry.register_baseline(estimator, model_name="m")
    real, calls = _registration.read_versions, []

    def read(client: Any, name: str) -> Any:
        calls.append(name)
        return [] if len(calls) == 1 else real(client, name)  # as if nobody had been there yet

    monkeypatch.setattr(_registration, "read_versions", read)
    fail(platform, "*/model-versions/set-tag")
    broken_off(registry, estimator)
    monkeypatch.undo()
    _heal(platform)
    entry = registry.register_baseline(estimator, model_name="m", metrics={"auc": 0.5})
    assert (entry.version, entry.mlflow_version) == ("1.1.0", "2")


def test_a_fallback_marks_what_it_keeps_and_leaves_the_journal_empty(
    platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    platform.scenario("gateway.lb_error", status=503)
    with pytest.warns(HokusaiFallbackWarning):
        registry = ModelRegistry()
    asked = registry.register_baseline(estimator, model_name="m", metadata={"version": "2.0.0"})
    counted = registry.register_baseline(estimator, model_name="m")
    assert asked.tags["hokusai.kept_for"] == platform.tracking_uri
    assert (asked.tags["hokusai.kept_version"], counted.tags["hokusai.kept_version"]) == ("asked", "minor")
    assert asked.model_id.startswith("local:")
    assert (asked.run_id or "").startswith("local:")
    assert asked.mlflow_version is None
    assert journal(tmp_path) == []


def test_a_journal_that_cannot_be_written_is_named_before_anything_is_sent(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, tmp_path: Path
) -> None:
    (tmp_path / "local").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match="HOKUSAI_LOCAL_STORE"):
        registry.register_baseline(estimator, model_name="m")
    assert platform.calls("POST") == []


def test_an_interrupted_call_leaves_its_registration_open(
    registry: ModelRegistry, estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.core import _registration

    def interrupt(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(_registration, "ensure_model", interrupt)
        with pytest.raises(KeyboardInterrupt):
            registry.register_baseline(estimator, model_name="m")
    assert [entry.name for entry in journal(tmp_path)] == ["m"]
    assert registry.register_baseline(estimator, model_name="m").version == "1.0.0"
    assert journal(tmp_path) == []


def test_a_version_that_mlflow_made_twice_after_a_lost_answer_counts_once(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai import ModelVersionManager

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    platform.fault(
        layer="handler",
        when="after",
        effect="status",
        match={"paths": ["*/model-versions/create"]},
        times=1,
        with_=PROXY,
    )
    entry = registry.register_baseline(estimator, model_name="m")
    assert (entry.version, entry.mlflow_version) == ("1.0.0", "1")
    assert ModelVersionManager(registry).list_versions("m") == ["1.0.0"]
    assert registry._backend.client.get_model_version("m", "2").tags["hokusai.duplicate_of"] == "1"
    assert registry.register_baseline(estimator, model_name="m").version == "1.1.0"
