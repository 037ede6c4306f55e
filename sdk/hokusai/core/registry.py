"""`ModelRegistry`: registering models with Hokusai. The work itself is in `_registration.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend, Status
from hokusai.auth.hokusai_auth import HokusaiAuth
from hokusai.config._resolver import resolve
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._registration import Order, register
from hokusai.exceptions import InvalidParameterError, RegistryException

__all__ = ["ModelRegistry", "ModelRegistryEntry", "RegistryException"]


class ModelRegistry:
    """The registry of models at one MLflow server.

    What is not given is resolved: `setup()`, environment, configuration file, default. `mode="online"` never falls
    back to the local store, `mode="local"` never leaves it, `None` goes by `HOKUSAI_MOCK_MODE` and
    `HOKUSAI_OPTIONAL_MLFLOW`.
    `timeout` bounds the SDK's own HTTP calls in seconds; MLflow's calls obey MLflow's variables.

    Raises:
        ConfigurationError: no key where one is needed (A01), an unusable key (A14) or URI (B08); nothing was sent.
        MLflowAuthenticationError: the server refused the key (`code` says why: A03, A05, ...).
        MLflowConnectionError: the server was not reached within 10 s, where falling back is not allowed.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        auth: HokusaiAuth | None = None,
        *,
        timeout: float = 30.0,
        mode: str | None = None,
    ) -> None:
        """Resolve the configuration and check the connection once, bounded to 10 s."""
        if auth is not None and not hasattr(auth, "api_key"):
            raise InvalidParameterError(f"auth must be a HokusaiAuth, not {type(auth).__name__}.")
        if not timeout > 0:
            raise InvalidParameterError(f"timeout must be a number of seconds above 0, not {timeout!r}.")
        key = api_key if api_key is not None else getattr(auth, "api_key", None)
        endpoint = api_endpoint if api_endpoint is not None else getattr(auth, "api_endpoint", None)
        settings = resolve(tracking_uri, key, endpoint, mode=mode, timeout=timeout)
        _mlflow.require()
        self._backend = Backend(settings)
        if tracking_uri is not None and settings.mode == "online":
            _mlflow.set_tracking_uri(settings.tracking_uri)
        self._backend.check()

    @property
    def tracking_uri(self) -> str:
        """The tracking URI that reads go to."""
        return self._backend.uri

    @property
    def status(self) -> Status:
        """`mode`, `degraded`, `cause` and `store`, as of the last connection check."""
        return self._backend.status

    def register_baseline(
        self,
        model: Any = None,
        model_type: str | None = None,
        model_name: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        metrics: Mapping[str, float] | None = None,
        mlflow_run_id: str | None = None,
    ) -> ModelRegistryEntry:
        """Log `model` and register it as a version of the registered model `model_name`.

        `model_type` and `model_name` are two names for the same thing. `model` is a `HokusaiModel`, a scikit-learn
        estimator, an `mlflow.pyfunc.PythonModel`, a callable, or a `runs:/` or `models:/` URI; without it the model
        logged to the run `mlflow_run_id` is registered. With both, the model is logged to that run. `metrics` default
        to the `HokusaiModel`'s own. The semantic version is `metadata["version"]`, else `model.version`, else the next
        minor after the highest, first 1.0.0; where it is taken, the next minor.

        Raises:
            InvalidParameterError: no name, two different names, nothing to register, a malformed value.
            MLflowAuthenticationError, MLflowConnectionError, RateLimitError: see `code` and `remedy`.
            RegistryException: the server refused, or the model cannot be saved.
        """
        name, parameter = _one_name(model_type, model_name)
        order = Order.checked(name, parameter, model, run_id=mlflow_run_id, metadata=metadata, metrics=metrics)
        return register(self._backend, order)

    def __repr__(self) -> str:
        settings = self._backend.settings
        return f"ModelRegistry(tracking_uri={settings.tracking_uri!r}, mode={settings.mode!r})"


def _one_name(model_type: str | None, model_name: str | None) -> tuple[str, str]:
    """Return the registered model's name and the parameter that gave it."""
    if model_type is not None and model_name is not None and model_type != model_name:
        raise InvalidParameterError(
            f"model_type={model_type!r} and model_name={model_name!r} are two names for the same thing: give one."
        )
    if model_name is not None:
        return model_name, "model_name"
    if model_type is not None:
        return model_type, "model_type"
    raise InvalidParameterError("The model needs a name: pass model_name (or model_type).")
