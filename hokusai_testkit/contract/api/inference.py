"""Predictions from registered models: `HokusaiInferencePipeline`."""

from __future__ import annotations

from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry, OwnModelVersionManager

__all__ = [
    "HokusaiInferencePipeline",
    "HokusaiInferencePipelineClass",
]


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
        registry: OwnModelRegistry,
        version_manager: OwnModelVersionManager | None = None,
        traffic_router: Any = None,
        cache_config: Any = None,
        max_models_in_memory: int = 10,
    ) -> HokusaiInferencePipeline:
        """Predict with the models of `registry`, keeping at most `max_models_in_memory` of them loaded."""
