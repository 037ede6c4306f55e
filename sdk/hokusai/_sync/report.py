"""What a sync did, as values, and what it tells while it is at work; how that is shown is the command's business."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Elsewhere", "Event", "Left", "Progress", "Report", "Uploaded"]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One thing that is now on the server: `kind` is experiment, run, logged model, version or registration."""

    kind: str
    name: str
    old: str
    """Its id in the local store: `local:<run id>`, or `local:<number>` of a version."""
    new: str
    """Its id on the server."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that stays in the local store, and why."""

    kind: str
    name: str
    id: str
    reason: str
    remedy: str | None = None
    code: str | None = None
    failed: bool = True
    """`False` for what is only not ready yet: a run whose process is still at work."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Work that this sync does not touch: kept for another platform, or by another MLflow (`store` says where)."""

    kept_for: str
    runs: int = 0
    versions: int = 0
    registrations: int = 0
    store: Path | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """The registration event of an uploaded version: its state, and what went wrong where it was sent in vain."""

    name: str
    version: str
    state: str
    problem: str | None = None


@dataclass(slots=True)
class Report:
    """What came of one sync."""

    target: str
    store: Path
    uploaded: list[Uploaded] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing that was to be uploaded or sent failed."""
        return not any(item.failed for item in self.left) and not any(event.problem for event in self.events)


class Progress:
    """Told while things are uploaded; this one shows nothing. Units are bytes."""

    def begin(self, total: int) -> None:
        """Begin: about `total` bytes are to be uploaded."""

    def at(self, what: str) -> None:
        """Say what is being uploaded now."""

    def advance(self, size: int) -> None:
        """Say that `size` bytes more are done."""

    def end(self) -> None:
        """End, whether all went well or not."""
