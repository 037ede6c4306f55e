"""The registry, its versions, predictions and model classes: the documented names, loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.core.inference import HokusaiInferencePipeline, InferenceException
    from hokusai.core.models import HokusaiModel
    from hokusai.core.registry import ModelRegistry, ModelRegistryEntry, RegistryException
    from hokusai.core.versioning import ModelVersionManager, Version, VersioningException

__all__ = [
    "HokusaiInferencePipeline",
    "HokusaiModel",
    "InferenceException",
    "ModelRegistry",
    "ModelRegistryEntry",
    "ModelVersionManager",
    "RegistryException",
    "Version",
    "VersioningException",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "HokusaiInferencePipeline": "hokusai.core.inference",
        "HokusaiModel": "hokusai.core.models",
        "InferenceException": "hokusai.core.inference",
        "ModelRegistry": "hokusai.core.registry",
        "ModelRegistryEntry": "hokusai.core.registry",
        "ModelVersionManager": "hokusai.core.versioning",
        "RegistryException": "hokusai.core.registry",
        "Version": "hokusai.core.versioning",
        "VersioningException": "hokusai.core.versioning",
    },
)
