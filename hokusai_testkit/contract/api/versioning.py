"""Semantic versions of registered models: `ModelVersionManager`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry
from hokusai_testkit.contract.api.registry import ModelRegistryEntry

__all__ = [
    "ModelVersionManager",
    "ModelVersionManagerClass",
]


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

    def __call__(self, registry: OwnModelRegistry) -> ModelVersionManager:
        """Manage the versions of the models in `registry`."""
