"""A user's program as the type checker sees it; nothing here is ever run.

The documented names are loaded on first use, and yet an editor and `mypy --strict` know their types. Each line with
`type: ignore` is a mistake that the checker finds: a comment that is not needed is itself an error (strict).
"""

from __future__ import annotations

from typing import Any

from typing_extensions import assert_type

import hokusai
from hokusai import (
    ConfigurationError,
    ExperimentManager,
    HokusaiException,
    HokusaiInferencePipeline,
    MLflowAuthenticationError,
    ModelRegistry,
    ModelVersionManager,
    NotificationError,
    PerformanceTracker,
    get_mlflow_auth_status,
    setup,
)
from hokusai.core import ModelRegistryEntry, TokenizedModel


def registers(estimator: object) -> None:
    registry = ModelRegistry(tracking_uri="https://mlflow.example.com", timeout=10)
    assert_type(registry, ModelRegistry)
    entry = registry.register_baseline(model=estimator, model_name="lead_scoring", metrics={"auc": 0.81})
    assert_type(entry, ModelRegistryEntry)
    assert_type(entry.version, str)
    assert_type(entry.mlflow_version, str | None)
    registry.register_baseline(estimator, "lead_scoring", metadata={"team": "growth"})
    registry.register_baseline(model=estimator, name="lead_scoring")  # type: ignore[call-arg]
    registry.register_base(estimator)  # type: ignore[attr-defined]


def reads_and_predicts(registry: ModelRegistry) -> None:
    versions = ModelVersionManager(registry)
    assert_type(versions.list_versions("lead_scoring"), list[str])
    assert_type(versions.get_latest_version("lead_scoring"), str | None)
    versions.get_latest_version(1)  # type: ignore[arg-type]
    predictions = HokusaiInferencePipeline(registry).predict_batch([[0.2]], "lead_scoring")
    assert_type(predictions, list[Any])


def tokenizes(registry: ModelRegistry) -> str | None:
    try:
        model = registry.register_tokenized_model("runs:/1/model", "lead_scoring", "LSCOR", "accuracy", 0.85)
    except NotificationError as problem:
        model = registry.renotify(problem.result)
    assert_type(model, TokenizedModel)
    assert_type(model.event_emitted, bool | None)
    assert_type(registry.list_models_by_token("lscor"), list[TokenizedModel])
    assert_type(registry.get_latest_model("lead_scoring"), ModelRegistryEntry | None)
    assert_type([entry.version for entry in registry.get_model_lineage("lead_scoring")], list[str])
    registry.update_model_tags("lead_scoring", 3, {"team": "growth", "reviewed": 1})
    registry.register_tokenized_model("runs:/1/model", "lead_scoring", "LSCOR")  # type: ignore[call-arg]
    return model.notification_error


def tracks(registry: ModelRegistry) -> None:
    with ExperimentManager(registry=registry).start_experiment("improvements"):
        PerformanceTracker().track_inference({"model_id": "m", "model_version": "1.0.0", "latency_ms": 12.5})
    PerformanceTracker(registry)  # type: ignore[call-arg]


def compares(registry: ModelRegistry) -> None:
    manager, tracker = ExperimentManager(registry=registry), PerformanceTracker(registry=registry)
    found = manager.compare_models("fraud-1", "fraud-2", {"features": [[0.2]], "labels": [1]})
    assert_type(found, dict[str, Any])
    assert_type(manager.create_improvement_experiment("fraud-1", {"rows": 500}), str)
    assert_type(manager.get_experiment_history(), list[dict[str, Any]])
    delta, attestation = tracker.track_improvement({"accuracy": 0.85}, {"accuracy": 0.87}, {"contributor": "ann"})
    assert_type(delta, dict[str, float])
    assert_type(attestation, dict[str, Any])
    manager.compare_models("fraud-1", "fraud-2")  # type: ignore[call-arg]
    tracker.get_contributor_impact(7)  # type: ignore[arg-type]


def configures() -> None:
    setup(api_key="hk_test_admin", api_endpoint="https://registry.example.com/api")
    setup(key="hk_test_admin")  # type: ignore[call-arg]
    assert_type(get_mlflow_auth_status(), dict[str, Any])


def answers_errors(error: HokusaiException) -> str | None:
    if isinstance(error, MLflowAuthenticationError):
        assert_type(error.status_code, int | None)
    assert issubclass(ConfigurationError, HokusaiException)
    assert_type(hokusai.__version__, str)
    return error.remedy
