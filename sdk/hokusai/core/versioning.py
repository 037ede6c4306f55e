"""`ModelVersionManager`: the semantic versions of registered models. Reading and counting is in `_versions.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from hokusai.core._registration import Order, register
from hokusai.core._versions import Part, Version, check_name, read_versions
from hokusai.exceptions import InvalidParameterError, VersioningException

if TYPE_CHECKING:
    from hokusai.core._entry import ModelRegistryEntry
    from hokusai.core.registry import ModelRegistry

__all__ = ["ModelVersionManager", "Version", "VersioningException"]


class ModelVersionManager:
    """Versions of the models in `registry`. Making one sends nothing."""

    def __init__(self, registry: ModelRegistry) -> None:
        """Use the registry's connection; `InvalidParameterError` for anything that is no registry."""
        backend = getattr(registry, "_backend", None)
        if backend is None:
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        self.registry = registry
        self._backend = backend

    def get_latest_version(self, model_name: str) -> str | None:
        """Return the highest semantic version of `model_name`, compared numerically; `None` when it has none.

        Raises:
            MLflowAuthenticationError, MLflowConnectionError: the registry could not be read; never `None` for that.
        """
        versions = _semantic_versions(self._backend, model_name)
        return str(versions[-1]) if versions else None

    def list_versions(self, model_name: str) -> list[str]:
        """Return the semantic versions of `model_name`, ascending; `[]` when it has none.

        Versions without a semantic version (tokenized ones, or made by other tools) are left out.

        Raises:
            MLflowAuthenticationError, MLflowConnectionError: the registry could not be read; never `[]` for that.
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
        """Register `model` as the given `version`, or as the next one by `auto_increment` (major, minor or patch).

        The first version of a model is 1.0.0 with any `auto_increment`.

        Raises:
            VersioningException: neither or both of `version` and `auto_increment`, or a version that exists.
            InvalidParameterError: a malformed version, an unknown `auto_increment`, what `register_baseline` refuses.
        """
        if (version is None) == (auto_increment is None):
            raise VersioningException("Pass either version or auto_increment ('major', 'minor' or 'patch').")
        order = Order.checked(model_type, "model_type", model, metadata=metadata, metrics=metrics)
        if version is not None:
            order = replace(order, version=_parsed(version), exact=True)
        else:
            order = replace(order, version=None, part=_part(auto_increment))
        return register(self._backend, order)


def _semantic_versions(backend: Any, model_name: str) -> list[Version]:
    """Return the distinct semantic versions of a model, ascending."""
    name = check_name(model_name, "model_name")
    with backend.calling(f"read the versions of {name!r}", VersioningException):
        found = read_versions(backend.client, name)
    return sorted({version.semantic for version in found if version.semantic})


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
