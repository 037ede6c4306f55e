"""What waits in the local store: runs and versions that a fallback kept, and what hangs on them. Reads only.

A run waits when it carries `hokusai.kept_for`, or lies below one that does (MLflow's own nested runs carry no mark of
ours); a version when it carries it, or is made of such a run. What a sync has uploaded carries `hokusai.sync.copy`.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hokusai._backend import same_platform
from hokusai._local_store import LocalStore
from hokusai._sync.report import Elsewhere

__all__ = [
    "COPY",
    "KEPT_BY",
    "KEPT_FOR",
    "ORIGIN",
    "UNTIL",
    "WISH",
    "Kept",
    "KeptRun",
    "KeptVersion",
    "other_stores",
    "own_tags",
    "read_kept",
    "waiting_here",
]

KEPT_FOR, KEPT_BY = "hokusai.kept_for", "hokusai.kept_by"
WISH = "hokusai.kept_version"
"""On a kept version: `asked` when its semantic version was asked for, else the part by which it was counted."""
ORIGIN = "hokusai.sync.origin"
"""On the server: `<store>/<id>` of the original."""
COPY, UNTIL = "hokusai.sync.copy", "hokusai.sync.until"
"""On the original: the id of its copy on the server, and (runs) the end time up to which it was copied."""

_PARENT = "mlflow.parentRunId"
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run of the local store that was meant for the server `kept_for`."""

    run: Any
    kept_for: str
    kept_by: str
    experiment: Any

    @property
    def id(self) -> str:
        """The run's id in the local store."""
        return str(self.run.info.run_id)

    @property
    def parent(self) -> str | None:
        """The id of the run that it is nested in."""
        found = self.run.data.tags.get(_PARENT)
        return str(found) if found else None

    @property
    def registration(self) -> str | None:
        """The id of the registration that it was made for."""
        found = self.run.data.tags.get("hokusai.registration_id")
        return str(found) if found else None

    @property
    def name(self) -> str:
        """What people call it: experiment and run name."""
        return f"{self.experiment.name}/{self.run.data.tags.get('mlflow.runName', self.id[:8])}"

    @property
    def copy(self) -> str | None:
        """The id of its copy on the server."""
        found = self.run.data.tags.get(COPY)
        return str(found) if found else None

    @property
    def unfinished(self) -> bool:
        """Whether it says that it is still running."""
        return self.run.info.status in ("RUNNING", "SCHEDULED")

    @property
    def waits(self) -> bool:
        """Whether it was never copied, or ended again since (a tracker's run goes on from batch to batch)."""
        return self.copy is None or self.run.data.tags.get(UNTIL) != str(self.run.info.end_time)

    @property
    def at_work(self) -> bool:
        """Whether the process that writes it may still be there."""
        return self.unfinished and _may_live(self.kept_by)


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version of the local registry that was meant for the server `kept_for`; `version` is MLflow's entity."""

    version: Any
    kept_for: str

    @property
    def name(self) -> str:
        """The registered model's name."""
        return str(self.version.name)

    @property
    def number(self) -> int:
        """Its number in the local registry."""
        return int(self.version.version)

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {str(name): str(value) for name, value in dict(self.version.tags or {}).items()}

    @property
    def waits(self) -> bool:
        """Whether it was never copied."""
        return COPY not in self.tags


@dataclass(frozen=True, slots=True)
class Kept:
    """All that fallbacks kept in one store, copied or not: runs with parents first, versions by ascending number."""

    runs: tuple[KeptRun, ...] = ()
    versions: tuple[KeptVersion, ...] = ()

    def meant_for(self, uri: str) -> Kept:
        """Return the part that was meant for the server `uri`."""
        return Kept(
            tuple(run for run in self.runs if same_platform(run.kept_for, uri)),
            tuple(version for version in self.versions if same_platform(version.kept_for, uri)),
        )

    def waiting(self) -> Kept:
        """Return the part that is not on its server yet."""
        return Kept(
            tuple(run for run in self.runs if run.waits),
            tuple(version for version in self.versions if version.waits),
        )

    def elsewhere(self, uri: str) -> list[Elsewhere]:
        """Count what waits for other servers than `uri`."""
        rest = self.waiting()
        places = {run.kept_for for run in rest.runs} | {version.kept_for for version in rest.versions}
        parts = ((place, rest.meant_for(place)) for place in sorted(places) if not same_platform(place, uri))
        return [Elsewhere(place, len(part.runs), len(part.versions)) for place, part in parts]

    def __bool__(self) -> bool:
        return bool(self.runs or self.versions)


def waiting_here(store: LocalStore) -> bool:
    """Tell whether there is a local store at all, without creating it."""
    return (store.folder / "mlflow.db").is_file()


def read_kept(client: Any) -> Kept:
    """Read all that fallbacks kept in the store of `client`."""
    experiments = {str(found.experiment_id): found for found in _experiments(client)}
    marked = _runs(client, list(experiments), f"tags.`{KEPT_FOR}` LIKE '%'")
    nested = _runs(client, list(experiments), f"tags.`{_PARENT}` LIKE '%'")
    known: dict[str, tuple[str, str]] = {run.info.run_id: _mark(run.data.tags) for run in marked}
    found = {run.info.run_id: run for run in marked}
    _take_below(nested, known, found)
    runs = [
        KeptRun(run, *known[run_id], experiments[str(run.info.experiment_id)])
        for run_id, run in sorted(found.items(), key=lambda item: (item[1].info.start_time, item[0]))
    ]
    return Kept(tuple(_parents_first(runs)), tuple(_versions(client, known)))


def _mark(tags: dict[str, str]) -> tuple[str, str]:
    return str(tags[KEPT_FOR]), str(tags.get(KEPT_BY, ""))


def _take_below(nested: list[Any], known: dict[str, tuple[str, str]], found: dict[str, Any]) -> None:
    """Add the runs that lie below kept ones, however deep; they are meant for the same server."""
    grown = True
    while grown:
        grown = False
        for run in nested:
            parent = run.data.tags.get(_PARENT)
            if run.info.run_id not in known and parent in known:
                known[run.info.run_id], found[run.info.run_id], grown = known[parent], run, True


def _parents_first(runs: list[KeptRun]) -> Iterator[KeptRun]:
    waiting, given = {run.id: run for run in runs}, set[str]()
    while waiting:
        ready = [run for run in waiting.values() if run.parent not in waiting] or list(waiting.values())
        for run in ready:
            given.add(run.id)
            del waiting[run.id]
            yield run


def _experiments(client: Any) -> Iterator[Any]:
    token: str | None = None
    while True:
        page = client.search_experiments(max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _runs(client: Any, experiments: list[str], filter_string: str) -> list[Any]:
    found: list[Any] = []
    token: str | None = None
    while experiments:
        page = client.search_runs(experiments, filter_string, max_results=_PAGE, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            break
    return found


def _versions(client: Any, runs: dict[str, tuple[str, str]]) -> list[KeptVersion]:
    found: list[KeptVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions("", max_results=_PAGE, page_token=token)
        for version in page:
            kept_for = dict(version.tags or {}).get(KEPT_FOR) or runs.get(version.run_id, ("",))[0]
            if kept_for:
                found.append(KeptVersion(version, str(kept_for)))
        token = page.token
        if not token:
            return sorted(found, key=lambda version: (version.name, version.number))


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that are the user's or MLflow's: those by which the local store keeps its books are left out."""
    books = (KEPT_FOR, KEPT_BY, WISH, ORIGIN, COPY, UNTIL)
    return {str(name): str(value) for name, value in tags.items() if name not in books}


def _may_live(kept_by: str) -> bool:
    """Tell whether the process `host:pid` may still be there; of another host nothing is known."""
    host, _, pid = kept_by.rpartition(":")
    if not pid.isdecimal():
        return False
    if host != socket.gethostname() or os.name == "nt":  # there, os.kill ends what it is to look for
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def other_stores(store: LocalStore) -> list[Elsewhere]:
    """Count what waits in the stores of other MLflow versions, by SQL: this MLflow must not open them."""
    folders = sorted(folder for folder in store.root.glob("mlflow-*") if folder != store.folder)
    return [found for folder in folders if (folder / "mlflow.db").is_file() for found in _count(folder)]


def _count(folder: Path) -> list[Elsewhere]:
    counts: dict[str, list[int]] = {}
    tables = (("tags", "run_uuid = t.run_uuid"), ("model_version_tags", "name = t.name AND version = t.version"))
    try:
        with closing(sqlite3.connect(f"{(folder / 'mlflow.db').as_uri()}?mode=ro", uri=True)) as database:
            for place, (table, same) in enumerate(tables):
                rows = database.execute(
                    f"SELECT value, count(*) FROM {table} t WHERE key = ? AND NOT EXISTS "  # noqa: S608 - our own names
                    f"(SELECT 1 FROM {table} WHERE key = ? AND {same}) GROUP BY value",
                    (KEPT_FOR, COPY),
                )
                for kept_for, count in rows:
                    counts.setdefault(str(kept_for), [0, 0])[place] = int(count)
    except sqlite3.Error:
        return []  # not a store that this could tell anything about
    return [Elsewhere(kept_for, runs, versions, store=folder) for kept_for, (runs, versions) in sorted(counts.items())]
