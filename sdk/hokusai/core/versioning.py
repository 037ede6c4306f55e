"""`ModelVersionManager`: the semantic versions of registered models. Reading and counting is in `_versions.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from hokusai.core._changes import STAGE_TAG, deprecate, make_current
from hokusai.core._comparison import VersionComparisonResult, compare
from hokusai.core._order import Order
from hokusai.core._reads import entry_of
from hokusai.core._registration import register
from hokusai.core._versions import FIRST, ModelVersion, Part, Version, check_name, find_version, read_versions
from hokusai.exceptions import InvalidParameterError, ModelNotFoundError, VersioningException

if TYPE_CHECKING:
    from hokusai.core._entry import ModelRegistryEntry
    from hokusai.core.registry import ModelRegistry

__all__ = ["ModelVersionManager", "Version", "VersionComparisonResult", "VersioningException"]

_ALIAS = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NUMBERED = re.compile(r"v\d+")
"""What MLflow refuses as an alias, because its URIs read it as a version."""


class ModelVersionManager:
    """Versions of the models in `registry`. Making one sends nothing."""

    def __init__(self, registry: ModelRegistry) -> None:
        """Manage the versions of the models in `registry`."""
        backend = getattr(registry, "_backend", None)
        if backend is None:
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        self.registry = registry
        self._backend = backend

    def get_latest_version(self, model_name: str) -> str | None:
        """Return the highest semantic version of a model, compared numerically, or None when it has none.

        Versions without a semantic version tag (tokenized ones, or made by other tools) are skipped, never fatal.

        Raises:
            MLflowAuthenticationError: the key was refused; it never looks like "no versions".
            MLflowConnectionError: the registry could not be read; neither does this.

        Source: ISSUE-3.
        """
        versions = _semantic_versions(self._backend, model_name)
        return str(versions[-1]) if versions else None

    def list_versions(self, model_name: str) -> list[str]:
        """Return the semantic versions of a model, ascending and compared numerically; `[]` when it has none.

        Versions without a semantic version tag are skipped, never fatal.

        Raises:
            MLflowAuthenticationError: the key was refused; it never looks like "no versions".
            MLflowConnectionError: the registry could not be read; neither does this.

        Source: ISSUE-3.
        """
        return [str(version) for version in _semantic_versions(self._backend, model_name)]

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
        if (version is None) == (auto_increment is None):
            raise VersioningException("Pass either version or auto_increment ('major', 'minor' or 'patch').")
        order = Order.checked(model_type, "model_type", model, metadata=metadata, metrics=metrics)
        if version is not None:
            order = replace(order, kind="version", version=_parsed(version), exact=True)
        else:
            order = replace(order, kind="version", version=None, part=_part(auto_increment))
        return register(self._backend, order, model)

    def get_version_history(self, model_type: str) -> list[ModelRegistryEntry]:
        """Return the versions that have a semantic version, ascending and compared numerically; `[]` without any.

        Raises as `get_latest_version` does.
        """
        return [entry_of(version) for version in self._history(model_type, "model_type")]

    def compare_versions(self, model_type: str, version1: str | int, version2: str | int) -> VersionComparisonResult:
        """Compare two versions by the metrics that both have: `version2` minus `version1`.

        Each is a semantic version, MLflow's number or an alias.

        Raises:
            VersioningException: one of them does not exist; the message names it.
        """
        name = check_name(model_type, "model_type")
        with self._reading(f"compare versions of {name!r}"):
            first, second = (
                entry_of(find_version(self._backend.client, name, _given(version, parameter), parameter))
                for version, parameter in ((version1, "version1"), (version2, "version2"))
            )
        return compare(first.version, first.metrics, second.version, second.metrics)

    def rollback_to_version(self, model_type: str, target_version: str | int) -> bool:
        """Put a version into use again, as `ModelRegistry.rollback_model` does, and return True.

        Raises:
            VersioningException: there is no such version.
        """
        name = check_name(model_type, "model_type")
        with self._reading(f"roll {name!r} back"):
            wanted = _given(target_version, "target_version")
            make_current(self._backend.client, find_version(self._backend.client, name, wanted, "target_version"))
        return True

    def promote_model(self, model_name: str, version: str | int, stage: str = "production") -> bool:
        """Point the alias `stage` (in lower case) at a version and return True; MLflow's own stages are never used.

        Raises:
            VersioningException: there is no such version.
            InvalidParameterError: `stage` cannot be an alias.
        """
        name, alias = check_name(model_name, "model_name"), _alias(stage)
        with self._reading(f"promote {name!r}"):
            found = find_version(self._backend.client, name, _given(version, "version"), "version")
            self._backend.client.set_registered_model_alias(name, alias, str(found.number))
            self._backend.client.set_model_version_tag(name, str(found.number), STAGE_TAG, stage)
        return True

    def deprecate_version(self, model_type: str, version: str | int) -> bool:
        """Mark a version as no longer to be used, by its tags `deprecated` (`true`) and `deprecated_at`; return True.

        Raises:
            VersioningException: there is no such version.
        """
        name = check_name(model_type, "model_type")
        with self._reading(f"deprecate a version of {name!r}"):
            deprecate(
                self._backend.client,
                find_version(self._backend.client, name, _given(version, "version"), "version"),
            )
        return True

    def get_latest_stable_version(self, model_type: str) -> str | None:
        """Return the highest semantic version with the tag `stable` (`true`) that is not deprecated, or None.

        Raises as `get_latest_version` does.
        """
        stable = [
            version
            for version in self._history(model_type, "model_type")
            if _is_true(version.tags.get("stable")) and not _is_true(version.tags.get("deprecated"))
        ]
        return str(stable[-1].semantic) if stable else None

    def get_previous_version(self, model_type: str, version: str | int) -> ModelRegistryEntry | None:
        """Return the entry of the next lower semantic version, or None for the lowest.

        Raises:
            VersioningException: `version` does not exist.
        """
        name = check_name(model_type, "model_type")
        with self._reading(f"find the version before {version} of {name!r}"):
            known = find_version(self._backend.client, name, _given(version, "version"), "version")
        if known.semantic is None:
            raise VersioningException(f"Version {known.number} of {name!r} has no semantic version, so none before it.")
        lower = [one for one in self._history(name, "model_type") if one.semantic and one.semantic < known.semantic]
        return entry_of(lower[-1]) if lower else None

    def _history(self, model_name: str, parameter: str) -> list[ModelVersion]:
        """Return the versions that have a semantic version, ascending; of equal ones the lower number last."""
        name = check_name(model_name, parameter)
        with self._reading(f"read the versions of {name!r}"):
            found = read_versions(self._backend.client, name)
        numbered = [version for version in found if version.semantic]
        return sorted(numbered, key=lambda version: (version.semantic or FIRST, -version.number))

    @contextmanager
    def _reading(self, action: str) -> Iterator[None]:
        """Run MLflow calls; a model or version that does not exist is a `VersioningException` here."""
        try:
            with self._backend.calling(action, VersioningException):
                yield
        except ModelNotFoundError as error:
            raise VersioningException(
                error.message, code=error.code, status_code=error.status_code, remedy=error.remedy, url=error.url
            ) from error


def _semantic_versions(backend: Any, model_name: str) -> list[Version]:
    """Return the distinct semantic versions of a model, ascending."""
    name = check_name(model_name, "model_name")
    with backend.calling(f"read the versions of {name!r}", VersioningException):
        found = read_versions(backend.client, name)
    return sorted({version.semantic for version in found if version.semantic})


def _given(version: object, parameter: str) -> object:
    """Return a version that was asked for; `None` would stand for the latest where one is to be named."""
    if version is None:
        raise InvalidParameterError(f"{parameter} must be a version, a number or an alias, not None.")
    return version


def _alias(stage: object) -> str:
    """Return a stage as MLflow's alias, or raise `InvalidParameterError`."""
    if not isinstance(stage, str) or not _ALIAS.fullmatch(stage):
        raise InvalidParameterError(f"stage must be a word of letters, digits, _ and -, not {stage!r}.")
    alias = stage.lower()
    if alias == "latest" or alias.isdecimal() or _NUMBERED.fullmatch(alias):
        raise InvalidParameterError(f"stage={stage!r} reads as a version, which no alias may.")
    return alias


def _is_true(tag: str | None) -> bool:
    return (tag or "").strip().lower() == "true"


def _parsed(version: object) -> Version:
    parsed = Version.parse(version)
    if parsed is None:
        raise InvalidParameterError(f"version must be a semantic version such as '1.2.0', not {version!r}.")
    return parsed


def _part(auto_increment: object) -> Part:
    for part in get_args(Part):
        if auto_increment == part:
            return part  # type: ignore[no-any-return]
    raise InvalidParameterError(f"auto_increment must be 'major', 'minor' or 'patch', not {auto_increment!r}.")
