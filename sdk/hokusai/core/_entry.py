"""`ModelRegistryEntry`: one registered version, as every registry method returns it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

__all__ = ["ModelRegistryEntry"]


@dataclass(frozen=True, slots=True)
class ModelRegistryEntry:
    """A registered version of a model; answers `entry.model_id` and `entry["model_id"]` alike.

    `version` is the semantic version, `mlflow_version` MLflow's number as a string, or `None` when the registration
    was kept locally in place of the server. `timestamp` is naive UTC.
    """

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

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(f"{name!r}; an entry has: {', '.join(self.keys())}")
        return getattr(self, "model_type" if name == "model_name" else name)

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def keys(self) -> tuple[str, ...]:
        """Return the names that `entry[name]` answers; with it `dict(entry)` works."""
        return (*(known.name for known in fields(self)), "model_name")

    def get(self, name: str, default: Any = None) -> Any:
        """Return `entry[name]`, or `default` for a name that it does not have."""
        return getattr(self, name) if name in self.keys() else default

    @property
    def model_name(self) -> str:
        """The registered model's name: the same as `model_type`."""
        return self.model_type
