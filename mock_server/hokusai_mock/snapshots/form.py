"""The format of a snapshot: what stands in it, and how it becomes bytes. Reading is strict, by `schema.read`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from hokusai_mock.configuration import WorldError
from hokusai_mock.scenarios.tables import Rights, Settings
from hokusai_mock.schema import AtLeast, Between, SchemaError, read
from hokusai_mock.store.contents import Contents

__all__ = [
    "KIND",
    "SCHEMA_VERSION",
    "Snapshot",
    "SnapshotError",
    "StoredChange",
    "StoredRule",
    "StoredScenario",
    "read_snapshot",
    "to_bytes",
]

SCHEMA_VERSION = 1
KIND = "hokusai-testkit sandbox"


class SnapshotError(WorldError):
    """A snapshot cannot be read or put back; the message says where and why. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class StoredScenario:
    """A scenario that runs, since `started_ms` of the clock; in the options, one that runs from the start."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    started_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StoredChange:
    """Rights of keys, by role, and platform settings that were set by hand."""

    at_ms: int
    keys: Mapping[str, Rights] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, slots=True)
class Start:
    """What the sandbox started from, and returns to with a reset."""

    mlflow: str
    platform: str
    plain: bool
    seed: int
    scenarios: tuple[StoredScenario, ...] = ()
    time_scale: Annotated[float, Between(0, 1e6)] = 1.0


@dataclass(frozen=True, slots=True)
class Ids:
    """The sequence of ids, and how many of it were drawn."""

    seed: int
    drawn: Annotated[int, AtLeast(0)]


@dataclass(frozen=True, slots=True)
class ClockForm:
    """Milliseconds ahead of real time, or frozen where; a clock that runs has gone on when it is put back."""

    offset_ms: int
    frozen_ms: int | None = None
    time_scale: Annotated[float, Between(0, 1e6)] = 1.0


@dataclass(frozen=True, slots=True)
class ProfileNames:
    """The profiles that were chosen; scenarios may choose others while they run."""

    mlflow: str
    platform: str


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A fault rule: the fields of its `[[fault]]` table, the name it got, since when it is there, what it counted."""

    name: str
    added_ms: int
    table: Mapping[str, Any]
    counted: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredFaults:
    """The fault rules, those of running scenarios too."""

    rules: tuple[StoredRule, ...]
    given_names: Annotated[int, AtLeast(0)] = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sandbox at one moment."""

    schema_version: Literal[1]
    kind: Literal["hokusai-testkit sandbox"]
    start: Start
    seed: int
    ids: Ids
    clock: ClockForm
    profiles: ProfileNames
    steps: tuple[StoredScenario | StoredChange, ...]
    """Scenarios that run and what was set by hand, in the order of doing."""
    faults: StoredFaults | None
    """The rules and what they counted; null when there never was one. As all of a snapshot it must be there: what is
    left out would be put back as if it had never been.
    """
    platform: Mapping[str, Any] | None
    """What the platform remembers beside MLflow's data: debits, windows, events; null when nothing."""
    data: Contents | None
    """MLflow's data; null when nothing has asked for any yet."""

    @classmethod
    def parse(cls, data: object) -> Snapshot:
        """Check a snapshot as JSON gave it; see `read_snapshot`."""
        return read_snapshot(data)


def read_snapshot(data: object) -> Snapshot:
    """Check a snapshot as JSON gave it; `SnapshotError` names what does not fit."""
    version = data.get("schema_version") if isinstance(data, Mapping) else None
    if version is not None and version != SCHEMA_VERSION:
        raise SnapshotError(
            f"the snapshot has version {version!r}, and this version of hokusai-testkit reads {SCHEMA_VERSION}; "
            "make it again"
        )
    try:
        return read(Snapshot, data, "the snapshot")
    except SchemaError as error:
        raise SnapshotError(str(error)) from error


def to_bytes(data: Mapping[str, Any]) -> bytes:
    """A snapshot as bytes: the same for the same data, in the order in which `snapshot` writes it."""
    return json.dumps(data, indent=1, allow_nan=False).encode() + b"\n"
