from __future__ import annotations

from typing import Any

import pytest

from hokusai import HokusaiInferencePipeline, ModelRegistry, ModelVersionManager
from hokusai.core.models import ClassificationModel, CustomModel, ModelFactory, ModelType, RegressionModel
from hokusai.exceptions import (
    HokusaiFallbackWarning,
    InvalidParameterError,
    MethodNotImplementedError,
    ModelNotFoundError,
    RegistryException,
    VersioningException,
)
from hokusai_mock import MockServer, Sandbox


def test_what_is_registered_is_read_back_as_it_was(registry: ModelRegistry, estimator: Any) -> None:
    made = registry.register_baseline(estimator, "m", metrics={"auc": 0.75})
    read = registry.get_model_by_id(made.model_id)
    for name in ("model_id", "model_type", "version", "is_baseline", "metrics", "timestamp", "mlflow_version"):
        assert read[name] == made[name], name
    assert read.created_at == made.timestamp
    assert registry.list_models_by_type("m") == [read]
    assert registry.get_latest_model("m") == read


def test_an_unknown_id_names_the_nearest(registry: ModelRegistry, estimator: Any) -> None:
    made = registry.register_baseline(estimator, "m")
    with pytest.raises(ModelNotFoundError, match=f"Did you mean '{made.model_id}'"):
        registry.get_model_by_id(made.model_id[:-1] + "x")


def test_an_id_of_the_fallback_is_told_from_one_of_the_server(
    registry: ModelRegistry, platform: Sandbox, estimator: Any
) -> None:
    fault = platform.fault(layer="edge", effect="status", match={"paths": ["@all"]}, **{"with": {"status": 503}})
    assert fault
    with pytest.warns(HokusaiFallbackWarning):
        kept = ModelRegistry().register_baseline(estimator, "m")
    platform.scenario("healthy")
    platform.reset()
    with pytest.raises(ModelNotFoundError, match="kept in the local store") as caught:
        registry.get_model_by_id(kept.model_id)
    assert "hokusai sync" in str(caught.value.remedy)


def test_of_several_versions_with_one_id_the_newest_is_meant(registry: ModelRegistry, estimator: Any) -> None:
    model = ModelFactory.create_model("custom", "same", "1.0.0", model=len)
    made = [registry.register_baseline(model, name) for name in ("a", "a", "b", "a")]
    assert {entry.model_id for entry in made} == {"same"}
    assert registry.get_model_by_id("same") == registry.list_models_by_type("a")[-1]


@pytest.mark.parametrize("wrong", ["", "  ", None, 7, "both ' and \""])
def test_an_id_that_can_be_none_is_refused(registry: ModelRegistry, wrong: Any) -> None:
    with pytest.raises(InvalidParameterError, match="model_id"):
        registry.get_model_by_id(wrong)


def test_an_improved_models_lineage_leads_from_its_baseline(registry: ModelRegistry, estimator: Any) -> None:
    first = registry.register_baseline(estimator, "m")
    second = registry.register_improved_model(estimator, first.model_id, {"accuracy": 0.25}, "0x" + "a" * 40)
    lineage = registry.get_model_lineage(second.model_id)
    assert [entry.model_id for entry in lineage] == [first.model_id, second.model_id]
    assert lineage["total_improvement"] == lineage.total_improvement == 0.25
    assert len(lineage) == 2
    assert [entry.model_id for entry in registry.get_model_lineage("m")] == [first.model_id, second.model_id]


def test_a_version_on_another_server_than_the_endpoints_is_never_deleted_there(
    platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform's own route deletes by name and number: on another server those belong to another version."""
    with MockServer(seed=12, profile="platform-2026-06") as server:
        elsewhere = server.sandbox()
        registry = ModelRegistry(elsewhere.tracking_uri, elsewhere.api_key, mode="online")
        backend = registry._backend
        with backend.calling("make a version"):
            run = backend.client.create_run("0").info.run_id
            backend.client.create_registered_model("m")
            backend.client.create_model_version("m", f"runs:/{run}/model", run)
        with pytest.raises(RegistryException) as caught:
            registry.delete_model_version("m/1")
        assert (caught.value.code, caught.value.status_code) == ("G07", 400)
        assert len(registry.list_models_by_type("m")) == 1
    assert platform.calls("DELETE") == []


def test_what_the_platforms_route_refuses_is_told(registry: ModelRegistry, platform: Sandbox, estimator: Any) -> None:
    made = registry.register_baseline(estimator, "m")
    platform.use_profile(platform="platform-2026-06")
    platform.fault(
        layer="edge",
        effect="status",
        match={"methods": ["DELETE"], "paths": ["/api/models/*"]},
        **{"with": {"status": 500, "json": {"detail": "Failed to delete model"}}},
    )
    with pytest.raises(RegistryException, match="Failed to delete model") as caught:
        registry.delete_model_version(made.model_id)
    assert (caught.value.code, caught.value.status_code) == ("G07", 500)
    assert caught.value.remedy


def test_a_rollback_is_seen_by_whoever_reads(registry: ModelRegistry, estimator: Any) -> None:
    manager = ModelVersionManager(registry)
    for version in ("1.0.0", "2.0.0"):
        manager.register_version(estimator, "m", version=version)
    assert manager.promote_model("m", "2.0.0")
    assert manager.rollback_to_version("m", "1.0.0")
    current = registry.get_latest_model("m")
    assert current is not None
    assert (current.version, current.tags["lifecycle_stage"]) == ("1.0.0", "Production")
    assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "m", "production") == pytest.approx([3.0])


def test_versions_of_unknown_models_are_versioning_exceptions(registry: ModelRegistry) -> None:
    manager = ModelVersionManager(registry)
    with pytest.raises(VersioningException, match="nothing") as caught:
        manager.deprecate_version("nothing", "1.0.0")
    assert isinstance(caught.value.__cause__, ModelNotFoundError)
    with pytest.raises(InvalidParameterError, match="version1"):
        manager.compare_versions("nothing", None, "1.0.0")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [ClassificationModel, RegressionModel])
def test_a_made_model_is_registered_and_predicts_by_what_it_carries(
    registry: ModelRegistry, estimator: Any, kind: type[ClassificationModel | RegressionModel]
) -> None:
    model = ModelFactory.create_model(kind.kind, "made-1", "1.2.0", model=estimator, metrics={"auc": 0.5})
    assert isinstance(model, kind)
    entry = registry.register_baseline(model, "made")
    assert (entry.model_id, entry.version, entry.metrics) == ("made-1", "1.2.0", {"auc": 0.5})
    assert HokusaiInferencePipeline(registry).predict_batch([[1, 2]], "made") == pytest.approx([3.0])


def test_a_custom_model_carries_a_function() -> None:
    model = ModelFactory.create_model(
        "custom", "double", "1.0.0", {"depth": 3}, model=lambda data: [2 * x for x in data]
    )
    assert isinstance(model, CustomModel)
    assert model.predict([1, 2]) == [2, 4]
    assert (model.model_type, model.config) == ("custom", {"depth": 3})


def test_probabilities_are_those_of_the_carried_model() -> None:
    class Carried:
        def predict_proba(self, data: list[int]) -> list[list[float]]:
            return [[0.25, 0.75] for _ in data]

    model = ClassificationModel("c", "1.0.0", model=Carried())
    assert model.predict_proba([1]) == [[0.25, 0.75]]
    with pytest.raises(MethodNotImplementedError, match="predict"):
        model.predict([1])


def test_a_misspelt_kind_names_the_nearest() -> None:
    with pytest.raises(InvalidParameterError, match="Did you mean 'regression'"):
        ModelFactory.create_model("Regresion", "a", "1.0.0")
    assert isinstance(ModelFactory.create_model(ModelType.CUSTOM, "a", "1.0.0"), CustomModel)
