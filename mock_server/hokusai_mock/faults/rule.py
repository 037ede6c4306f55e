"""One fault rule: which effect, at which layer, for which requests, when. The vocabulary of a `[[fault]]` table.

The same tables come from scenario files, from the admin API and from `Sandbox.fault(...)`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from hokusai_mock.faults.broken_chunk import BrokenChunk
from hokusai_mock.faults.close_before_status import CloseBeforeStatus
from hokusai_mock.faults.delay import Delay
from hokusai_mock.faults.delay_then_status import DelayThenStatus
from hokusai_mock.faults.garbage import Garbage
from hokusai_mock.faults.hang import Hang
from hokusai_mock.faults.interface import Effect, FaultError, Layer, When
from hokusai_mock.faults.invalid_json import InvalidJson
from hokusai_mock.faults.matching import Match
from hokusai_mock.faults.redirect import Redirect
from hokusai_mock.faults.reset import Reset
from hokusai_mock.faults.schedule import Schedule
from hokusai_mock.faults.status import Status
from hokusai_mock.faults.truncate import Truncate
from hokusai_mock.faults.wrong_content_type import WrongContentType
from hokusai_mock.faults.wrong_length import WrongLength
from hokusai_mock.schema import ImpossibleError, Key, SchemaError, Seconds, did_you_mean, read

__all__ = ["EFFECTS", "FaultRule", "Window"]

EFFECTS: dict[str, type[Effect]] = {
    effect.name: effect
    for effect in (
        Status,
        Delay,
        DelayThenStatus,
        Redirect,
        InvalidJson,
        WrongContentType,
        Reset,
        Hang,
        CloseBeforeStatus,
        Truncate,
        WrongLength,
        BrokenChunk,
        Garbage,
    )
}
"""The closed list of effects, by name. A new effect is one module and one entry here."""

_SCHEDULE = tuple(field.name for field in dataclasses.fields(Schedule))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the world's clock, in seconds since the rule was added; `until` absent means for ever."""

    from_: Annotated[Seconds, Key("from")] = 0.0
    until: Seconds | None = None

    def __post_init__(self) -> None:
        """Refuse a window that never opens."""
        if self.until is not None and self.until <= self.from_:
            raise ImpossibleError(f"the window ends ({self.until} s) before it begins ({self.from_} s)")

    def is_open(self, elapsed_s: float) -> bool:
        """Say whether a moment `elapsed_s` after the rule was added lies within."""
        return self.from_ <= elapsed_s and (self.until is None or elapsed_s < self.until)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The part of a `[[fault]]` table that is the same for every effect and every schedule."""

    effect: str
    layer: Layer | None = None
    when: When = "before"
    match: Match = field(default_factory=Match)
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule, immutable. Whoever adds it gives its `name`, under which it is journalled and its chance is drawn."""

    layer: Layer
    when: When
    effect: Effect
    match: Match
    schedule: Schedule
    window: Window | None
    table: Mapping[str, Any]
    name: str = ""

    @classmethod
    def parse(cls, table: Mapping[str, Any], where: str = "[[fault]]") -> FaultRule:
        """Read a `[[fault]]` table; `where` names it in errors.

        `FaultError` for unknown keys, effects, layers, path groups and impossible combinations, with the nearest valid
        name. A rule that names no layer is attached where its effect is at home.
        """
        try:
            return cls._parse(table, where)
        except FaultError:
            raise
        except SchemaError as error:
            raise FaultError(str(error)) from None

    @classmethod
    def _parse(cls, table: Mapping[str, Any], where: str) -> FaultRule:
        known = {"layer", "when", "effect", "match", "window", "with", *_SCHEDULE}
        if not isinstance(table, Mapping):
            raise FaultError(f"{where}: expected a table")
        for key in table:
            if key not in known:
                raise FaultError(f"{where}: unknown key {key!r}{_belongs(key, table) or did_you_mean(key, known)}")
        frame = read(_Frame, {k: v for k, v in table.items() if k not in _SCHEDULE and k != "with"}, where)
        schedule = read(Schedule, {k: v for k, v in table.items() if k in _SCHEDULE}, where)
        if frame.effect not in EFFECTS:
            raise FaultError(f"{where}: no effect is called {frame.effect!r}{did_you_mean(frame.effect, EFFECTS)}")
        if frame.layer == "listener":
            raise FaultError(
                f"{where}: at the layer 'listener' a request has no path yet that a rule could match; what happens "
                "there is a [[listener]] of a scenario. To break the connection of a request, use the layer 'transport'"
            )
        effect = read(EFFECTS[frame.effect], table.get("with", {}), f"{where}: 'with' of {frame.effect}")
        layer = frame.layer or effect.home
        return cls(layer, frame.when, effect, frame.match, schedule, frame.window, dict(table))

    def named(self, name: str) -> FaultRule:
        """Return the same rule under a name."""
        return dataclasses.replace(self, name=name)


def _belongs(key: str, table: Mapping[str, Any]) -> str:
    """The end of a sentence about a key that stands one level too high."""
    effect: Any = EFFECTS.get(str(table.get("effect")))
    for name, owner in (("with", effect), ("match", Match)):
        if owner is not None and key in (item.name for item in dataclasses.fields(owner)):
            return f"; it belongs into {name!r}: {name} = {{ {key} = ... }}"
    return ""
