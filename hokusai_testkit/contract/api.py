"""Hokusai's public Python API as Protocols: what every implementation promises, and nothing about how.

This is the one source: the contract suite tests implementations against it and the API reference is made from it.
Where a method is documented in more than one call style, each style is an overload; a style allows exactly the calls
that its signature allows, by position and by name. `<Name>Class` is the class itself, called: its signature is the
constructor's.

Lives here: signatures and promises. Not here: how they are tested (`cases/`), which reported issue names which method
(`promises`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from typing_extensions import overload

__all__ = [
    "ExperimentManager",
    "ExperimentManagerClass",
    "HokusaiInferencePipeline",
    "HokusaiInferencePipelineClass",
    "ModelRegistry",
    "ModelRegistryClass",
    "ModelRegistryEntry",
    "ModelVersionManager",
    "ModelVersionManagerClass",
    "PerformanceTracker",
    "PerformanceTrackerClass",
]

Mode = Literal["online", "local"]


class ModelRegistryEntry(Protocol):
    """One registered version, as registering returns it.

    Every field answers both as an attribute and as a key: `entry.model_id` and `entry["model_id"]`.
    """

    @property
    def model_id(self) -> str:
        """Identifies this version among all versions of all models."""

    @property
    def version(self) -> str:
        """The semantic version, such as `1.10.0`."""

    @property
    def mlflow_version(self) -> str | None:
        """MLflow's number of the version, always a string; None for what exists in a local fallback only."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics that were given when it was registered, by name."""

    def __getitem__(self, field: str, /) -> Any:
        """Return the field `field`; a KeyError when there is none of that name."""


class ModelRegistry(Protocol):
    """Registers models with the platform. Documented import: `from hokusai import ModelRegistry`."""

    @overload
    def register_baseline(
        self,
        model: Any,
        model_type: str,
        model_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        model: Any,
        *,
        model_name: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        *,
        model_name: str,
        mlflow_run_id: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelRegistryEntry: ...
    @overload
    def register_baseline(
        self,
        *,
        model_type: str,
        mlflow_run_id: str,
        metadata: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelRegistryEntry: ...
    def register_baseline(
        self,
        model: Any = None,
        model_type: str | None = None,
        model_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry:
        """Log a model's artifact, register it as a new version, and return that version.

        `model` is a `HokusaiModel`, any object that MLflow can log (a scikit-learn estimator, a
        `mlflow.pyfunc.PythonModel`, a callable), or a `runs:/` or `models:/` URI; without it `mlflow_run_id` names the
        run that already holds the artifact. `model_type` and `model_name` are two names for the registered model.

        The artifact is really logged and the version points at it with its run id, so that servers with the strict
        source rule accept it (MLflow 3.17 and newer) and `predict_batch` can load it. The semantic version is
        `metadata["version"]`, else `model.version`, else the next minor after the highest, first `1.0.0`; it is written
        as the version's tag `version`.

        Raises `InvalidParameterError`, before anything is created: no name; neither `model` nor `mlflow_run_id`;
        `model_type` and `model_name` given with different values. Raises `MLflowAuthenticationError` (401, 403) and
        `MLflowConnectionError` with `code`, `status_code` and `remedy`. Source: ISSUE-2.
        """


class ModelRegistryClass(Protocol):
    """The class `ModelRegistry` itself."""

    def __call__(
        self,
        tracking_uri: str | None = None,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        auth: Any = None,
        *,
        timeout: float = 30.0,
        mode: Mode | None = None,
    ) -> ModelRegistry:
        """Connect to a registry.

        What is not given comes from `setup()`, then the environment (`HOKUSAI_API_KEY`, `HOKUSAI_API_ENDPOINT`,
        `MLFLOW_TRACKING_URI`), then a configuration file, then the documented default. One key is enough for
        everything. `timeout` is in seconds and bounds the SDK's own HTTP calls. `mode="online"` never falls back,
        `mode="local"` needs neither network nor key, None goes by the environment.

        Raises `ConfigurationError` code A01 before any request when a Hokusai tracking URI has no key. Never hangs:
        a connection check is bounded (10 s in all).
        """


class ModelVersionManager(Protocol):
    """Semantic versions of registered models. Documented import: `from hokusai import ModelVersionManager`."""

    def get_latest_version(self, model_name: str) -> str | None:
        """Return the highest semantic version of a model, compared numerically, or None when it has none.

        Versions without a semantic version tag are skipped, never fatal. An outage raises `MLflowConnectionError` and a
        refused key `MLflowAuthenticationError`: neither ever looks like "no versions". Source: ISSUE-3.
        """

    def list_versions(self, model_name: str) -> list[str]:
        """Return the semantic versions of a model, ascending and compared numerically; `[]` when it has none.

        Skips and raises as `get_latest_version` does. Source: ISSUE-3.
        """

    def register_version(
        self,
        model: Any,
        model_type: str,
        version: str | None = None,
        auto_increment: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
    ) -> ModelRegistryEntry:
        """Register `model` as the semantic `version` of `model_type`, or as the next one by `auto_increment`.

        `auto_increment` is `"major"`, `"minor"` or `"patch"`, counted from the highest version; the first ever is
        `1.0.0`. Otherwise as `ModelRegistry.register_baseline`.
        """


class ModelVersionManagerClass(Protocol):
    """The class `ModelVersionManager` itself."""

    def __call__(self, registry: ModelRegistry) -> ModelVersionManager:
        """Manage the versions of the models in `registry`."""


class HokusaiInferencePipeline(Protocol):
    """Predictions from registered models. Documented import: `from hokusai import HokusaiInferencePipeline`."""

    def predict_batch(self, data: Any, model_name: str, model_version: str | None = None) -> list[Any]:
        """Predict with a registered model; return one prediction for each row of `data`, in the order of the rows.

        `data` holds N rows: a list of rows, a numpy array of shape (N, features), a pandas DataFrame, or a dict of
        columns of N values. `model_version` is a semantic version, an MLflow number or an alias; the latest by default.
        The answer is a list of N Python numbers, strings or lists, from the registered model itself; asking again gives
        the same shape. Works inside a running event loop. Loads from the configured registry only, never from a URI.

        Raises `ModelNotFoundError` for a model or version that does not exist. Source: ISSUE-4.
        """


class HokusaiInferencePipelineClass(Protocol):
    """The class `HokusaiInferencePipeline` itself."""

    def __call__(
        self,
        registry: ModelRegistry,
        version_manager: ModelVersionManager | None = None,
        traffic_router: Any = None,
        cache_config: Any = None,
        max_models_in_memory: int = 10,
    ) -> HokusaiInferencePipeline:
        """Predict with the models of `registry`, keeping at most `max_models_in_memory` of them loaded."""


class ExperimentManager(Protocol):
    """Runs that record improvements. Documented import: `from hokusai.tracking import ExperimentManager`."""

    def start_experiment(self, experiment_name: str) -> AbstractContextManager[Any]:
        """Return a context manager that opens a run in the experiment `experiment_name`, made when it is missing.

        Inside the block the run is MLflow's active run (nested if there was one); afterwards it is ended and the former
        state is back. An exception of the block leaves it unchanged.

        Raises, here or already in the constructor, `MLflowAuthenticationError` with `status_code` 401 or 403, the
        incident's `code` (A03 a key that is not valid, A05 a key without the registry role) and a `remedy`;
        `ConfigurationError` code A01 before any request when there is no key. Source: ISSUE-1.
        """


class ExperimentManagerClass(Protocol):
    """The class `ExperimentManager` itself."""

    def __call__(
        self,
        experiment_name: str = "hokusai_model_improvements",
        mlflow_tracking_uri: str | None = None,
        registry: ModelRegistry | None = None,
    ) -> ExperimentManager:
        """Connect to the tracking server: one Hokusai key is enough. A registry as first argument is accepted too."""


class PerformanceTracker(Protocol):
    """Records what models do in use. Documented import: `from hokusai.tracking import PerformanceTracker`."""

    def track_inference(self, metrics: Mapping[str, Any]) -> None:
        """Record one inference in the experiment `hokusai_inference/<model_id>`.

        `metrics` has `model_id`, `model_version`, `latency_ms` (milliseconds) and any further numbers. One run per
        process and model version carries the tags `model_id` and `model_version`; metrics keep their own names. Calls
        are batched: under 0.1 ms for the caller. The caller's dict and active run are never touched.

        Raises `InvalidParameterError` that names the missing key. Source: ISSUE-5.
        """

    def flush(self) -> None:
        """Write what is still kept, and raise the first failure; afterwards the tracker's runs are FINISHED."""


class PerformanceTrackerClass(Protocol):
    """The class `PerformanceTracker` itself."""

    def __call__(self, *, registry: ModelRegistry | None = None) -> PerformanceTracker:
        """Record to the tracking server of `registry`, or to the configured one."""
