"""Puts each case into a world of its own: environment, home, working directory, and MLflow's process-wide state.

The implementation shares the suite's process, so what it (or MLflow itself) writes to `os.environ` and to MLflow's
module globals is undone after every case.
"""

from __future__ import annotations

import contextlib
import os
import site
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hokusai_mock import environment

__all__ = ["isolated", "reset_mlflow"]

_FOREIGN = ("HOKUSAI_", "MLFLOW_", "REDIS_", "WEBHOOK_")
"""Variables that steer an SDK or MLflow: those of the developer's own shell must not reach a case."""

_KEPT = ("HOKUSAI_TESTKIT_",)

_QUICK = {
    # An error case must not wait for MLflow's default of seven retries, which take minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


@contextlib.contextmanager
def isolated(changes: Mapping[str, str | None], folder: Path, shared: Path | None = None) -> Iterator[None]:
    """Run the block with the target's environment `changes`, at home and working in `folder`, MLflow untouched.

    `shared` is the user's data directory, `folder`'s own by default. Cases may share one: building a database anew in
    every case would cost seconds. What an implementation registers locally is in `HOKUSAI_LOCAL_STORE`, never shared.
    """
    before, directory = dict(os.environ), Path.cwd()
    home = folder / "home"
    home.mkdir(exist_ok=True)
    clean = {name: value for name, value in before.items() if not name.startswith(_FOREIGN) or name.startswith(_KEPT)}
    private = {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_DATA_HOME": str(shared or home / "data"),
        "PYTHONUSERBASE": site.getuserbase(),
        "HOKUSAI_LOCAL_STORE": str(home / "store"),
    }
    try:
        _replace_environment(environment.apply({**_QUICK, **private, **changes}, clean))
        os.chdir(folder)
        reset_mlflow()
        yield
    finally:
        reset_mlflow()
        os.chdir(directory)
        _replace_environment(before)


def reset_mlflow() -> None:
    """Forget MLflow's tracking and registry URI, active runs and active experiment; nothing when it is not imported.

    MLflow has no function for this that makes no request, so its module globals are set: 2.9 to 3.17 name them alike.
    """
    _set("mlflow.tracking._tracking_service.utils", "_tracking_uri")
    _set("mlflow.tracking._model_registry.utils", "_registry_uri")
    _set("mlflow.tracking.fluent", "_active_experiment_id")
    stack: Any = getattr(sys.modules.get("mlflow.tracking.fluent"), "_active_run_stack", None)
    runs = stack.get() if hasattr(stack, "get") else stack
    if runs:
        runs.clear()


def _set(module: str, name: str) -> None:
    found = sys.modules.get(module)
    if found is not None and hasattr(found, name):
        setattr(found, name, None)


def _replace_environment(wanted: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name not in wanted]:
        del os.environ[name]
    os.environ.update(wanted)
