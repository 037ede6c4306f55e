"""`VersionComparisonResult`: what changed between two versions of a model. Decides on values, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from hokusai.core._keyed import Keyed

__all__ = ["VersionComparisonResult", "compare"]

_HIGHER_IS_BETTER = ("accuracy", "precision", "recall", "f1_score", "auc")


@dataclass(frozen=True, slots=True)
class VersionComparisonResult(Keyed):
    """Two versions of a model, compared by the metrics that both have.

    `metrics_delta` is `version2` minus `version1`, by metric. `is_improvement` says whether one of accuracy, precision,
    recall, f1_score and auc rose. `comparison_timestamp` is naive UTC.
    """

    version1: str
    version2: str
    metrics_delta: dict[str, float] = field(default_factory=dict)
    is_improvement: bool = False
    comparison_timestamp: datetime | None = None


def compare(
    version1: str, metrics1: Mapping[str, float], version2: str, metrics2: Mapping[str, float]
) -> VersionComparisonResult:
    """Compare two versions by the metrics that both have; what only one has says nothing about a change."""
    # Rounded far beyond what a metric means, so that 0.9 - 0.8 is 0.1.
    delta = {name: round(metrics2[name] - value, 12) for name, value in metrics1.items() if name in metrics2}
    return VersionComparisonResult(
        version1,
        version2,
        metrics_delta=delta,
        is_improvement=any(delta.get(name, 0.0) > 0 for name in _HIGHER_IS_BETTER),
        comparison_timestamp=datetime.now(timezone.utc).replace(tzinfo=None),
    )
