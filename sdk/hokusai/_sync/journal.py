"""The journal of syncs: one line of JSON before and after each create, on disk before the next step is made.

A line that a kill cut in two is no line. The journal says what was begun; whether the server has it is asked of the
server, by the tag `hokusai.sync.origin`.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hokusai.exceptions import ConfigurationError

__all__ = ["Entry", "Journal", "store_id"]


@dataclass(slots=True)
class Entry:
    """What the journal knows of one item: its id on the server once that is known, and the files that are there."""

    created: str | None = None
    files: set[str] = field(default_factory=set)


class Journal:
    """The journal of one local store, about one server. Whoever writes it holds the store's sync lock."""

    def __init__(self, path: Path, target: str) -> None:
        """Read what is there; nothing is written yet."""
        self._path = path
        self._target = target
        self._entries: dict[str, Entry] = {}
        self._torn = False
        if path.is_file():
            self._read()

    def entry(self, item: str) -> Entry:
        """Return what is known of `item`: nothing, when it was never begun."""
        return self._entries.setdefault(item, Entry())

    def creating(self, item: str) -> None:
        """Note that `item` is about to be created."""
        self._write({"event": "creating", "item": item})

    def created(self, item: str, new: str) -> None:
        """Note the id that `item` got on the server."""
        self.entry(item).created = new
        self._write({"event": "created", "item": item, "to": new})

    def sent(self, item: str, file: str) -> None:
        """Note that a file of `item`, named with its size and time, is on the server."""
        self.entry(item).files.add(file)
        self._write({"event": "sent", "item": item, "file": file})

    def forget(self, item: str) -> None:
        """Note that what was created for `item` is on the server no more."""
        self._entries[item] = Entry()
        self._write({"event": "forgotten", "item": item})

    def done(self, item: str) -> None:
        """Note that all of `item` is on the server."""
        self._write({"event": "done", "item": item, "to": self.entry(item).created})

    def _read(self) -> None:
        content = self._path.read_bytes()
        self._torn = bool(content) and not content.endswith(b"\n")
        for line in content.splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict) and told.get("target") == self._target:
                self._take(told)

    def _take(self, told: dict[str, Any]) -> None:
        item, event = str(told.get("item")), told.get("event")
        if event == "created":
            self.entry(item).created = str(told["to"])
        elif event == "sent":
            self.entry(item).files.add(str(told["file"]))
        elif event == "forgotten":
            self._entries[item] = Entry()

    def _write(self, told: dict[str, Any]) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        line = json.dumps({**told, "target": self._target, "time": now}) + "\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write((("\n" if self._torn else "") + line).encode())
            file.flush()
            os.fsync(file.fileno())
        self._torn = False


def store_id(folder: Path) -> str:
    """Return what names this local store wherever it is moved to: its path may be that of another machine's too.

    The caller holds the store's sync lock.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    path = folder / "store-id"
    try:
        if not path.is_file():
            unfinished = folder / f"store-id.{os.getpid()}.new"
            unfinished.write_text(uuid.uuid4().hex, "ascii")
            unfinished.replace(path)
        return path.read_text("ascii").strip()
    except OSError as error:
        raise ConfigurationError(
            f"The local store {folder} cannot be written: {error.strerror or error}.",
            remedy="Run hokusai sync as the user who owns it.",
        ) from error
