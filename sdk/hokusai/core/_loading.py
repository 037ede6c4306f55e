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
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.core._data import Form
from hokusai.core._packaging import wrappers
from hokusai.core._versions import ModelVersion
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InferenceException

__all__ = ["LoadedModel", "LoadedModels"]

_RUN = re.compile(r"runs:/+([^/]+)/(.+)")
_PYTHON = re.compile(r"^\s*python_version:\s*['\"]?(\d+)\.(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A loaded model, the names of its columns where it knows them, and the form in which it takes data."""

    model: Any
    columns: list[str] | None
    form: Form


class LoadedModels:
    """At most `limit` loaded models, the least recently used dropped first. Safe from many threads."""

    def __init__(self, limit: int) -> None:
        """Start empty."""
        self._limit = limit
        self._models: OrderedDict[tuple[object, ...], LoadedModel] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, backend: Backend, version: ModelVersion) -> LoadedModel:
        """Return the model of `version`, loading it when it is not at hand."""
        key = (version.name, version.number, version.source, version.created)
        with self._lock:  # held while loading: two threads that want one model load it once
            if key in self._models:
                self._models.move_to_end(key)
                return self._models[key]
            loaded = _load(backend, version)
            self._models[key] = loaded
            while len(self._models) > self._limit:
                self._models.popitem(last=False)
            return loaded


def _load(backend: Backend, version: ModelVersion) -> LoadedModel:
    """Download a version's artifact through the registry's own client, check it, and load it."""
    label = f"{version.name!r} version {version.semantic or version.number}"
    # The folder may go after loading: MLflow has read the model into memory.
    with tempfile.TemporaryDirectory(prefix="hokusai-load-", ignore_cleanup_errors=True) as target:
        with backend.calling(f"load {label}", InferenceException):
            folder = _download(backend, version, target)
        _check_python(Path(folder), label)
        try:
            model = _mlflow.load_pyfunc(folder)
        except ImportError:
            raise
        except Exception as error:  # unpickling raises whatever the model's own classes raise
            raise InferenceException(
                f"The artifact of {label} cannot be loaded: {type(error).__name__}: {error}",
                remedy="Install what its requirements.txt lists, at the versions listed there.",
            ) from error
    return LoadedModel(model, _mlflow.column_names(model), _form(model))


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


def _form(model: Any) -> Form:
    """Tell how a model takes its data: a `HokusaiModel` or a callable as it was given, scikit-learn as an array."""
    known, carried = wrappers(), _mlflow.carried_model(model)
    if isinstance(carried, known.CallableModel):
        return "given"
    if isinstance(carried, known.ObjectModel):
        return "given" if isinstance(carried.model, HokusaiModel) else "array"
    return "array" if _mlflow.is_estimator(model) else "table"
