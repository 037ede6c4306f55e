"""A model that is a file or folder on this machine: what it is, and how it comes to a run of the server.

A folder with an `MLmodel` file is an MLflow model and stays as it is. A pickle becomes one that loads it; it is not
opened here, because that would run its code. Anything else is uploaded as it is, and only its owner can load it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.core._packaging import requirements_for, wrappers
from hokusai.core._registration import EXPERIMENT
from hokusai.exceptions import HokusaiException, RegistryException

__all__ = ["ModelFiles", "model_files", "upload"]

_PICKLES = (".pkl", ".pickle", ".joblib")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The folder to upload, and whether `predict_batch` can load it."""

    folder: Path
    loadable: bool

    def files(self) -> list[Path]:
        """Return every file in it, in a stable order."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def size(self) -> int:
        """Return how many bytes they are together."""
        return sum(path.stat().st_size for path in self.files())


@contextmanager
def model_files(path: Path) -> Iterator[ModelFiles]:
    """Give what is to be uploaded for the model at `path`, a file or a folder; what is made for it goes afterwards.

    Raises:
        RegistryException: an empty folder.
    """
    if path.is_dir():
        found = ModelFiles(path, (path / "MLmodel").is_file())
        if not found.files():
            raise RegistryException(f"The folder {path} is empty: there is no model in it. Nothing was registered.")
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="hokusai-model-") as parent:
        folder = Path(parent) / "model"
        loadable = path.suffix.lower() in _PICKLES
        if loadable:
            joblib = ["joblib"] if path.suffix.lower() == ".joblib" else []
            requirements = requirements_for("cloudpickle", "scikit-learn", *joblib)
            _mlflow.save_pyfunc(wrappers().PickledModel(), folder, requirements, {"model": str(path.absolute())})
        else:
            folder.mkdir()
            shutil.copyfile(path, folder / path.name)
        yield ModelFiles(folder, loadable)


def upload(
    backend: Backend, model: ModelFiles, name: str, params: Mapping[str, str], sent: Callable[[int], None]
) -> str:
    """Upload a model to a run of its own, and return its URI (`runs:/<run id>/model`).

    `sent` is told the size of every file when it is there. Never falls back. When it fails, the run stays as FAILED.

    Raises:
        MLflowAuthenticationError, MLflowConnectionError, RateLimitError, RegistryException: see `code` and `remedy`.
    """
    action = f"upload the model {name!r}"
    place = backend.unit(action, fallback=False)
    with backend.calling(action):
        run_id = str(
            place.client.create_run(
                place.experiment(EXPERIMENT), tags={"mlflow.runName": f"register {name}"}
            ).info.run_id
        )
    status = "FAILED"
    try:
        with backend.calling(action):
            _mlflow.log_texts(place.client, run_id, params, {})
            for file in model.files():
                below = file.relative_to(model.folder).parent.as_posix()
                place.client.log_artifact(run_id, str(file), "model" if below == "." else f"model/{below}")
                sent(file.stat().st_size)
        status = "FINISHED"
    except HokusaiException as error:
        error.message = f"{error.message} Run {run_id} holds what was uploaded; nothing was registered."
        raise
    finally:
        with backend.calling(action):
            _mlflow.end_run(place.client, run_id, status)
    return f"runs:/{run_id}/model"
