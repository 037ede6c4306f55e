"""One fault rule: which effect, at which layer, for which requests, when. The vocabulary of a `[[fault]]` table.

The same tables come from scenario files, from the admin API and from `Sandbox.fault(...)`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from hokusai_mock.faults.interface import Effect, FaultError, Layer, Parameters, When
from hokusai_mock.faults.matching import Match
from hokusai_mock.faults.planned import PLANNED
from hokusai_mock.faults.schedule import Schedule
from hokusai_mock.faults.status import Status
from hokusai_mock.schema import ImpossibleError, Key, SchemaError, Seconds, did_you_mean, read

__all__ = ["EFFECTS", "PLAYABLE", "FaultRule", "Window"]

PLAYABLE: dict[str, type[Effect]] = {effect.name: effect for effect in (Status,)}
"""The effects that can be played, by name. A new effect is one module and one entry here."""

EFFECTS: dict[str, type[Parameters]] = {**PLANNED, **PLAYABLE}
"""The closed list of effects that a rule may name."""

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

    layer: Layer
    effect: str
    when: When = "before"
    match: Match = field(default_factory=Match)
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule, immutable. Whoever adds it gives its `name`, under which it is journalled and its chance is drawn."""

    layer: Layer
    when: When
    effect: Parameters
    match: Match
    schedule: Schedule
    window: Window | None
    table: Mapping[str, Any]
    name: str = ""

    @classmethod
    def parse(cls, table: Mapping[str, Any], where: str = "[[fault]]") -> FaultRule:
        """Read a `[[fault]]` table; `where` names it in errors.

        `FaultError` for unknown keys, effects, layers, path groups and impossible combinations, with the nearest valid
        name. An effect that cannot be played yet is read all the same: `playable` says so, a `FaultBoard` refuses it.
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
                raise FaultError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}")
        frame = read(_Frame, {k: v for k, v in table.items() if k not in _SCHEDULE and k != "with"}, where)
        schedule = read(Schedule, {k: v for k, v in table.items() if k in _SCHEDULE}, where)
        if frame.effect not in EFFECTS:
            raise FaultError(f"{where}: no effect is called {frame.effect!r}{did_you_mean(frame.effect, EFFECTS)}")
        effect = read(EFFECTS[frame.effect], table.get("with", {}), f"{where}: 'with' of {frame.effect}")
        return cls(frame.layer, frame.when, effect, frame.match, schedule, frame.window, dict(table))

    @property
    def playable(self) -> bool:
        """Whether this version can play the rule's effect."""
        return isinstance(self.effect, Effect)

    def named(self, name: str) -> FaultRule:
        """Return the same rule under a name."""
        return dataclasses.replace(self, name=name)
