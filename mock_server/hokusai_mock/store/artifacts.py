"""Artifacts of a world by their path below the artifact root: small ones in memory, large ones in temporary files.

Paths arrive checked (`mlflow_api/paths.py`) and are never names on disk. The lock is this room's own and is never held
while a body streams. A temporary file lives as long as somebody refers to it, so that a download ends well though its
file is replaced, deleted or reset meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Protocol

from hokusai_mock.store.errors import ArtifactTooLarge, StoreIsFull

__all__ = ["Artifact", "ArtifactInfo", "ArtifactStore", "Spooled"]

CHUNK = 64 * 1024
SPOOL_ABOVE = 1024 * 1024
"""Artifacts longer than this many bytes go to a temporary file."""
WORLD_LIMIT = 1024 * 1024 * 1024
"""All artifacts of a world together, in bytes."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """One entry of a listing; `size` in bytes, `None` for a folder."""

    path: str
    size: int | None

    @property
    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self.size is None


class _Folder:
    """A temporary folder that goes with the last reference to it, at the latest when the process ends."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="hokusai-artifacts-")
        weakref.finalize(self, _remove, self.path, os.getpid())


class Spooled:
    """A temporary file that goes with the last reference to it."""

    __slots__ = ("__weakref__", "_folder", "path")

    def __init__(self, path: str, folder: _Folder) -> None:
        """Own the file `path` in `folder`, which stays as long as the file."""
        self.path = path
        self._folder = folder
        weakref.finalize(self, _remove, self.path, os.getpid())


def _remove(path: str, owner: int) -> None:
    """Remove a file or folder, unless this is a forked child of the process whose it is."""
    if os.getpid() != owner:
        return
    with contextlib.suppress(OSError):
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)


@dataclass(frozen=True, slots=True)
class Artifact:
    """The content of a file: in `data`, or in the temporary file `spooled`."""

    size: int
    data: bytes = b""
    spooled: Spooled | None = None

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most 64 KiB when spooled, else in one."""
        if self.spooled is None:
            yield self.data
            return
        with open(self.spooled.path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class ArtifactStore:
    """Files by path (`1/<run>/artifacts/model/MLmodel`); folders stay until they are deleted themselves."""

    def __init__(self) -> None:
        """Start empty; a temporary folder is made when the first large artifact arrives."""
        self._files: dict[str, Artifact] = {}
        self._folders: dict[str, dict[str, None]] = {}
        self._lock = threading.Lock()
        self._spool: _Folder | None = None
        self._bytes = 0

    def receive(self, path: str, stream: _Readable, limit: int) -> None:
        """Read `stream` to its end and keep it as `path`.

        `ArtifactTooLarge` beyond `limit` bytes, `StoreIsFull` when all artifacts together would be more than 1 GiB:
        nothing is kept then, and a file that was there before stays.
        """
        artifact = self._read(stream, limit)
        with self._lock:
            replaced = self._files.get(path)
            total = self._bytes + artifact.size - (0 if replaced is None else replaced.size)
            if total > WORLD_LIMIT:
                raise StoreIsFull(WORLD_LIMIT)
            self._files[path] = artifact
            self._bytes = total
            self._enter_folders(path)

    def _read(self, stream: _Readable, limit: int) -> Artifact:
        pieces: list[bytes] = []
        size = 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise ArtifactTooLarge(limit)
            pieces.append(chunk)
            if size > SPOOL_ABOVE:
                return self._read_into_file(b"".join(pieces), stream, limit)
        return Artifact(size, b"".join(pieces))

    def _read_into_file(self, start: bytes, stream: _Readable, limit: int) -> Artifact:
        with self._lock:
            if self._spool is None:
                self._spool = _Folder()
            folder = self._spool
        handle, path = tempfile.mkstemp(dir=folder.path)
        spooled = Spooled(path, folder)
        with os.fdopen(handle, "wb") as file:
            return Artifact(_copy(start, stream, file, limit), spooled=spooled)

    def contents(self) -> tuple[dict[str, Artifact], list[str]]:
        """All files by path, and all folders, the empty ones too; the root is no folder here."""
        with self._lock:
            return dict(self._files), [folder for folder in self._folders if folder]

    def put_back(self, files: Mapping[str, bytes], folders: Iterable[str]) -> None:
        """Add files, and folders that may be empty."""
        for path, content in files.items():
            self.receive(path, BytesIO(content), WORLD_LIMIT)
        with self._lock:
            for folder in folders:
                self._folders.setdefault(folder, {})
                self._enter_folders(folder)

    def get(self, path: str) -> Artifact | None:
        """The file at `path`, or `None`."""
        return self._files.get(path)

    def is_folder(self, path: str) -> bool:
        """Whether something is, or was, below `path`."""
        return path in self._folders

    def listing(self, folder: str) -> list[ArtifactInfo]:
        """What is directly in `folder` (empty for the root), by name; nothing for a file or what does not exist."""
        prefix = f"{folder}/" if folder else ""
        with self._lock:
            names = sorted(self._folders.get(folder, ()))
            return [ArtifactInfo(prefix + name, self._size(prefix + name)) for name in names]

    def _size(self, path: str) -> int | None:
        file = self._files.get(path)
        return None if file is None else file.size

    def delete(self, path: str) -> bool:
        """Remove a file, or a folder with all in it (empty for the root); false when there is neither."""
        with self._lock:
            if not path:
                self._files.clear()
                self._folders.clear()
                self._bytes = 0
                return True
            if path not in self._files and path not in self._folders:
                return False
            inside = f"{path}/"
            for name in [name for name in self._files if name == path or name.startswith(inside)]:
                self._bytes -= self._files.pop(name).size
            for folder in [name for name in self._folders if name == path or name.startswith(inside)]:
                del self._folders[folder]
            parent, _, name = path.rpartition("/")
            self._folders[parent].pop(name, None)
            return True

    def close(self) -> None:
        """Forget everything; temporary files that nobody reads or writes any more are gone."""
        with self._lock:
            self._files.clear()
            self._folders.clear()
            self._bytes = 0
            self._spool = None

    def _enter_folders(self, path: str) -> None:
        while path:
            folder, _, name = path.rpartition("/")
            entries = self._folders.setdefault(folder, {})
            if name in entries:
                return
            entries[name] = None
            path = folder


def _copy(start: bytes, stream: _Readable, file: BinaryIO, limit: int) -> int:
    size = file.write(start)
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise ArtifactTooLarge(limit)
        file.write(chunk)
    return size
