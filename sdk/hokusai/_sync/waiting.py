"""What a sync would upload, without uploading it: reads the local store only, and asks no server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hokusai._local_store import LocalStore
from hokusai._sync import artifacts
from hokusai._sync.kept import Kept, KeptRun, other_stores, read_kept, waiting_here
from hokusai._sync.registrations import open_elsewhere, open_for
from hokusai._sync.report import Elsewhere
from hokusai.config._resolver import local_store

__all__ = ["Item", "Waiting", "waiting"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits; `size` is that of its files in bytes."""

    kind: str
    name: str
    id: str
    size: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the server `target`, in the order in which it would be uploaded, and what waits for others."""

    target: str
    store: Path
    items: tuple[Item, ...]
    elsewhere: tuple[Elsewhere, ...]


def waiting(target: str) -> Waiting:
    """Read what waits for `target` in the local store of the MLflow in use."""
    store = LocalStore(local_store())
    kept = read_kept(store.client()) if waiting_here(store) else Kept()
    mine = kept.meant_for(target).waiting()
    items = [
        *(
            Item("registration", entry.name, entry.id, _registered_size(entry.model))
            for entry in open_for(store.root, target)
        ),
        *(Item("run", run.name, run.id, _size(run), _remark(run)) for run in mine.runs),
        *(
            Item("version", f"{version.name} {version.tags.get('version', '')}".strip(), str(version.number))
            for version in mine.versions
        ),
    ]
    elsewhere = (*kept.elsewhere(target), *open_elsewhere(store.root, target), *other_stores(store))
    return Waiting(target, store.folder, tuple(items), elsewhere)


def _registered_size(folder: Path | None) -> int | None:
    return None if folder is None else sum(file.stat().st_size for file in artifacts.files_below(folder))


def _size(run: KeptRun) -> int | None:
    folder = artifacts.folder_of(str(run.run.info.artifact_uri))
    return None if folder is None else sum(file.stat().st_size for file in artifacts.files_below(folder))


def _remark(run: KeptRun) -> str:
    if run.at_work:
        return "still running"
    return "was left running" if run.unfinished else ""
