"""Loading a registered version as a model, once: a small cache of the models that were used last.

Loading runs the model's code, so it happens from the configured registry only.
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hokusai import _mlflow, _mlflow_loaded
from hokusai._backend import Backend
from hokusai._errors import mask
from hokusai.core._data import Form, Takes
from hokusai.core._packaging import wrappers
from hokusai.core._versions import ModelVersion
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InferenceException

__all__ = ["LoadedModel", "LoadedModels"]

_RUN = re.compile(r"runs:/+([^/]+)/(.+)")
_Key: TypeAlias = "tuple[str, str, int, str, int]"
_PYTHON = re.compile(r"^\s*python_version:\s*['\"]?(\d+)\.(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model, what to call it in messages, and what it takes."""

    label: str
    model: Any
    takes: Takes


class LoadedModels:
    """At most `limit` loaded models, the least recently used dropped first. Safe from many threads.

    Threads that want the same model load it once; threads that want another one do not wait for them.
    """

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self._limit = limit
        self._models: OrderedDict[_Key, LoadedModel] = OrderedDict()
        self._turns: dict[_Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, backend: Backend, version: ModelVersion) -> LoadedModel:
        """Return the model of `version`, loading it when it is not at hand.

        Raises:
            InferenceException: there is no such artifact, or it cannot be loaded.
            MLflowAuthenticationError, MLflowConnectionError: it could not be downloaded.
        """
        key = (backend.uri, version.name, version.number, version.source, version.created)
        loaded = self._at_hand(key)
        if loaded is not None:
            return loaded
        with self._lock:
            turn = self._turns.setdefault(key, threading.Lock())
        with turn:
            try:
                loaded = self._at_hand(key) or _load(backend, version)
                self._keep(key, loaded)
            finally:
                with self._lock:
                    self._turns.pop(key, None)  # whoever waits finds the model, or tries for itself
        return loaded

    def clear(self) -> None:
        """Forget every model."""
        with self._lock:
            self._models.clear()

    def _at_hand(self, key: _Key) -> LoadedModel | None:
        with self._lock:
            if key in self._models:
                self._models.move_to_end(key)
            return self._models.get(key)

    def _keep(self, key: _Key, loaded: LoadedModel) -> None:
        with self._lock:
            self._models[key] = loaded
            while len(self._models) > self._limit:
                self._models.popitem(last=False)


def _load(backend: Backend, version: ModelVersion) -> LoadedModel:
    """Download a version's artifact through the registry's own client, check it, and load it."""
    label = f"{version.name!r} version {version.semantic or version.number}"
    _mlflow.require("pandas")
    _mlflow.require("mlflow.pyfunc")
    # The folder may go after loading: MLflow has read the model into memory.
    with tempfile.TemporaryDirectory(prefix="hokusai-load-", ignore_cleanup_errors=True) as target:
        with backend.calling(f"load {label}", InferenceException):
            folder = Path(_download(backend, version, target))
        _check_python(folder, label)
        try:
            model = _mlflow_loaded.load_pyfunc(str(folder))
        except Exception as error:  # unpickling raises whatever the model's own classes raise
            raise InferenceException(
                f"The artifact of {label} cannot be loaded: {type(error).__name__}: {mask(str(error))}",
                remedy=_remedy(error, folder),
            ) from error
    return LoadedModel(label, model, _takes(model))


def _remedy(error: Exception, folder: Path) -> str:
    """Name the package that is missing, at the version that the model asks for."""
    try:
        wanted = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        wanted = []
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing:
        package = next((line for line in wanted if line.lower().replace("-", "_").startswith(missing.lower())), missing)
        return f"Install it: pip install '{package}'."
    return "Install what the model was saved with: " + (", ".join(wanted) or "see its requirements.txt") + "."


def _download(backend: Backend, version: ModelVersion, target: str) -> str:
    match = _RUN.fullmatch(version.source)
    if match:
        return _mlflow.download(backend.client, match[1], match[2], target)
    uri = version.source
    if not uri.startswith("models:/m-"):
        uri = backend.client.get_model_version_download_uri(version.name, str(version.number))
    return _mlflow.download_uri(backend.uri, uri, target)


def _check_python(folder: Path, label: str) -> None:
    """Refuse a pickled Python model of another Python minor version: unpickling it can crash the interpreter."""
    try:
        description = (folder / "MLmodel").read_text(encoding="utf-8")
    except OSError as error:
        raise InferenceException(f"The artifact of {label} is no MLflow model: it has no file MLmodel.") from error
    if "loader_module: mlflow.pyfunc.model" not in description:
        return
    made_with = _PYTHON.search(description)
    if made_with and (int(made_with[1]), int(made_with[2])) != sys.version_info[:2]:
        raise InferenceException(
            f"{label} was saved with Python {made_with[1]}.{made_with[2]} and cannot be loaded with "
            f"{sys.version_info.major}.{sys.version_info.minor}.",
            remedy=f"Predict with Python {made_with[1]}.{made_with[2]}, or register the model again with this one.",
        )


def _takes(model: Any) -> Takes:
    names, optional = _mlflow_loaded.column_names(model)
    columns = tuple(names) if names is not None else None
    return Takes(_form(model), columns, frozenset(optional), _mlflow_loaded.column_count(model))


def _form(model: Any) -> Form:
    """Tell how a model takes its data: a `HokusaiModel` or a callable as it was given, scikit-learn as an array."""
    known, carried = wrappers(), _mlflow_loaded.carried_model(model)
    if isinstance(carried, known.CallableModel):
        return "given"
    if isinstance(carried, known.ObjectModel):
        return "given" if isinstance(carried.model, HokusaiModel) else "array"
    return "array" if _mlflow_loaded.is_estimator(model) else "table"
