# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import json
from typing import Any

import pytest

from hokusai import HokusaiModel, ModelRegistry
from hokusai.exceptions import InvalidParameterError, MLflowAuthenticationError, RegistryException
from hokusai_mock import Sandbox


class Doubler(HokusaiModel):
    def predict(self, data: Any) -> list[Any]:
        return [2 * value for value in data]

    def get_metrics(self) -> dict[str, float]:
        return {"accuracy": 0.9}


def versions(platform: Sandbox) -> list[dict[str, Any]]:
    """The bodies of the model versions that were created, in order."""
    return [json.loads(call["body"]) for call in platform.calls("POST", "*/model-versions/create")]


def tags(body: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in body["tags"]}


@pytest.mark.parametrize("name", ["model_name", "model_type"])
def test_both_call_styles_register_under_the_name(registry: ModelRegistry, estimator: Any, name: str) -> None:
    entry = registry.register_baseline(model=estimator, **{name: "lead_scoring"})
    assert entry.model_type == entry["model_name"] == "lead_scoring"
    assert entry.version == "1.0.0"
    assert entry.mlflow_version == "1"
    assert entry.is_baseline is True


def test_the_documented_positional_style(registry: ModelRegistry, estimator: Any) -> None:
    assert registry.register_baseline(estimator, "classification")["model_type"] == "classification"


def test_the_version_points_at_the_artifact_and_its_run(
    registry: ModelRegistry, platform: Sandbox, estimator: Any
) -> None:
    entry = registry.register_baseline(model=estimator, model_name="lead_scoring")
    created = versions(platform)[0]
    assert created["run_id"] == entry.run_id
    assert created["source"] == f"runs:/{entry.run_id}/model"
    uploaded = [call["path"] for call in platform.calls("PUT", "*/mlflow-artifacts/artifacts/*")]
    assert any(path.endswith(f"{entry.run_id}/artifacts/model/MLmodel") for path in uploaded)


def test_the_run_of_a_registration_ends_finished_and_holds_the_metrics(
    registry: ModelRegistry, platform: Sandbox, estimator: Any
) -> None:
    registry.register_baseline(model=estimator, model_name="lead_scoring", metrics={"auc": 0.8})
    ended = json.loads(platform.calls("POST", "*/runs/update")[0]["body"])
    logged = json.loads(platform.calls("POST", "*/runs/log-batch")[0]["body"])
    assert ended["status"] == "FINISHED"
    assert [(metric["key"], metric["value"]) for metric in logged["metrics"]] == [("auc", 0.8)]


def test_the_tags_that_the_platform_reads(registry: ModelRegistry, platform: Sandbox) -> None:
    entry = registry.register_baseline(
        model=Doubler(model_id="doubler-1", version="2.3.4"), model_name="doubler", metadata={"team": "blue"}
    )
    written = tags(versions(platform)[0])
    assert written["model_id"] == entry.model_id == "doubler-1"
    assert written["version"] == entry.version == "2.3.4"
    assert written["is_baseline"] == "true"
    assert json.loads(written["metrics"]) == entry.metrics == {"accuracy": 0.9}
    assert json.loads(written["metadata"]) == {"team": "blue"}


def test_metadata_version_beats_the_models_own(registry: ModelRegistry) -> None:
    entry = registry.register_baseline(Doubler(version="2.0.0"), model_name="d", metadata={"version": "3.1.0"})
    assert entry.version == "3.1.0"


def test_without_a_version_the_next_minor_is_taken(registry: ModelRegistry, estimator: Any) -> None:
    registry.register_baseline(estimator, model_name="m", metadata={"version": "1.9.7"})
    assert registry.register_baseline(estimator, model_name="m").version == "1.10.0"


def test_a_version_that_is_taken_gives_way_to_the_next(registry: ModelRegistry, estimator: Any) -> None:
    registry.register_baseline(estimator, model_name="m", metadata={"version": "1.0.0"})
    assert registry.register_baseline(estimator, model_name="m", metadata={"version": "1.0.0"}).version == "1.1.0"


def test_of_equal_versions_made_at_once_the_later_number_moves_on(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hokusai.core import _registration

    real, calls = _registration.read_versions, []

    def read(client: Any, name: str) -> Any:
        calls.append(name)
        return [] if len(calls) == 1 else real(client, name)  # as if the other had not been there yet

    registry.register_baseline(estimator, model_name="m")
    monkeypatch.setattr(_registration, "read_versions", read)
    assert registry.register_baseline(estimator, model_name="m").version == "1.1.0"


def test_threads_that_register_at_once_get_versions_of_their_own(registry: ModelRegistry) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from hokusai import ModelVersionManager

    with ThreadPoolExecutor(6) as pool:
        entries = list(pool.map(lambda _: registry.register_baseline(len, model_name="m"), range(6)))
    given = {entry.version for entry in entries}
    assert len(given) == 6
    assert set(ModelVersionManager(registry).list_versions("m")) == given


def test_a_run_that_has_a_model_is_registered_by_its_id(registry: ModelRegistry, estimator: Any) -> None:
    logged = registry.register_baseline(estimator, model_name="first")
    entry = registry.register_baseline(model_name="second", mlflow_run_id=logged.run_id)
    assert entry.run_id == logged.run_id


@pytest.mark.parametrize("form", ["runs:/{run}/model", "models:/first/1", "models:/first/1.0.0"])
def test_a_uri_is_registered_with_its_run(
    registry: ModelRegistry, platform: Sandbox, estimator: Any, form: str
) -> None:
    logged = registry.register_baseline(estimator, model_name="first")
    registry.register_baseline(form.format(run=logged.run_id), model_name="second")
    created = versions(platform)[-1]
    assert (created["run_id"], created["source"]) == (logged.run_id, f"runs:/{logged.run_id}/model")


def test_a_model_is_logged_to_the_run_that_was_given(
    registry: ModelRegistry, platform: Sandbox, estimator: Any
) -> None:
    run = registry.register_baseline(estimator, model_name="first").run_id
    entry = registry.register_baseline(estimator, model_name="second", mlflow_run_id=run)
    assert entry.run_id == run
    assert len(platform.calls("POST", "*/runs/create")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"model": abs}, "model_name"),
        ({"model": abs, "model_name": ""}, "model_name"),
        ({"model": abs, "model_name": "a/b"}, "model_name"),
        ({"model": abs, "model_name": "a", "model_type": "b"}, "model_type='b'"),
        ({"model_name": "a"}, "mlflow_run_id"),
        ({"model": 7, "model_name": "a"}, "int"),
        ({"model": Doubler, "model_name": "a"}, "instance"),
        ({"model": "s3://bucket/model", "model_name": "a"}, "runs:/"),
        ({"model": abs, "model_name": "a", "metrics": {"auc": "high"}}, "auc"),
        ({"model": abs, "model_name": "a", "metrics": {"auc": float("nan")}}, "auc"),
        ({"model": abs, "model_name": "a", "metadata": {"x": object()}}, "metadata"),
        ({"model": abs, "model_name": "a", "metadata": {"x": "y" * 6000}}, "metadata"),
        ({"model": abs, "model_name": "a", "metadata": {"version": "1.0"}}, "metadata"),
        ({"model": Doubler(version="latest"), "model_name": "a"}, "model.version"),
    ],
)
def test_bad_input_is_named_before_anything_is_created(
    registry: ModelRegistry, platform: Sandbox, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        registry.register_baseline(**arguments)
    assert platform.calls("POST") == []


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), "10", None, True])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(platform: Sandbox, timeout: Any) -> None:
    with pytest.raises(InvalidParameterError, match="timeout"):
        ModelRegistry(timeout=timeout)
    assert platform.calls() == []


def test_a_model_that_cannot_be_pickled_leaves_nothing_behind(registry: ModelRegistry, platform: Sandbox) -> None:
    model = Doubler()
    model.generator = (number for number in range(3))  # type: ignore[attr-defined]
    with pytest.raises(RegistryException, match="Doubler"):
        registry.register_baseline(model, model_name="a")
    assert platform.calls("POST") == []


def test_a_run_without_a_model_is_refused_before_anything_is_created(
    registry: ModelRegistry, platform: Sandbox
) -> None:
    from hokusai import ExperimentManager

    with ExperimentManager(registry).start_experiment("empty") as run:
        pass
    with pytest.raises(InvalidParameterError, match="no logged model"):
        registry.register_baseline(model_name="a", mlflow_run_id=run.info.run_id)
    assert platform.calls("POST", "*/registered-models/create") == []


def test_an_unknown_run_is_refused_with_e04(registry: ModelRegistry) -> None:
    with pytest.raises(RegistryException) as caught:
        registry.register_baseline(model_name="a", mlflow_run_id="0" * 32)
    assert (caught.value.code, caught.value.status_code) == ("E04", 404)


def test_an_entry_names_its_fields_when_asked_for_another(registry: ModelRegistry, estimator: Any) -> None:
    entry = registry.register_baseline(estimator, model_name="m")
    assert dict(entry)["version"] == "1.0.0"
    with pytest.raises(KeyError, match="mlflow_version"):
        entry["mlflow_versoin"]


def test_nothing_is_written_to_stdout(
    registry: ModelRegistry, estimator: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    from hokusai import ExperimentManager

    registry.register_baseline(estimator, model_name="m")
    with ExperimentManager(registry).start_experiment("quiet"):
        pass
    assert capfd.readouterr().out == ""


def test_a_key_that_may_not_write_is_named_by_the_refusal_and_not_by_the_look_that_follows(
    platform: Sandbox, estimator: Any
) -> None:
    platform.scenario("auth.read_only_scope")

    with pytest.raises(MLflowAuthenticationError) as caught:
        ModelRegistry().register_baseline(model=estimator, model_type="scoring")
    assert (caught.value.code, caught.value.status_code) == ("A06", 403)
