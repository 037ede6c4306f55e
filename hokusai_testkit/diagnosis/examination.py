"""Runs the probes in order, skips what cannot or must not run, and grades what was seen. Decides no verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hokusai_testkit.diagnosis.grading import GRADERS, Status, Surroundings
from hokusai_testkit.diagnosis.probes import PROBES, Context, NotApplicable, Probe, Withheld

__all__ = ["Check", "Examination", "Selection", "examine"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the result. `complete` is false where something was not looked at that should have been."""

    id: str
    group: str
    status: Status
    evidence: str
    waits_on: str | None = None
    complete: bool = True

    @property
    def in_order(self) -> bool:
        """Whether checks that need this one may run."""
        return self.status in ("pass", "warn") or (self.status == "skip" and self.complete)


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at and what was seen."""

    checks: tuple[Check, ...]
    facts: Mapping[str, Mapping[str, Any]]
    online: bool

    @property
    def complete(self) -> bool:
        """Whether everything that applies was looked at."""
        return all(check.complete for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed, in order."""
        return tuple(check for check in self.checks if check.status == "fail")

    @property
    def warned(self) -> tuple[Check, ...]:
        """The checks that warn, in order."""
        return tuple(check for check in self.checks if check.status == "warn")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which checks the user wants: `only` these and what they wait on (empty: all), without `skip`; `online` or not."""

    online: bool = False
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def wanted(self) -> frozenset[str]:
        """The ids of the checks that are asked for."""
        if not self.only:
            return frozenset(PROBES) - self.skip
        wanted: set[str] = set()
        todo = list(self.only)
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted.add(name)
                todo += PROBES[name].needs
        return frozenset(wanted) - self.skip


def examine(
    context: Context, selection: Selection, salt: bytes, progress: Callable[[str], None] = lambda _: None
) -> Examination:
    """Run the selected probes; `progress` is told the name of each before it looks."""
    wanted = selection.wanted()
    checks: dict[str, Check] = {}
    for probe in PROBES.values():
        check = _without_looking(probe, wanted, selection.online, checks)
        if check is None:
            progress(probe.id)
            check = _look(probe, context, salt)
        checks[probe.id] = check
    return Examination(tuple(checks.values()), context.facts, selection.online)


def _without_looking(probe: Probe, wanted: frozenset[str], online: bool, checks: Mapping[str, Check]) -> Check | None:
    """The skip of a probe that is not run at all; `None` when it may look."""
    if probe.id not in wanted:
        return Check(probe.id, probe.group, "skip", "not selected", complete=False)
    for needed in probe.needs:
        if not checks[needed].in_order:
            evidence = "uses the network: only with --online" if probe.online and not online else f"waits on {needed}"
            return Check(probe.id, probe.group, "skip", evidence, waits_on=needed, complete=False)
    if probe.online and not online:
        return Check(probe.id, probe.group, "skip", "uses the network: only with --online", complete=False)
    return None


def _look(probe: Probe, context: Context, salt: bytes) -> Check:
    try:
        facts = probe.look(context)
    except NotApplicable as reason:
        return Check(probe.id, probe.group, "skip", str(reason))
    except Withheld as reason:
        return Check(probe.id, probe.group, "skip", str(reason), waits_on=reason.waits_on, complete=False)
    context.facts[probe.id] = facts
    grade = GRADERS[probe.id](facts, Surroundings(context.configuration, context.facts, salt))
    return Check(probe.id, probe.group, grade.status, grade.evidence)
