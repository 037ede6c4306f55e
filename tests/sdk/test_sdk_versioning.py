# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

from typing import Any

import pytest

from hokusai import ModelRegistry, ModelVersionManager
from hokusai.exceptions import InvalidParameterError, MLflowConnectionError, VersioningException
from hokusai_mock import Sandbox


@pytest.fixture
def manager(registry: ModelRegistry) -> ModelVersionManager:
    return ModelVersionManager(registry)


def test_versions_are_ordered_by_number_not_by_letter(manager: ModelVersionManager, estimator: Any) -> None:
    for version in ("1.10.0", "1.2.0", "1.9.0"):
        manager.register_version(estimator, "m", version=version)
    assert manager.list_versions("m") == ["1.2.0", "1.9.0", "1.10.0"]
    assert manager.get_latest_version("m") == "1.10.0"


def test_an_unknown_model_has_no_versions(manager: ModelVersionManager) -> None:
    assert manager.list_versions("unknown") == []
    assert manager.get_latest_version("unknown") is None


def test_versions_of_other_tools_are_left_out(manager: ModelVersionManager, estimator: Any, platform: Sandbox) -> None:
    from mlflow.tracking import MlflowClient

    entry = manager.register_version(estimator, "m", version="1.0.0")
    client = MlflowClient(platform.tracking_uri, platform.tracking_uri)
    client.create_model_version("m", f"runs:/{entry.run_id}/model", entry.run_id, tags={"version": "latest"})
    assert manager.list_versions("m") == ["1.0.0"]


@pytest.mark.parametrize(("part", "following"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4")])
def test_auto_increment(manager: ModelVersionManager, estimator: Any, part: str, following: str) -> None:
    manager.register_version(estimator, "m", version="1.2.3")
    assert manager.register_version(estimator, "m", auto_increment=part).version == following


@pytest.mark.parametrize("part", ["major", "minor", "patch"])
def test_the_first_version_is_1_0_0(manager: ModelVersionManager, estimator: Any, part: str) -> None:
    assert manager.register_version(estimator, "m", auto_increment=part, metrics={"auc": 1}).version == "1.0.0"


def test_an_exact_version_that_exists_is_refused(manager: ModelVersionManager, estimator: Any) -> None:
    manager.register_version(estimator, "m", version="1.0.0")
    with pytest.raises(VersioningException, match=r"1\.0\.0"):
        manager.register_version(estimator, "m", version="1.0.0")
    assert manager.list_versions("m") == ["1.0.0"]


@pytest.mark.parametrize("arguments", [{}, {"version": "1.0.0", "auto_increment": "minor"}])
def test_version_and_auto_increment_exclude_each_other(
    manager: ModelVersionManager, estimator: Any, arguments: dict[str, str]
) -> None:
    with pytest.raises(VersioningException, match="auto_increment"):
        manager.register_version(estimator, "m", **arguments)


@pytest.mark.parametrize("arguments", [{"version": "1.0"}, {"version": "v1.0.0"}, {"auto_increment": "huge"}])
def test_malformed_versions_are_refused(
    manager: ModelVersionManager, estimator: Any, platform: Sandbox, arguments: dict[str, str]
) -> None:
    with pytest.raises(InvalidParameterError):
        manager.register_version(estimator, "m", **arguments)
    assert platform.calls("POST") == []


@pytest.mark.parametrize("method", ["list_versions", "get_latest_version"])
def test_an_outage_never_looks_like_no_versions(manager: ModelVersionManager, platform: Sandbox, method: str) -> None:
    platform.scenario("gateway.lb_error", status=503)
    with pytest.raises(MLflowConnectionError) as caught:
        getattr(manager, method)("m")
    assert (caught.value.code, caught.value.status_code) == ("C03", 503)


def test_names_with_quotes_are_found_again(manager: ModelVersionManager, estimator: Any) -> None:
    manager.register_version(estimator, "bob's model", version="1.0.0")
    assert manager.list_versions("bob's model") == ["1.0.0"]


def test_only_a_registry_is_taken() -> None:
    with pytest.raises(InvalidParameterError, match="ModelRegistry"):
        ModelVersionManager("registry")  # type: ignore[arg-type]
