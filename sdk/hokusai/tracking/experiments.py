"""`ExperimentManager`: runs in Hokusai's experiments. Modes and error translation live in `_backend.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend, Place, Status
from hokusai.config._resolver import Settings, resolve
from hokusai.exceptions import HokusaiException, InvalidParameterError

__all__ = ["ExperimentManager"]


class ExperimentManager:
    """Experiments at one MLflow server, which is the registry's, or the resolved one.

    The first argument may be a registry (older style). The mode is the registry's, else the environment's:
    `HOKUSAI_MOCK_MODE` and `HOKUSAI_OPTIONAL_MLFLOW`.

    Raises:
        ConfigurationError: no key where one is needed (A01), an unusable key (A14) or URI (B08); nothing was sent.
        MLflowAuthenticationError: the server refused the key; `code` says which of the causes it is (A03, A05, ...).
        MLflowConnectionError: the server was not reached within 10 s, where falling back is not allowed.
    """

    def __init__(
        self,
        experiment_name: Any = "hokusai_model_improvements",
        mlflow_tracking_uri: str | None = None,
        registry: Any = None,
    ) -> None:
        """Resolve the configuration and check the connection once, bounded to 10 s. Creates nothing."""
        if not isinstance(experiment_name, str) and hasattr(experiment_name, "tracking_uri") and registry is None:
            experiment_name, registry = "hokusai_model_improvements", experiment_name
        self.experiment_name = _checked_name(experiment_name)
        self.registry = registry
        _mlflow.require()
        self._backend = _backend_of(registry, mlflow_tracking_uri)
        if mlflow_tracking_uri is not None and self._backend.settings.mode == "online":
            _mlflow.set_tracking_uri(mlflow_tracking_uri)
        self._backend.check(
            ("/api/2.0/mlflow/experiments/get-by-name", {"experiment_name": self.experiment_name}),
        )

    @property
    def tracking_uri(self) -> str:
        """The tracking URI that reads go to."""
        return self._backend.uri

    @property
    def status(self) -> Status:
        """`mode`, `degraded`, `cause` and `store`, as of the last connection check."""
        return self._backend.status

    @contextmanager
    def start_experiment(self, experiment_name: str | None = None) -> Iterator[Any]:
        """Open a run in `experiment_name` (default: the manager's own), as a context manager that gives MLflow's run.

        Inside the block the run is active, nested if one was, and MLflow's tracking URI is that of the run; afterwards
        both are as before. The run ends as FINISHED, or as FAILED when the block raises.

        Raises:
            InvalidParameterError: a blank name.
            MLflowAuthenticationError, MLflowConnectionError: the run could not be opened or ended.
        """
        name = self.experiment_name if experiment_name is None else _checked_name(experiment_name)
        action = f"start a run in {name!r}"
        place = self._backend.unit(action)
        with self._backend.calling(action, HokusaiException):
            run = _open_run(place, name)
        status = "FAILED"
        try:
            with _mlflow.active_run(place.uri, run) as active:
                yield active
            status = "FINISHED"
        finally:
            with self._backend.calling(f"end the run {run.info.run_id}", HokusaiException):
                _mlflow.end_run(place.client, run.info.run_id, status)

    def __repr__(self) -> str:
        backend: Backend | None = getattr(self, "_backend", None)
        if backend is None:  # tracebacks show objects whose constructor has failed, too
            return "ExperimentManager()"
        settings = backend.settings
        return f"ExperimentManager({self.experiment_name!r}, {settings.tracking_uri!r}, mode={settings.mode!r})"


def _open_run(place: Place, experiment_name: str) -> Any:
    """Create a run; nested below the active one where that is in the same store."""
    tags = {**place.tags(), **_mlflow.context_tags()}
    parent = _mlflow.current_run_id()
    if parent:
        tags["mlflow.parentRunId"] = parent
    return place.client.create_run(place.experiment(experiment_name), tags=tags)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidParameterError(f"experiment_name must be a name (or a registry), not {name!r}.")
    return name


def _backend_of(registry: Any, tracking_uri: str | None) -> Backend:
    """Return the registry's connection, or one of its own where a tracking URI or another kind of registry is given."""
    shared = getattr(registry, "_backend", None)
    if isinstance(shared, Backend):
        return shared if tracking_uri is None else Backend(_moved(shared.settings, tracking_uri))
    if registry is not None and not hasattr(registry, "tracking_uri"):
        raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
    return Backend(resolve(tracking_uri or getattr(registry, "tracking_uri", None)))


def _moved(settings: Settings, tracking_uri: str) -> Settings:
    """Resolve the registry's configuration again for another tracking URI."""
    mode = settings.mode if settings.mode == "local" or settings.explicit_online else None
    return resolve(tracking_uri, settings.api_key, settings.api_endpoint, mode=mode, timeout=settings.timeout)
