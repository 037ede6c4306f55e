"""Semantic versions of registered models: `ModelVersionManager`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry
from hokusai_testkit.contract.api.results import ModelRegistryEntry, VersionComparisonResult

__all__ = [
    "ModelVersionManager",
    "ModelVersionManagerClass",
]


class ModelVersionManager(Protocol):
    """Semantic versions of registered models. Documented import: `from hokusai import ModelVersionManager`."""

    def get_latest_version(self, model_name: str) -> str | None:
        """Return the highest semantic version of a model, compared numerically, or None when it has none.

        Versions without a semantic version tag (tokenized ones, or made by other tools) are skipped, never fatal.

        Raises:
            MLflowAuthenticationError: the key was refused; it never looks like "no versions".
            MLflowConnectionError: the registry could not be read; neither does this.

        Source: ISSUE-3.
        """

    def list_versions(self, model_name: str) -> list[str]:
        """Return the semantic versions of a model, ascending and compared numerically; `[]` when it has none.

        Versions without a semantic version tag are skipped, never fatal.

        Raises:
            MLflowAuthenticationError: the key was refused; it never looks like "no versions".
            MLflowConnectionError: the registry could not be read; neither does this.

        Source: ISSUE-3.
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

        Raises:
            VersioningException: neither or both of `version` and `auto_increment`, or a version that exists.
            InvalidParameterError: a malformed version, an unknown `auto_increment`, what `register_baseline` refuses.
            MLflowAuthenticationError: 401 or 403; `code` says why.
            MLflowConnectionError: the server cannot be reached or fails.
        """

    def get_version_history(self, model_type: str) -> Sequence[ModelRegistryEntry]:
        """Return the versions that have a semantic version, ascending and compared numerically; `[]` without any.

        Raises as `get_latest_version` does.
        """

    def compare_versions(self, model_type: str, version1: str | int, version2: str | int) -> VersionComparisonResult:
        """Compare two versions by the metrics that both have: `version2` minus `version1`.

        Each is a semantic version, MLflow's number or an alias.

        Raises:
            VersioningException: one of them does not exist; the message names it.
        """

    def rollback_to_version(self, model_type: str, target_version: str | int) -> bool:
        """Put a version into use again, as `ModelRegistry.rollback_model` does, and return True.

        Raises:
            VersioningException: there is no such version.
        """

    def promote_model(self, model_name: str, version: str | int, stage: str = "production") -> bool:
        """Point the alias `stage` (in lower case) at a version and return True; MLflow's own stages are never used.

        Raises:
            VersioningException: there is no such version.
            InvalidParameterError: `stage` cannot be an alias.
        """

    def deprecate_version(self, model_type: str, version: str | int) -> bool:
        """Mark a version as no longer to be used, by its tags `deprecated` (`true`) and `deprecated_at`; return True.

        Raises:
            VersioningException: there is no such version.
        """

    def get_latest_stable_version(self, model_type: str) -> str | None:
        """Return the highest semantic version with the tag `stable` (`true`) that is not deprecated, or None.

        Raises as `get_latest_version` does.
        """

    def get_previous_version(self, model_type: str, version: str | int) -> ModelRegistryEntry | None:
        """Return the entry of the next lower semantic version, or None for the lowest.

        Raises:
            VersioningException: `version` does not exist.
        """


class ModelVersionManagerClass(Protocol):
    """The class `ModelVersionManager` itself."""

    def __call__(self, registry: OwnModelRegistry) -> ModelVersionManager:
        """Manage the versions of the models in `registry`."""
