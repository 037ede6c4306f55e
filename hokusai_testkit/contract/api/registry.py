"""Registering models, and what is registered: `ModelRegistry` and its entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from typing_extensions import overload

__all__ = [
    "ModelRegistry",
    "ModelRegistryClass",
    "ModelRegistryEntry",
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
