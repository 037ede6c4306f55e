"""How a model becomes a folder that MLflow can load: the flavour, and the requirements it is saved with.

Requirements are always passed: letting MLflow infer them costs ten seconds a call. Nothing here talks to a server.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from hokusai import _mlflow
from hokusai._version import __version__
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InvalidParameterError, RegistryException

__all__ = ["check_loggable", "requirements_for", "save", "wrappers"]

_SELF = f"hokusai-minimal-sdk=={__version__}"


def check_loggable(model: object) -> None:
    """Refuse what cannot become a model, before anything is created."""
    if isinstance(model, type):
        raise InvalidParameterError(f"model is the class {model.__name__}; pass an instance of it.")
    if not (_is_python_model(model) or callable(getattr(model, "predict", None)) or callable(model)):
        raise InvalidParameterError(
            f"model is of the type {type(model).__name__}, which cannot predict: pass a HokusaiModel, a scikit-learn "
            "estimator, an mlflow.pyfunc.PythonModel, a callable, or a runs:/ or models:/ URI."
        )


def save(model: object, folder: Path) -> None:
    """Save `model` as the new folder `folder`, in the flavour that fits.

    Raises:
        RegistryException: it cannot be pickled; nothing was sent.
    """
    try:
        _save(model, folder)
    except ImportError:
        raise
    except Exception as error:  # pickling raises whatever the model's own classes raise
        raise RegistryException(
            f"A {type(model).__name__} cannot be saved ({type(error).__name__}: {error}). Nothing was registered.",
            remedy="Keep locks, connections and open files out of the model's attributes.",
        ) from error


def _save(model: object, folder: Path) -> None:
    if _is_estimator(model):
        _save_estimator(model, folder)
        return
    _wrappers = wrappers()
    if _is_python_model(model):
        carried, requirements = model, _requirements("cloudpickle")
    elif callable(getattr(model, "predict", None)):
        carried, requirements = _wrappers.ObjectModel(model), [*_requirements("cloudpickle"), _SELF]
    else:
        carried, requirements = _wrappers.CallableModel(model), [*_requirements("cloudpickle"), _SELF]
    _mlflow.save_pyfunc(carried, folder, requirements)


def wrappers() -> ModuleType:
    """Return the module of the pyfunc classes, which cannot be imported without MLflow."""
    from hokusai.core import _wrappers  # noqa: PLC0415

    return _wrappers


def _save_estimator(model: object, folder: Path) -> None:
    """Save a scikit-learn estimator; as skops where MLflow's default is skops and it is installed."""
    skops = ["skops"] if _mlflow.skops_is_default() else []
    requirements = _requirements("scikit-learn", "numpy", "scipy", "cloudpickle", *skops)
    _mlflow.save_sklearn(model, folder, requirements, "skops" if skops else "cloudpickle")


def requirements_for(*distributions: str) -> list[str]:
    """Return this SDK, the MLflow in use and `distributions`, each pinned at the installed version."""
    return [*_requirements(*distributions), _SELF]


def _requirements(*distributions: str) -> list[str]:
    """Return the MLflow in use and `distributions`, each pinned at the installed version."""
    found = (_mlflow.installed_requirement(name) for name in distributions)
    return [_mlflow.client_requirement(), *(requirement for requirement in found if requirement)]


def _is_estimator(model: object) -> bool:
    """Tell a scikit-learn estimator without importing scikit-learn: whoever has one has imported it."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(model, base.BaseEstimator) and not isinstance(model, HokusaiModel)


def _is_python_model(model: object) -> bool:
    return "mlflow.pyfunc" in sys.modules and isinstance(model, _mlflow.require("mlflow.pyfunc").PythonModel)
