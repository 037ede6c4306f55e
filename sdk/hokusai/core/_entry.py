"""`ModelRegistryEntry`: one registered version, as every registry method returns it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from hokusai.core._keyed import Keyed

__all__ = ["ModelRegistryEntry"]


@dataclass(frozen=True, slots=True)
class ModelRegistryEntry(Keyed):
    """A registered version of a model; answers `entry.model_id` and `entry["model_id"]` alike.

    `version` is the semantic version, `mlflow_version` MLflow's number as a string, or `None` when the registration
    was kept locally in place of the server. `timestamp` is naive UTC.
    """

    _further: ClassVar[tuple[str, ...]] = ("model_name", "created_at")

    model_id: str
    model_type: str
    version: str
    is_baseline: bool = False
    baseline_id: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    delta_metrics: dict[str, float] | None = None
    contributor_address: str | None = None
    timestamp: datetime | None = None
    mlflow_version: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    run_id: str | None = None

    @property
    def model_name(self) -> str:
        """The registered model's name: the same as `model_type`."""
        return self.model_type

    @property
    def created_at(self) -> datetime | None:
        """When it was registered: the same as `timestamp`."""
        return self.timestamp
