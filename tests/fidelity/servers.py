"""Environments with a real MLflow server of a given version, and the pins that the version needs today.

The pins were found by failing: up to 3.4 MLflow cannot import SQLAlchemy 2.1, 2.9.2 imports `pkg_resources`. All use
SQLAlchemy 2.0, whose number is part of its error texts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["VERSIONS", "NotInstallable", "mlflow_of"]

_SQL = "sqlalchemy<2.1"
_USERS = "flask-wtf"
"""For `--app-name basic-auth`; MLflow's extra `auth` is no more than this."""
_PINS: Mapping[str, Sequence[str]] = {
    "2.9.2": (_SQL, _USERS, "setuptools<81"),
    "2.22.5": (_SQL, _USERS),
    "3.4.0": (_SQL, _USERS),
    "3.9.0": (_SQL, _USERS),
    "3.17.2": (_SQL, _USERS),
}
_PYTHON = "3.11"
"""Every one of the versions runs on it."""
VERSIONS = tuple(_PINS)


class NotInstallable(Exception):
    """The environment of a version could not be made; the message holds the installer's last words."""


def mlflow_of(version: str, folder: Path) -> Path:
    """The `mlflow` executable of an environment below `folder`, which is made if it is not there yet."""
    home = folder / f"mlflow-{version}"
    executable = home / ("Scripts" if sys.platform == "win32" else "bin") / "mlflow"
    if not executable.exists():
        python = executable.with_name("python")
        packages = [f"mlflow=={version}", *_PINS[version]]
        for command in _commands(home, python, packages):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                shutil.rmtree(home, ignore_errors=True)
                last = "\n".join(done.stdout.splitlines()[-3:])
                raise NotInstallable(f"no environment for MLflow {version}: {' '.join(command)} said:\n{last}")
    return executable


def _commands(home: Path, python: Path, packages: Sequence[str]) -> list[list[str]]:
    if uv := shutil.which("uv"):
        return [[uv, "venv", "-p", _PYTHON, str(home)], [uv, "pip", "install", "-p", str(python), *packages]]
    return [[sys.executable, "-m", "venv", str(home)], [str(python), "-m", "pip", "install", *packages]]
