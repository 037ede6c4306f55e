"""Artifacts of a world by their path below the artifact root: small ones in memory, large ones in temporary files.

Paths arrive checked (`mlflow_api/paths.py`). The lock is this room's own and is never held while a body streams.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from hokusai_mock.store.errors import ArtifactTooLarge

__all__ = ["Artifact", "ArtifactInfo", "ArtifactStore"]

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


@dataclass(frozen=True, slots=True)
class Artifact:
    """The content of a file: in `data`, or in the temporary file `spooled`."""

    size: int
    data: bytes = b""
    spooled: str | None = None

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most 64 KiB when spooled, else in one."""
        if self.spooled is None:
            yield self.data
            return
        with open(self.spooled, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


class ArtifactStore:
    """Files by path (`1/<run>/artifacts/model/MLmodel`); folders stay until they are deleted themselves."""

    def __init__(self) -> None:
        """Start empty; a temporary folder is made when the first large artifact arrives."""
        self._files: dict[str, Artifact] = {}
        self._folders: dict[str, dict[str, None]] = {}
        self._lock = threading.Lock()
        self._spool: str | None = None
        self._bytes = 0

    def receive(self, path: str, stream: _Readable, limit: int) -> None:
        """Read `stream` to its end and keep it as `path`; `ArtifactTooLarge` beyond `limit` bytes keeps nothing."""
        artifact = self._read(stream, min(limit, WORLD_LIMIT - self._bytes))
        with self._lock:
            self._forget(self._files.pop(path, None))
            self._files[path] = artifact
            self._bytes += artifact.size
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
        handle, name = tempfile.mkstemp(dir=self._spool_folder())
        try:
            with os.fdopen(handle, "wb") as file:
                size = _copy(start, stream, file, limit)
        except BaseException:
            os.unlink(name)
            raise
        return Artifact(size, spooled=name)

    def _spool_folder(self) -> str:
        with self._lock:
            if self._spool is None:
                self._spool = tempfile.mkdtemp(prefix="hokusai-artifacts-")
            return self._spool

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
        """Remove a file, or a folder with all in it; false when there is neither."""
        with self._lock:
            if path not in self._files and path not in self._folders:
                return False
            inside = f"{path}/"
            for name in [name for name in self._files if name == path or name.startswith(inside)]:
                self._forget(self._files.pop(name))
            for folder in [name for name in self._folders if name == path or name.startswith(inside)]:
                del self._folders[folder]
            parent, _, name = path.rpartition("/")
            self._folders[parent].pop(name, None)
            return True

    def close(self) -> None:
        """Forget everything and remove the temporary files."""
        with self._lock:
            self._files.clear()
            self._folders.clear()
            self._bytes = 0
            spool, self._spool = self._spool, None
        if spool is not None:
            shutil.rmtree(spool, ignore_errors=True)

    def _enter_folders(self, path: str) -> None:
        while path:
            folder, _, name = path.rpartition("/")
            entries = self._folders.setdefault(folder, {})
            if name in entries:
                return
            entries[name] = None
            path = folder

    def _forget(self, artifact: Artifact | None) -> None:
        if artifact is not None:
            self._bytes -= artifact.size
            if artifact.spooled is not None:
                os.unlink(artifact.spooled)


def _copy(start: bytes, stream: _Readable, file: BinaryIO, limit: int) -> int:
    size = file.write(start)
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise ArtifactTooLarge(limit)
        file.write(chunk)
    return size
