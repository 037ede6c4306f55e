"""What a run created on a server, one JSON object a line, on disk before the request leaves.

The first line says what run it is. Each creation has a line before it is sent and one after its answer; `made` puts
them together. Nothing secret stands in a ledger: names, ids, the name of the variable that held the key.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Ledger", "LedgerError", "Made", "RunFacts", "default_folder", "read"]

FILE_NAME = "ledger.jsonl"


class LedgerError(ValueError):
    """There is no ledger, or it cannot be read; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """Which run a ledger belongs to."""

    run: str
    target: str
    platform: bool
    api_key_env: str | None

    @property
    def prefix(self) -> str:
        """What every name that the run makes begins with."""
        return f"hkt-{self.run}-"


@dataclass(frozen=True, slots=True)
class Made:
    """One creation: `what` it is, what its request said (`fields`), its `id` when the server answered with one.

    `status` is the answer's, None when none came: then it may exist or not.
    """

    what: str
    case: str
    fields: Mapping[str, str]
    id: str | None
    status: int | None


class Ledger:
    """Appends to the ledger of a run."""

    def __init__(self, file: Path, facts: RunFacts) -> None:
        """Write to `file`, which is begun when it does not exist yet; that of another run is set aside beside it."""
        self.file = file
        _set_aside(file, facts.run)
        self._lock = threading.Lock()
        before = file.read_text("utf-8") if file.exists() else ""
        self._number = len(before.splitlines())
        if before and not before.endswith("\n"):
            self._write(b"\n")  # an interpreter was killed while it wrote
        if not before:
            file.parent.mkdir(parents=True, exist_ok=True)
            begun = {"run": facts.run, "target": facts.target, "platform": facts.platform}
            self._append({**begun, "api_key_env": facts.api_key_env, "t": int(time.time())})

    def intend(self, what: str, case: str, fields: Mapping[str, str]) -> int:
        """Write down that `what` is about to be created, and return the number of the entry: it is on disk now."""
        with self._lock:
            self._number += 1
            number = self._number
            self._append({"n": number, "what": what, "case": case, "t": int(time.time()), "fields": dict(fields)})
        return number

    def done(self, number: int, status: int, made: str | None) -> None:
        """Write down what the server answered to the creation `number`."""
        with self._lock:
            self._append({"of": number, "status": status, "id": made})

    def _append(self, entry: Mapping[str, Any]) -> None:
        self._write((json.dumps(entry) + "\n").encode())

    def _write(self, data: bytes) -> None:
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def default_folder(run: str) -> Path:
    """Return where a run without `--report DIR` keeps its ledger: the user's state folder."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "hokusai-testkit" / "contract" / run


def read(folder: Path, run: str) -> tuple[RunFacts, list[Made]]:
    """Return what the ledger of `run` in `folder` says: whose it is, and every creation in order.

    A line cut short is left out. Raises `LedgerError` when there is no such ledger.
    """
    aside = folder / f"ledger-{run}.jsonl"
    file = aside if aside.exists() else folder / FILE_NAME
    try:
        first, *others = file.read_text("utf-8").splitlines()
        begun = json.loads(first)
        facts = RunFacts(begun["run"], begun["target"], begun["platform"], begun["api_key_env"])
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise LedgerError(f"no ledger can be read at {file}: {problem}") from problem
    if facts.run != run:
        raise LedgerError(f"the ledger at {file} belongs to run {facts.run}")
    entries = [entry for line in others if (entry := _entry(line)) is not None]
    answers = {entry["of"]: entry for entry in entries if "of" in entry}
    made = [
        Made(
            entry["what"],
            entry["case"],
            entry["fields"],
            answers.get(entry["n"], {}).get("id"),
            answers.get(entry["n"], {}).get("status"),
        )
        for entry in entries
        if "what" in entry
    ]
    return facts, made


def _set_aside(file: Path, run: str) -> None:
    """Keep what an earlier run in the same folder wrote: it may still have to be cleaned up."""
    if file.exists():
        with file.open(encoding="utf-8") as before:
            begun = _entry(before.readline())
        if begun is not None and begun.get("run") not in (None, run):
            file.rename(file.with_name(f"ledger-{begun['run']}.jsonl"))


def _entry(line: str) -> dict[str, Any] | None:
    """One line; None for what was cut short when its writer was killed: its request never left."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
