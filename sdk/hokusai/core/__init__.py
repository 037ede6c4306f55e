"""The registry, its versions, predictions and model classes: the documented names, loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.core.ab_testing import ABTestConfig, ABTestException, ABTestResult, ModelTrafficRouter, TrafficSplit
    from hokusai.core.inference import (
        BatchProcessor,
        CacheConfig,
        HokusaiInferencePipeline,
        InferenceException,
        InferenceRequest,
        InferenceResponse,
    )
    from hokusai.core.models import (
        ClassificationModel,
        CustomModel,
        HokusaiModel,
        ModelFactory,
        ModelType,
        RegressionModel,
    )
    from hokusai.core.registry import (
        ModelLineage,
        ModelRegistry,
        ModelRegistryEntry,
        RegistryException,
        TokenizedModel,
    )
    from hokusai.core.versioning import ModelVersionManager, Version, VersionComparisonResult, VersioningException

__all__ = [
    "ABTestConfig",
    "ABTestException",
    "ABTestResult",
    "BatchProcessor",
    "CacheConfig",
    "ClassificationModel",
    "CustomModel",
    "HokusaiInferencePipeline",
    "HokusaiModel",
    "InferenceException",
    "InferenceRequest",
    "InferenceResponse",
    "ModelFactory",
    "ModelLineage",
    "ModelRegistry",
    "ModelRegistryEntry",
    "ModelTrafficRouter",
    "ModelType",
    "ModelVersionManager",
    "RegistryException",
    "RegressionModel",
    "TokenizedModel",
    "TrafficSplit",
    "Version",
    "VersionComparisonResult",
    "VersioningException",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ABTestConfig": "hokusai.core.ab_testing",
        "ABTestException": "hokusai.core.ab_testing",
        "ABTestResult": "hokusai.core.ab_testing",
        "BatchProcessor": "hokusai.core.inference",
        "CacheConfig": "hokusai.core.inference",
        "ClassificationModel": "hokusai.core.models",
        "CustomModel": "hokusai.core.models",
        "HokusaiInferencePipeline": "hokusai.core.inference",
        "HokusaiModel": "hokusai.core.models",
        "InferenceException": "hokusai.core.inference",
        "InferenceRequest": "hokusai.core.inference",
        "InferenceResponse": "hokusai.core.inference",
        "ModelFactory": "hokusai.core.models",
        "ModelLineage": "hokusai.core.registry",
        "ModelRegistry": "hokusai.core.registry",
        "ModelRegistryEntry": "hokusai.core.registry",
        "ModelTrafficRouter": "hokusai.core.ab_testing",
        "ModelType": "hokusai.core.models",
        "ModelVersionManager": "hokusai.core.versioning",
        "RegistryException": "hokusai.core.registry",
        "RegressionModel": "hokusai.core.models",
        "TokenizedModel": "hokusai.core.registry",
        "TrafficSplit": "hokusai.core.ab_testing",
        "Version": "hokusai.core.versioning",
        "VersionComparisonResult": "hokusai.core.versioning",
        "VersioningException": "hokusai.core.versioning",
    },
)
