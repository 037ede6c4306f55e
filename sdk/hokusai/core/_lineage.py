"""`ModelLineage`: how a model came to be what it is, version by version, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hokusai._backend import Backend
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._keyed import Keyed
from hokusai.core._reads import by_id, entry_of, model_id_of
from hokusai.core._versions import ModelVersion, read_versions
from hokusai.exceptions import ModelNotFoundError

__all__ = ["ModelLineage", "lineage_of"]


@dataclass(frozen=True, slots=True)
class ModelLineage(Keyed):
    """The versions that led to a model, oldest first: iterate over it, or take `entries`.

    `total_improvement` is the sum of the delta metrics whose name holds "improvement"; where no delta of the lineage
    has such a name, the sum of all of them.
    """

    model_id: str
    entries: tuple[ModelRegistryEntry, ...]
    total_improvement: float

    def __iter__(self) -> Iterator[ModelRegistryEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def lineage_of(backend: Backend, model_id: str) -> ModelLineage:
    """Return the lineage of a model id (its baselines, then itself) or of a registered model (all its versions)."""
    with backend.calling(f"read the lineage of {model_id!r}"):
        versions = _versions(backend.client, model_id)
    entries = tuple(entry_of(version) for version in versions)
    return ModelLineage(model_id, entries, _total(entries))


def _versions(client: Any, wanted: str) -> list[ModelVersion]:
    try:
        return _ancestry(client, by_id(client, wanted))
    except ModelNotFoundError:
        found = read_versions(client, wanted) if not {"/", ":"} & set(wanted) else []
        if not found:
            raise
        return found


def _ancestry(client: Any, version: ModelVersion) -> list[ModelVersion]:
    """Follow the tag `baseline_id` back as far as its models still exist."""
    known = {model_id_of(other): other for other in read_versions(client, version.name)}
    chain = [version]
    seen = {model_id_of(version)}
    while (earlier := chain[0].tags.get("baseline_id")) and earlier not in seen:
        seen.add(earlier)
        try:
            chain.insert(0, known.get(earlier) or by_id(client, earlier))
        except ModelNotFoundError:
            break
    return chain


def _total(entries: tuple[ModelRegistryEntry, ...]) -> float:
    deltas = [item for entry in entries for item in (entry.delta_metrics or {}).items()]
    named = [value for name, value in deltas if "improvement" in name.lower()]
    return round(sum(named or [value for _, value in deltas]), 10)
