"""What models do in use: `PerformanceTracker`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry

__all__ = [
    "PerformanceTracker",
    "PerformanceTrackerClass",
]


class PerformanceTracker(Protocol):
    """Records what models do in use. Documented import: `from hokusai.tracking import PerformanceTracker`."""

    def track_inference(self, metrics: Mapping[str, Any]) -> None:
        """Record one inference in the experiment `hokusai_inference/<model_id>`.

        `metrics` has `model_id`, `model_version`, `latency_ms` (milliseconds) and any further numbers. One run per
        process and model version carries the tags `model_id` and `model_version`; metrics keep their own names. Calls
        are batched: under 0.1 ms for the caller. The caller's dict and active run are never touched.

        Raises `InvalidParameterError` that names the missing key. Source: ISSUE-5.
        """

    def flush(self) -> None:
        """Write what is still kept, and raise the first failure; afterwards the tracker's runs are FINISHED."""


class PerformanceTrackerClass(Protocol):
    """The class `PerformanceTracker` itself."""

    def __call__(self, *, registry: OwnModelRegistry | None = None) -> PerformanceTracker:
        """Record to the tracking server of `registry`, or to the configured one."""
