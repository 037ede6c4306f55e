"""`ExperimentManager`: runs in Hokusai's experiments, and comparisons of registered models.

What a comparison computes is in `_comparison.py`, the runs that are written and read in `_history.py`; modes and error
translation are in `_backend.py`.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from hokusai import _mlflow, _mlflow_active
from hokusai._backend import Backend, Place, Status
from hokusai.config._resolver import Settings, resolve
from hokusai.exceptions import HokusaiException, InvalidParameterError
from hokusai.tracking._history import checked_id, comparison_run, improvement_run, read_history
from hokusai.tracking._writing import write_run

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
        """Connect to the tracking server: one Hokusai key is enough. A registry as first argument is accepted too."""
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
        """Return a context manager that opens a run in the experiment `experiment_name`, made when it is missing.

        Inside the block the run is MLflow's active run (nested if there was one); afterwards it is ended and the former
        state is back. An exception of the block leaves it unchanged.

        Raises:
            MLflowAuthenticationError: here or already in the constructor; `status_code` is 401 or 403, `code` the
                incident (A03 a key that is not valid, A05 a key without the registry role), `remedy` what to do.
            ConfigurationError: there is no key (A01); no request was made.
            MLflowConnectionError: the server cannot be reached, where falling back is not allowed.

        Source: ISSUE-1.
        """
        name = self.experiment_name if experiment_name is None else _checked_name(experiment_name)
        action = f"start a run in {name!r}"
        place = self._backend.unit(action)
        with self._backend.calling(action, HokusaiException):
            run = _open_run(place, name)
        try:
            with _mlflow_active.active_run(place.uri, run) as active:
                yield active
        except BaseException:
            self._end_failed(place, run.info.run_id)
            raise
        self._end(place, run.info.run_id, "FINISHED")

    def create_improvement_experiment(self, baseline_model_id: str, contributed_data: Mapping[str, Any]) -> str:
        """Record that a model is to be improved with contributed data; return the id of the run.

        The run is in the manager's experiment, tagged `baseline_model_id`, and FINISHED. Of `contributed_data`
        texts and numbers are recorded, of lists, arrays and tables only how long they are: contributed data itself is
        never sent. The dict and the caller's active run are not touched. Kept in place of a server that is down, the id
        begins with `local:`.

        Raises:
            InvalidParameterError: a blank id, no dict, or an empty one; nothing was written.
            MLflowAuthenticationError: the key was refused.
        """
        baseline = checked_id(baseline_model_id, "baseline_model_id")
        run = improvement_run(self.experiment_name, baseline, contributed_data)
        return write_run(self._backend, f"record an improvement experiment of {baseline!r}", run)

    def compare_models(self, baseline_id: str, candidate_id: str, test_data: Mapping[str, Any]) -> dict[str, Any]:
        """Compare two registered models, by their ids, on test data, and record the comparison.

        `test_data` has `features` (N rows, as `predict_batch` takes them), `labels` (N numbers or texts) and may have
        `dataset_name`. Returns a dict:

        - `baseline_metrics`, `candidate_metrics`: floats by name. For classes `accuracy`, `precision`, `recall` and
          `f1_score` (of the class 1 where the labels are 0 and 1, else the mean over the classes), and `auc` where the
          model gives scores. For numbers `mae`, `mse` and `r2`.
        - `improvements`: by how much the candidate is better, for every metric that both have, rounded to six digits:
          the difference, and of errors the share of the greater one.
        - `recommendation`: any improvement below -0.01 is `REJECT`; two or more above 0.01 `ACCEPT`; one `REVIEW`; else
          `REJECT`.
        - `test_dataset`: the `dataset_name`, `unknown` without one.

        All numbers are computed from what the models really predict, in every mode; what cannot be computed is left
        out. The dict and the caller's active run are not touched.

        Raises:
            InvalidParameterError: test data without features or labels, or with different numbers of them.
            ModelNotFoundError: no registered model has one of the ids.
            MLflowAuthenticationError, MLflowConnectionError: the registry could not be read, or the run not written.

        Note:
            `test_data` may have `task`, `"classification"` or `"regression"`; without it labels and predictions
            tell. Loading a model runs its code.
        """
        from hokusai.tracking._comparison import TestData, compare  # noqa: PLC0415 - loads what loads models

        ids = checked_id(baseline_id, "baseline_id"), checked_id(candidate_id, "candidate_id")
        found = compare(self._backend, *ids, TestData.checked(test_data))
        run = comparison_run(self.experiment_name, *ids, found)
        write_run(self._backend, f"record the comparison of {ids[0]!r} and {ids[1]!r}", run)
        return found.as_dict()

    def get_experiment_history(self, baseline_model_id: str | None = None) -> list[dict[str, Any]]:
        """Return the improvement experiments and comparisons of the manager's experiment, the newest first.

        Each is a dict with `run_id`, `baseline_model`, `improvement` (the mean of the improvements, None where nothing
        was compared), `recommendation` (None likewise) and `timestamp` (ISO 8601, UTC). With `baseline_model_id` only
        those of that baseline. `[]` when there are none; in local mode the local store is read. An outage raises, it
        never looks like "none".

        Raises:
            MLflowAuthenticationError, MLflowConnectionError: the experiment could not be read.
        """
        baseline = None if baseline_model_id is None else checked_id(baseline_model_id, "baseline_model_id")
        with self._backend.calling(f"read the history of {self.experiment_name!r}", HokusaiException):
            return read_history(self._backend, self.experiment_name, baseline)

    def _end(self, place: Place, run_id: str, status: str) -> None:
        with self._backend.calling(f"end the run {run_id}", HokusaiException):
            _mlflow.end_run(place.client, run_id, status)

    def _end_failed(self, place: Place, run_id: str) -> None:
        """End the run of a block that raised; where that fails too, what the block raised is what matters."""
        try:
            self._end(place, run_id, "FAILED")
        except HokusaiException as error:
            with contextlib.suppress(RuntimeWarning):
                warnings.warn(f"The run {run_id} is left RUNNING: {error}", RuntimeWarning, stacklevel=4)

    def __repr__(self) -> str:
        backend: Backend | None = getattr(self, "_backend", None)
        if backend is None:  # tracebacks show objects whose constructor has failed, too
            return "ExperimentManager()"
        settings = backend.settings
        return f"ExperimentManager({self.experiment_name!r}, {settings.tracking_uri!r}, mode={settings.mode!r})"


def _open_run(place: Place, experiment_name: str) -> Any:
    """Create a run; nested below the active one where that is in the same store."""
    tags = {**place.tags(), **_mlflow_active.context_tags()}
    parent = _mlflow_active.current_run_id(place.uri)
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
