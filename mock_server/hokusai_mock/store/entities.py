"""What the store holds. Times are milliseconds since the epoch, ids are text; nothing here knows JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "ACTIVE",
    "DELETED",
    "DatasetInput",
    "Experiment",
    "LoggedModel",
    "Metric",
    "ModelVersion",
    "RegisteredModel",
    "Run",
]

ACTIVE = "active"
DELETED = "deleted"


@dataclass(slots=True)
class Experiment:
    """A named group of runs."""

    experiment_id: str
    name: str
    artifact_location: str
    creation_time: int
    last_update_time: int
    lifecycle_stage: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Metric:
    """One logged value; NaN is a value, infinities are kept as the largest double, as a SQL store does."""

    key: str
    value: float
    timestamp: int
    step: int
    run_id: str
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A dataset that a run used, with the tags of its use."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    tags: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Run:
    """One run. `history` holds every value of a metric in the order of arrival, `metrics` the latest of each key."""

    run_id: str
    experiment_id: str
    name: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    end_time: int | None = None
    lifecycle_stage: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    history: dict[str, dict[tuple[object, ...], Metric]] = field(default_factory=dict)
    datasets: dict[tuple[str, str], DatasetInput] = field(default_factory=dict)
    model_inputs: list[str] = field(default_factory=list)
    model_outputs: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class LoggedModel:
    """A model that was logged as an entity of its own (MLflow 3)."""

    model_id: str
    experiment_id: str
    name: str
    artifact_uri: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str
    source_run_id: str
    status: str = "LOGGED_MODEL_PENDING"
    lifecycle_stage: str = ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[Metric, None] = field(default_factory=dict)
    """In the order of arrival, each once."""


@dataclass(slots=True)
class ModelVersion:
    """One version of a registered model; `storage_location` is where its artifacts are."""

    name: str
    version: int
    creation_timestamp: int
    last_updated_timestamp: int
    source: str
    storage_location: str
    run_id: str
    run_link: str
    description: str | None
    current_stage: str = "None"
    status: str = "READY"
    tags: dict[str, str] = field(default_factory=dict)
    kind: str = "model"
    """`prompt` for all versions of a name of which one is tagged as a prompt."""


@dataclass(slots=True)
class RegisteredModel:
    """A registered model with its versions by number; `versions_made` counts deleted ones too.

    `in_stage` holds the numbers of the versions in each stage, ascending; `named` the aliases of each version.
    """

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str | None
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[int, ModelVersion] = field(default_factory=dict)
    versions_made: int = 0
    in_stage: dict[str, list[int]] = field(default_factory=dict)
    named: dict[int, set[str]] = field(default_factory=dict)
