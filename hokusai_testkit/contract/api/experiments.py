"""Runs that record improvements, and comparisons of registered models: `ExperimentManager`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry

__all__ = [
    "ExperimentManager",
    "ExperimentManagerClass",
]


class ExperimentManager(Protocol):
    """Runs that record improvements. Documented import: `from hokusai.tracking import ExperimentManager`."""

    def start_experiment(self, experiment_name: str) -> AbstractContextManager[Any]:
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
        """

    def get_experiment_history(self, baseline_model_id: str | None = None) -> list[dict[str, Any]]:
        """Return the improvement experiments and comparisons of the manager's experiment, the newest first.

        Each is a dict with `run_id`, `baseline_model`, `improvement` (the mean of the improvements, None where nothing
        was compared), `recommendation` (None likewise) and `timestamp` (ISO 8601, UTC). With `baseline_model_id` only
        those of that baseline. `[]` when there are none; in local mode the local store is read. An outage raises, it
        never looks like "none".

        Raises:
            MLflowAuthenticationError, MLflowConnectionError: the experiment could not be read.
        """


class ExperimentManagerClass(Protocol):
    """The class `ExperimentManager` itself."""

    def __call__(
        self,
        experiment_name: str = "hokusai_model_improvements",
        mlflow_tracking_uri: str | None = None,
        registry: OwnModelRegistry | None = None,
    ) -> ExperimentManager:
        """Connect to the tracking server: one Hokusai key is enough. A registry as first argument is accepted too."""
