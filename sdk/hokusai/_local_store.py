"""The local MLflow store: SQLite and an artifact folder, one per MLflow minor version.

A newer MLflow migrates a SQLite store for good, after which an older one cannot open it: hence one folder per minor
version. Two processes that create one at once leave it half migrated: hence it is built under another name, behind a
lock, and renamed. Migrations take seconds, so a finished empty database is kept as a template and copied.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hokusai import _mlflow
from hokusai._locks import locked
from hokusai.config._resolver import data_directory
from hokusai.exceptions import ConfigurationError

__all__ = ["LocalStore"]


@dataclass(frozen=True, slots=True)
class LocalStore:
    """The store below `root` (`HOKUSAI_LOCAL_STORE`) for the MLflow in use."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder that belongs to this MLflow minor version."""
        return self.root / f"mlflow-{_mlflow.minor_version()}"

    @property
    def artifacts(self) -> Path:
        """Where the files of runs and models go."""
        return self.folder / "artifacts"

    @property
    def uri(self) -> str:
        """The tracking URI of the store."""
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def client(self) -> Any:
        """Open the store, creating it where it does not exist, and return its `MlflowClient`.

        Raises:
            ImportError: sqlalchemy or alembic is missing (mlflow-skinny brings neither).
            ConfigurationError: the folder cannot be written.
        """
        require_database()
        try:
            self._create()
        except OSError as error:
            raise ConfigurationError(
                f"The local store {self.folder} cannot be created: {error.strerror or error}.",
                remedy="Set HOKUSAI_LOCAL_STORE to a folder that you may write to.",
            ) from error
        return _mlflow.open_local(self.uri, self.artifacts)

    def artifact_location(self, experiment_name: str) -> str:
        """Return where an experiment of this store keeps its files, as a URI."""
        safe = "".join(character if character.isalnum() or character in "-_." else "_" for character in experiment_name)
        return (self.artifacts / (safe.strip(".") or "experiment")).as_uri()

    def _create(self) -> None:
        database = self.folder / "mlflow.db"
        if database.is_file():
            return
        self.artifacts.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / ".lock"):
            if not database.is_file():
                copy = self.folder / f"mlflow.db.{os.getpid()}.new"
                shutil.copyfile(_template(self.folder), copy)
                _move_default_experiment(copy, self.artifacts)
                copy.replace(database)


def require_database() -> None:
    """Name the two packages that mlflow-skinny lacks for a local store; MLflow's own error points elsewhere."""
    missing = [name for name in ("sqlalchemy", "alembic") if not _mlflow.installed(name)]
    if missing:
        raise ImportError(
            f"The local store needs the packages sqlalchemy and alembic; missing: {', '.join(missing)}. "
            "Install them with: pip install 'hokusai-minimal-sdk[skinny]'"
        )


def _template(fallback: Path) -> Path:
    """Return an empty, migrated database for the MLflow in use, building it once per user and MLflow version."""
    name = f"mlflow-{_mlflow.version()}.db"
    try:
        return _template_in(data_directory() / "templates", name)
    except PermissionError:
        return _template_in(fallback, name)


def _template_in(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    template = folder / name
    with locked(folder / f".{name}.lock"):
        if not template.is_file():
            _build(template)
    return template


def _build(template: Path) -> None:
    """Run the migrations in a private folder on the same file system, then rename the finished file."""
    with tempfile.TemporaryDirectory(dir=template.parent, prefix=".building-") as private:
        unfinished = Path(private) / "mlflow.db"
        _mlflow.build_database(unfinished)
        unfinished.replace(template)


def _move_default_experiment(database: Path, artifacts: Path) -> None:
    """Point experiment 0, which the template brings, to this store's own folder."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE experiments SET artifact_location = ?", ((artifacts / "0").as_uri(),))
