"""Types of parameters that take an object of the implementation itself, for instance its own registry.

No implementation can take the registry of another one, so for a type checker these are `Any`; the name says to people,
and to the API reference, which class is meant.
"""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = [
    "OwnABTestConfig",
    "OwnCacheConfig",
    "OwnInferenceRequest",
    "OwnModelRegistry",
    "OwnModelTrafficRouter",
    "OwnModelVersionManager",
    "OwnTokenizedModel",
]

OwnModelRegistry: TypeAlias = Any
"""A `ModelRegistry` of the same implementation."""

OwnModelVersionManager: TypeAlias = Any
"""A `ModelVersionManager` of the same implementation."""

OwnTokenizedModel: TypeAlias = Any
"""A result of `register_tokenized_model` of the same implementation."""

OwnABTestConfig: TypeAlias = Any
"""An `ABTestConfig` of the same implementation."""

OwnCacheConfig: TypeAlias = Any
"""A `CacheConfig` of the same implementation."""

OwnInferenceRequest: TypeAlias = Any
"""An `InferenceRequest` of the same implementation."""

OwnModelTrafficRouter: TypeAlias = Any
"""A `ModelTrafficRouter` of the same implementation."""
