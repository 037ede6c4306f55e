"""Calls of the Hokusai SDK, by the names of its documents."""

# ruff: noqa: PLC0415

from __future__ import annotations

from typing import Any

from calls_mlflow import model


def _experiment_manager() -> Any:
    from hokusai import ExperimentManager

    return ExperimentManager()


def _start_experiment() -> Any:
    from hokusai import ExperimentManager

    with ExperimentManager().start_experiment("scenario") as run:
        return run


def registry() -> Any:
    from hokusai import ModelRegistry

    return ModelRegistry()


def _versions() -> Any:
    from hokusai import ModelVersionManager

    return ModelVersionManager(registry())


def _predict_batch() -> Any:
    from hokusai import HokusaiInferencePipeline

    return HokusaiInferencePipeline(registry()).predict_batch([[1.0]], "scenario", "1.0.0")


def _track_inference() -> Any:
    from hokusai import PerformanceTracker

    tracker = PerformanceTracker()
    tracker.track_inference({"model_id": "m", "model_version": "1.0.0", "latency_ms": 1.0})
    return tracker.flush()


CALLS = {
    ("hokusai", "ExperimentManager()"): _experiment_manager,
    ("hokusai", "ExperimentManager.start_experiment(name)"): _start_experiment,
    ("hokusai", "HokusaiInferencePipeline.predict_batch(data, model_name, model_version)"): _predict_batch,
    ("hokusai", "ModelRegistry()"): registry,
    ("hokusai", "ModelRegistry.register_baseline(model=, model_type=)"): lambda: registry().register_baseline(
        model=model(), model_type="scenario"
    ),
    ("hokusai", "ModelRegistry.register_baseline(model_name=)"): lambda: registry().register_baseline(
        model=model(), model_name="scenario"
    ),
    ("hokusai", "ModelVersionManager.get_latest_version(model_name)"): lambda: _versions().get_latest_version("any"),
    ("hokusai", "ModelVersionManager.list_versions(model_name)"): lambda: _versions().list_versions("any"),
    ("hokusai", "PerformanceTracker.track_inference(metrics)"): _track_inference,
}
