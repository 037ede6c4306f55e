"""Lock files between processes and threads. The system frees a lock when its holder dies, however it dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["FileLock", "locked"]


class FileLock:
    """A lock that was taken on the file `path`; it is held until `release`, or until this process ends."""

    def __init__(self, path: Path, handle: BinaryIO) -> None:
        """Hold `handle`, which is locked already: made by `attempt`."""
        self.path = path
        self._handle = handle

    @classmethod
    def attempt(cls, path: Path) -> FileLock | None:
        """Take the lock, or return `None` at once when another thread or process holds it, or removes its file."""
        handle = path.open("a+b")
        try:
            _lock(handle.fileno(), wait=False)
            same = os.path.samestat(os.fstat(handle.fileno()), path.stat())
        except OSError:
            same = False
        if not same:  # held, or removed between opening and locking: such a lock would exclude nobody
            handle.close()
            return None
        return cls(path, handle)

    def release(self, *, remove: bool = False) -> None:
        """Give the lock back; with `remove` its file goes too, which nobody may need any more."""
        if self._handle.closed:
            return
        if remove and os.name != "nt":  # while it is held: whoever locks the removed file afterwards sees that
            self.path.unlink(missing_ok=True)
        _unlock(self._handle.fileno())
        self._handle.close()
        if remove and os.name == "nt":  # where an open file cannot be removed
            with suppress(OSError):
                self.path.unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` inside the block, waiting for whoever holds it."""
    with path.open("a+b") as handle:
        _lock(handle.fileno(), wait=True)
        try:
            yield
        finally:
            _unlock(handle.fileno())


if os.name == "nt":
    import msvcrt

    def _lock(descriptor: int, *, wait: bool) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined]

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
