"""Runs that record improvements: `ExperimentManager`."""

from __future__ import annotations

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

        Raises, here or already in the constructor, `MLflowAuthenticationError` with `status_code` 401 or 403, the
        incident's `code` (A03 a key that is not valid, A05 a key without the registry role) and a `remedy`;
        `ConfigurationError` code A01 before any request when there is no key. Source: ISSUE-1.
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
