"""`serve --state FILE`: the state of all sandboxes of a server in one file, read at the start, written as a whole."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hokusai_mock.snapshots.form import KIND, SCHEMA_VERSION, SnapshotError, read_snapshot, to_bytes
from hokusai_mock.snapshots.of_world import restore, snapshot
from hokusai_mock.worlds import DEFAULT, Worlds

__all__ = ["StateFile"]

STATE_KIND = "hokusai-testkit server"


class StateFile:
    """Where a server keeps the snapshots of its sandboxes between two runs."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`; it need not exist yet."""
        self.path = path
        self._lock = threading.Lock()

    def load(self, worlds: Worlds) -> int:
        """Put every sandbox of the file into `worlds`; returns how many. No file: none.

        A file that holds one snapshot is that of the sandbox `default`. `SnapshotError` names the file and what is
        wrong in it.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise SnapshotError(f"cannot read the state in {str(self.path)!r}: {error.strerror or error}") from error
        try:
            saved = {name: read_snapshot(data) for name, data in _sandboxes(json.loads(text)).items()}
            for name, state in saved.items():
                restore(worlds, name, state)
        except ValueError as error:
            raise SnapshotError(
                f"the state in {str(self.path)!r} cannot be used: {error}; move the file away to start empty"
            ) from error
        return len(saved)

    def write(self, worlds: Worlds) -> None:
        """Write all sandboxes; whoever reads the file meanwhile reads the old one or the new one, never a part.

        The file is readable by its owner alone: it holds user data as they are. `SnapshotError` when it cannot be
        written; the old one stays.
        """
        with self._lock:
            sandboxes = {world.id: snapshot(world) for world in worlds.own()}
            _replace(
                self.path, to_bytes({"schema_version": SCHEMA_VERSION, "kind": STATE_KIND, "sandboxes": sandboxes})
            )


def _sandboxes(data: Any) -> Mapping[str, Any]:
    if isinstance(data, Mapping) and data.get("kind") == KIND:
        return {DEFAULT: data}
    if not isinstance(data, Mapping) or data.get("kind") != STATE_KIND or not isinstance(data.get("sandboxes"), dict):
        raise SnapshotError("it holds neither a server's state nor a snapshot")
    if data.get("schema_version") != SCHEMA_VERSION:
        raise SnapshotError(f"it has version {data.get('schema_version')!r}, and this version reads {SCHEMA_VERSION}")
    sandboxes: Mapping[str, Any] = data["sandboxes"]
    return sandboxes


def _replace(path: Path, content: bytes) -> None:
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise SnapshotError(f"cannot write the state to {str(path)!r}: {error.strerror or error}") from error
