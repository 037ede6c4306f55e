"""The journal of registrations: what was begun, how far it came, and what is needed to go on with it.

Files and locks only; nothing here talks to a server. Below the local store's folder (`HOKUSAI_LOCAL_STORE`), whatever
the version of MLflow:

    registrations/<call>-<id>/entry.json    the call; written and synced before the first create, never changed
    registrations/<call>-<id>/steps.json    what exists by now; replaced after every step
    registrations/<call>-<id>/model/        the saved model, ready to upload; only where there is one to upload
    registrations/<id>.lock                 held by the process that works on it; freed by the system when that dies

`<id>` is the value of the tag `hokusai.registration_id` of the run and of the version. `<call>` begins the digest of
the call (see `_order.digest_of`). A registration that nobody works on is *open*: its process died, or the server
failed in the middle of it. It is finished by the same call made again, or by `hokusai sync`:

    for entry in Journal(settings.local_store).open_registrations():
        print(entry.name, entry.target, entry.exists(), entry.missing(), entry.problem)
        made = finish(entry, backend)       # hokusai.core._registration; returns a ModelRegistryEntry

`finish` needs no model: it uploads `model/`. It raises what registering raises, the entry then stays open; it refuses a
`backend` of another tracking URI than `entry.target`. `entry.discard()` forgets a registration for good. What a
*fallback* registered is complete and no entry here: it is in the local MLflow store, tagged
`hokusai.kept_for=<tracking URI>`.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hokusai._locks import FileLock
from hokusai.exceptions import ConfigurationError

__all__ = ["Draft", "Entry", "Journal", "Steps"]

_FORMAT = 1
_ENTRY, _STEPS = "entry.json", "steps.json"
_DRAFT = ".draft-"
_DONE = ".done-"


@dataclass(frozen=True, slots=True)
class Steps:
    """What is known to exist at the place of a registration; a step that was cut off may be missing here."""

    run_id: str | None = None
    artifacts: bool = False
    """Whether every file of the model was uploaded."""
    registered_model: bool = False
    version: str | None = None
    """MLflow's number."""


@dataclass(slots=True)
class Entry:
    """One registration of the journal. Whoever holds its lock may write to it."""

    folder: Path
    id: str
    digest: str
    target: str
    """The tracking URI that the registration is meant for."""
    store: str | None
    """The tracking URI of the local store that it is written to; `None`: it is written to the target itself."""
    created: datetime
    """Naive UTC."""
    order: dict[str, Any]
    """The call, as `Order.to_json` gives it."""
    steps: Steps = field(default_factory=Steps)
    problem: str | None = None
    """Why it was left open, where a call could tell; `None` after a process died."""
    resumed: bool = False
    """Whether it was begun by another call than this one."""
    _lock: FileLock | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The registered model's name."""
        return str(self.order["name"])

    @property
    def kind(self) -> str:
        """Which documented call it came from: `baseline`, `improved`, `version` or `tokenized`."""
        return str(self.order["kind"])

    @property
    def model(self) -> Path | None:
        """The folder of the saved model, or `None` where what is registered was logged before."""
        folder = self.folder / "model"
        return folder if folder.is_dir() else None

    def replace_model(self, folder: Path) -> None:
        """Keep `folder` in the place of a model that is damaged or gone."""
        shutil.rmtree(self.folder / "model", ignore_errors=True)
        os.replace(folder, self.folder / "model")

    def exists(self) -> list[str]:
        """Name what is known to exist at the place of the registration, in words."""
        steps = self.steps
        found = [f"run {steps.run_id}" if steps.run_id else "", "the model's files" if steps.artifacts else ""]
        found += [f"registered model {self.name!r}" if steps.registered_model else ""]
        found += [f"version {steps.version}" if steps.version else ""]
        return [item for item in found if item]

    def missing(self) -> list[str]:
        """Name what is not known to exist yet, in words."""
        steps = self.steps
        own_run = self.model is not None and not self.order["run_id"]
        wanted = ["the run" if own_run and not steps.run_id else ""]
        wanted += ["the model's files" if self.model is not None and not steps.artifacts else ""]
        wanted += ["" if steps.registered_model else f"registered model {self.name!r}"]
        wanted += ["" if steps.version else "its version"]
        return [item for item in wanted if item] or ["the check that its semantic version is its own"]

    def record(self, **steps: Any) -> None:
        """Write down what exists now."""
        self.steps = replace(self.steps, **steps)
        self._write_steps()

    def leave(self, problem: str | None) -> None:
        """Leave the registration open, and say why; `None` keeps what was said before."""
        if problem is not None:
            self.problem = problem
            with suppress(OSError):  # the reason is a courtesy: what exists is written already
                self._write_steps()
        if self._lock is not None:
            self._lock.release()

    def discard(self) -> None:
        """Forget the registration, and the model that was kept for it. One rename decides."""
        gone = self.folder.with_name(f"{_DONE}{self.id}")
        with suppress(FileNotFoundError):
            os.replace(self.folder, gone)
        shutil.rmtree(gone, ignore_errors=True)
        if self._lock is not None:
            self._lock.release(remove=True)

    def _write_call(self) -> None:
        content = {
            "format": _FORMAT,
            "id": self.id,
            "digest": self.digest,
            "target": self.target,
            "store": self.store,
            "created": self.created.isoformat(),
            "order": self.order,
        }
        with (self.folder / _ENTRY).open("w", encoding="utf-8") as handle:
            json.dump(content, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())

    def _write_steps(self) -> None:
        """Replace the steps: whoever dies meanwhile leaves the old ones or the new ones, never a part.

        Not synced to the disk, which may take as long as a request: a step that a power failure takes away is found
        again by its tag, or done again, which changes nothing.
        """
        new = self.folder / f"{_STEPS}.new"
        new.write_text(json.dumps({**asdict(self.steps), "problem": self.problem}), encoding="utf-8")
        os.replace(new, self.folder / _STEPS)

    def _read_steps(self) -> None:
        with suppress(OSError, ValueError, TypeError):  # none were written, or a power failure left a part
            told = json.loads((self.folder / _STEPS).read_text(encoding="utf-8"))
            self.problem = told.pop("problem")
            self.steps = Steps(**told)

    @classmethod
    def _read(cls, folder: Path) -> Entry | None:
        """Read what was written; `None` for a folder that is gone, or that another release wrote."""
        try:
            content = json.loads((folder / _ENTRY).read_text(encoding="utf-8"))
            if content["format"] != _FORMAT:
                return None
            entry = cls(
                folder=folder,
                id=content["id"],
                digest=content["digest"],
                target=content["target"],
                store=content["store"],
                created=datetime.fromisoformat(content["created"]),
                order=content["order"],
                resumed=True,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        entry._read_steps()
        return entry


@dataclass(slots=True)
class Draft:
    """A registration that is being prepared: an id of its own, and a place to save the model in."""

    id: str
    folder: Path
    _journal: Journal
    _lock: FileLock
    _begun: bool = False

    @property
    def model(self) -> Path:
        """Where the model is to be saved; the folder does not exist yet."""
        return self.folder / "model"

    def begin(self, digest: str, target: str, store: str | None, order: dict[str, Any]) -> Entry:
        """Make it a registration of the journal; before the first create. The lock is held by the entry from now on."""
        created = datetime.now(timezone.utc).replace(tzinfo=None)
        entry = Entry(self.folder, self.id, digest, target, store, created, order, _lock=self._lock)
        entry._write_call()
        entry.folder = self._journal.folder / f"{digest[:16]}-{self.id}"
        os.replace(self.folder, entry.folder)
        _sync_folder(self._journal.folder)
        self._begun = True
        return entry


class Journal:
    """The registrations below the local store `root` (`Settings.local_store`)."""

    def __init__(self, root: Path) -> None:
        """Refer to the journal; nothing is read or written."""
        self.folder = root / "registrations"

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Give a place to save a model in; what has not begun when the block ends is thrown away.

        Raises:
            ConfigurationError: the folder cannot be written; nothing was sent.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            lock = self._fresh_lock()
            folder = self.folder / f"{_DRAFT}{lock.path.stem}"
            folder.mkdir()
        except OSError as error:
            raise ConfigurationError(
                f"The journal of registrations {self.folder} cannot be written: {error.strerror or error}.",
                remedy="Set HOKUSAI_LOCAL_STORE to a folder that you may write to.",
            ) from error
        draft = Draft(lock.path.stem, folder, self, lock)
        try:
            yield draft
        finally:
            if not draft._begun:
                shutil.rmtree(folder, ignore_errors=True)
                lock.release(remove=True)

    def claim(self, digest: str, store: str) -> Entry | None:
        """Take over an open registration of this call, the oldest first, or return `None`.

        `store` is the local store in use: what began in another one cannot be gone on with here.
        """
        found = [entry for entry in self._entries(f"{digest[:16]}-*") if entry.digest == digest]
        found = [entry for entry in found if entry.store in (None, store)]
        for entry in sorted(found, key=lambda entry: entry.created):
            claimed = self.take(entry)
            if claimed is not None:
                return claimed
        return None

    def take(self, entry: Entry) -> Entry | None:
        """Take the lock of a registration and read it again; `None` when it is worked on, or finished meanwhile."""
        lock = FileLock.attempt(self._lock_of(entry.id))
        if lock is None:
            return None
        current = Entry._read(entry.folder)
        if current is None:
            lock.release(remove=not entry.folder.exists())
            return None
        current._lock = lock
        return current

    def open_registrations(self) -> list[Entry]:
        """Return the registrations that nobody works on, oldest first. None of them is locked by this."""
        found = []
        for entry in self._entries("*"):
            claimed = self.take(entry)
            if claimed is not None:
                claimed.leave(None)
                found.append(claimed)
        return sorted(found, key=lambda entry: entry.created)

    def _entries(self, pattern: str) -> Iterator[Entry]:
        for folder in self.folder.glob(pattern):
            if not folder.name.startswith(".") and folder.suffix != ".lock":
                entry = Entry._read(folder)
                if entry is not None:
                    yield entry

    def _lock_of(self, identity: str) -> Path:
        return self.folder / f"{identity}.lock"

    def _fresh_lock(self) -> FileLock:
        """Take the lock of a new id; again in the rare case that somebody tidied its file away at that moment."""
        while True:
            lock = FileLock.attempt(self._lock_of(uuid.uuid4().hex))
            if lock is not None:
                return lock

    def _tidy(self) -> None:
        """Throw away what dead processes left: drafts that never began, what was finished, locks of neither."""
        folders = [folder for folder in self.folder.iterdir() if folder.suffix != ".lock"]
        known = {folder.name.rpartition("-")[2] for folder in folders if not folder.name.startswith((_DRAFT, _DONE))}
        loose = {
            folder.name.rpartition("-")[2]: folder for folder in folders if folder.name.startswith((_DRAFT, _DONE))
        }
        for identity in {path.stem for path in self.folder.glob("*.lock")} - known | set(loose):
            lock = FileLock.attempt(self._lock_of(identity))
            if lock is not None:
                if identity in loose:
                    shutil.rmtree(loose[identity], ignore_errors=True)
                lock.release(remove=True)


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power failure, where the system can be asked to."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
