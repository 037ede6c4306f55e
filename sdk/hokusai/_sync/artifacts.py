"""Uploads a folder file by file, streamed; what the journal knows to be on the server is not sent again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hokusai import _mlflow
from hokusai._sync.journal import Journal
from hokusai._sync.report import Progress

__all__ = ["files_below", "folder_of", "run_folder", "upload"]


def folder_of(artifact_uri: str) -> Path | None:
    """Return the folder that an artifact URI of a local store stands for; `None` when it lies elsewhere."""
    parts = urlsplit(artifact_uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return None if "://" in artifact_uri else Path(artifact_uri)


@contextmanager
def run_folder(client: Any, run: Any) -> Iterator[Path]:
    """Give the folder with the artifacts of a kept run, downloaded where its experiment keeps them elsewhere."""
    folder = folder_of(run.info.artifact_uri)
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="hokusai-sync-") as target:
        yield Path(_mlflow.download(client, run.info.run_id, "", target))


def files_below(folder: Path) -> list[Path]:
    """Return the files in `folder` and below, in a stable order; `[]` when there is no such folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def upload(
    journal: Journal, item: str, folder: Path, send: Callable[[Path, str | None], None], progress: Progress
) -> None:
    """Send every file below `folder` by `send(file, folder on the server)`, noting each one when it is there."""
    known = journal.entry(item).files
    for file in files_below(folder):
        relative = file.relative_to(folder).as_posix()
        stat = file.stat()
        mark = f"{relative} {stat.st_size} {stat.st_mtime_ns}"
        if mark not in known:
            send(file, relative.rpartition("/")[0] or None)
            journal.sent(item, mark)
        progress.advance(stat.st_size)
