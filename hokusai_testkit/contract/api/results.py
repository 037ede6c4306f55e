"""What the registry's methods return: entries, tokenized models, lineage, comparisons.

Every field answers both as an attribute and as a key: `entry.model_id` and `entry["model_id"]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

__all__ = [
    "ModelLineage",
    "ModelRegistryEntry",
    "TokenizedModel",
    "VersionComparisonResult",
]


class ModelRegistryEntry(Protocol):
    """One registered version, as registering and reading return it.

    Every field answers both as an attribute and as a key: `entry.model_id` and `entry["model_id"]`.
    """

    @property
    def model_id(self) -> str:
        """Identifies this version among all versions of all models; `<name>/<number>` where nobody gave it one."""

    @property
    def model_type(self) -> str:
        """The registered model's name."""

    @property
    def version(self) -> str:
        """The semantic version, such as `1.10.0`; MLflow's number for a version that has none."""

    @property
    def mlflow_version(self) -> str | None:
        """MLflow's number of the version, always a string; None for what exists in a local fallback only."""

    @property
    def is_baseline(self) -> bool:
        """Whether it was registered as a baseline."""

    @property
    def baseline_id(self) -> str | None:
        """The `model_id` of the version that it improves; None for a baseline."""

    @property
    def metrics(self) -> Mapping[str, float]:
        """The metrics that were given when it was registered, by name."""

    @property
    def delta_metrics(self) -> Mapping[str, float] | None:
        """What it gained on its baseline, by metric; None for a baseline."""

    @property
    def contributor_address(self) -> str | None:
        """The Ethereum address of who contributed the improvement; None for a baseline."""

    @property
    def timestamp(self) -> datetime | None:
        """When it was registered, naive UTC."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The version's tags."""

    def __getitem__(self, field: str, /) -> Any:
        """Return the field `field`; a KeyError when there is none of that name."""


class TokenizedModel(Protocol):
    """One version that belongs to a token.

    Every field answers both as an attribute and as a key: `model.version` and `model["version"]`. Such a version has no
    semantic version: `version` and `mlflow_version` are both MLflow's number.
    """

    @property
    def model_name(self) -> str:
        """The registered model's name."""

    @property
    def version(self) -> str:
        """MLflow's number of the version, a string."""

    @property
    def mlflow_version(self) -> str:
        """The same as `version`."""

    @property
    def token_id(self) -> str:
        """The token, in upper case."""

    @property
    def token_identifier(self) -> str:
        """The same as `token_id`."""

    @property
    def proposal_identifier(self) -> str:
        """The proposal that the token belongs to; without one of its own, the token."""

    @property
    def metric_name(self) -> str:
        """The metric that improvements are measured by (tag `benchmark_metric`)."""

    @property
    def baseline_value(self) -> float:
        """The value of that metric to start from (tag `benchmark_value`)."""

    @property
    def mlflow_run_id(self) -> str | None:
        """The run that holds the artifact."""

    @property
    def status(self) -> str:
        """`registered`."""

    @property
    def tags(self) -> Mapping[str, str]:
        """The version's tags."""

    @property
    def eval_spec(self) -> str | None:
        """How the model is evaluated; None when it was not said. Likewise the next three."""

    @property
    def scorer_ref(self) -> str | None:
        """What scores it."""

    @property
    def primary_metric(self) -> str | None:
        """The metric that decides."""

    @property
    def benchmark_spec_id(self) -> str | None:
        """The benchmark that it is measured with."""

    @property
    def event_emitted(self) -> bool | None:
        """Whether the platform emitted the registration event; None where nobody noted it."""

    @property
    def site_status_update(self) -> str | None:
        """`succeeded`, `failed`, or `skipped` where no event was sent; None where nobody noted it."""

    @property
    def notification_response(self) -> Mapping[str, Any] | None:
        """What the platform answered to the event in the call that returned this; None without an answer."""

    @property
    def notification_error(self) -> str | None:
        """Why the event did not arrive, in the call that returned this; None where it did, or was not sent."""

    def __getitem__(self, field: str, /) -> Any:
        """Return the field `field`; a KeyError when there is none of that name."""


class ModelLineage(Protocol):
    """How a model came to be what it is: iterate over it, oldest version first."""

    @property
    def entries(self) -> Sequence[ModelRegistryEntry]:
        """The versions, oldest first."""

    @property
    def total_improvement(self) -> float:
        """The sum of the delta metrics whose name holds `improvement`; where there are none such, of all."""

    def __iter__(self) -> Iterator[ModelRegistryEntry]:
        """Give the entries, oldest first."""


class VersionComparisonResult(Protocol):
    """Two versions of a model, compared by the metrics that both have."""

    @property
    def version1(self) -> str:
        """The semantic version that the comparison starts from."""

    @property
    def version2(self) -> str:
        """The semantic version that is compared with it."""

    @property
    def metrics_delta(self) -> Mapping[str, float]:
        """`version2` minus `version1`, by metric; only those that both versions have."""

    @property
    def is_improvement(self) -> bool:
        """Whether one of accuracy, precision, recall, f1_score and auc rose."""

    @property
    def comparison_timestamp(self) -> datetime | None:
        """When they were compared, naive UTC."""
