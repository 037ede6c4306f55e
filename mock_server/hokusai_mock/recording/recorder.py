"""Collects what passes, one recording a sandbox, and writes it as cassettes: at the end, and whenever it is asked.

A recording is output, like a log: it outlives a reset or the end of its sandbox, so it is kept here and not in the
world. Request threads only append; whoever writes works on a copy of the list.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hokusai_mock.clock import Clock
from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.recording import cassette
from hokusai_mock.recording.exchange import Exchange, Spool
from hokusai_mock.redaction import RedactionError, Redactor, environment_secrets, write_redacted

__all__ = ["Recorder", "RecordingError", "Written"]


class RecordingError(RuntimeError):
    """A cassette could not be written; an older file of that name is unchanged. The message says why, never what."""


class Written(NamedTuple):
    """A cassette on disk."""

    path: Path
    exchanges: int
    """Interactions that can be played back."""
    left_out: int
    """Exchanges under way, cut off or too large (over 64 MiB)."""


class Recorder:
    """Records every exchange of a server into `folder`, as `<sandbox id>.yaml`."""

    def __init__(self, folder: Path, *, has_backend: bool, backend_version: Callable[[], str | None]) -> None:
        """Record into `folder`, which exists; `backend_version` asks a real server when it is written."""
        self.folder = folder
        self._has_backend, self._backend_version = has_backend, backend_version
        self._clock = Clock()
        self._recordings: dict[str, list[Exchange]] = {}
        self._spool = Spool()
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def around(self, handler: Handler) -> Handler:
        """Wrap `handler` so that every request it answers is recorded, in the order of arrival."""

        def recorded(request: Request) -> Response:
            exchange = Exchange(request, self._spool)
            with self._lock:
                self._recordings.setdefault(request.world.id, []).append(exchange)
            try:
                response = handler(request)
            except BaseException:
                exchange.state = "cut"
                raise
            exchange.answered(response, request.environ)
            return response

        return recorded

    def write(self, sandbox: str) -> Written:
        """Write the cassette of one sandbox as far as it has come; requests go on meanwhile. `RecordingError`."""
        return self._write(sandbox, self._version())

    def _write(self, sandbox: str, version: str | None) -> Written:
        redactor = Redactor(environment_secrets(os.environ), ordinal=True)
        path = self.folder / f"{sandbox}.yaml"
        with self._writing:
            with self._lock:
                exchanges = list(self._recordings.get(sandbox, ()))
            complete = [exchange for exchange in exchanges if exchange.left_out is None]
            interactions = cassette.redacted(complete, redactor)
            about = cassette.About(sandbox, self._clock.now_ms(), version, self._has_backend)
            text = cassette.text(about, exchanges, interactions, redactor)
            try:
                write_redacted(path, text, redactor, already_redacted=True)
            except (OSError, RedactionError) as error:
                raise RecordingError(f"the cassette of sandbox {sandbox!r} was not written: {error}") from error
        return Written(path, len(interactions), len(exchanges) - len(complete))

    def _version(self) -> str | None:
        return self._backend_version() if self._has_backend else None

    def write_all(self) -> list[Written]:
        """Write every cassette; one that fails does not keep the others from being written."""
        written, failed = [], []
        with self._lock:
            sandboxes = list(self._recordings)
        version = self._version() if sandboxes else None
        for sandbox in sandboxes:
            try:
                written.append(self._write(sandbox, version))
            except RecordingError as error:  # noqa: PERF203 - the others shall be written
                failed.append(error)
        if failed:
            raise RecordingError("; ".join(str(error) for error in failed)) from failed[0]
        return written

    def close(self) -> None:
        """Free what is not memory; nothing can be written afterwards."""
        with self._lock:
            self._recordings.clear()
        self._spool.close()
