"""Experiments and performance tracking: the documented names, loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.tracking.experiments import ExperimentManager
    from hokusai.tracking.performance import PerformanceTracker

__all__ = ["ExperimentManager", "PerformanceTracker"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ExperimentManager": "hokusai.tracking.experiments",
        "PerformanceTracker": "hokusai.tracking.performance",
    },
)
