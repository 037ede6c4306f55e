"""Names the incident: compares the signatures of the scenario files with what was observed. Pure, and the only judge.

A scenario is decided when every signature that `decides` holds and none that `excludes` does; what `supports` raises
the confidence. Of several decided scenarios the one nearest to the client wins, since what lies behind it is unproved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hokusai_mock.scenarios import Remedy, Scenario, Signature
from hokusai_mock.scenarios.vocabulary import probe_of
from hokusai_testkit.diagnosis.examination import Examination

__all__ = ["Alternative", "State", "Verdict", "holds", "judge"]

State = Literal["healthy", "incident", "unknown", "incomplete"]
Observations = Mapping[str, Mapping[str, Any]]

_HOPS = ("client", "network", "edge", "gateway", "mlflow", "store")
_DECIDED = 0.8
"""Confidence when the deciding signatures hold and no supporting one does."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another incident that is not ruled out, and the observation that would tell it apart."""

    incident: str
    separate_by: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the examination amounts to."""

    state: State
    scenario: Scenario | None = None
    confidence: float | None = None
    decided_by: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    suspect: Scenario | None = None
    """What an incomplete examination points to: a check has failed that the user can act on all the same."""

    @property
    def remedy(self) -> Remedy | None:
        """What helps: of the named incident, else of the suspected one."""
        scenario = self.scenario or self.suspect
        return scenario.remedy if scenario else None

    @property
    def ok(self) -> bool | None:
        """True for healthy, false for an incident, named or not, `None` when not everything was looked at."""
        return {"healthy": True, "incident": False, "unknown": False, "incomplete": None}[self.state]


def holds(signature: Signature, observations: Observations, time_scale: float = 1.0) -> bool | None:
    """Whether a signature is what was observed; `None` when its probe did not look.

    A list (findings, addresses) is what a signature says when one of its elements is.
    Durations (facts in `_s`) are divided by `time_scale` before they are compared.
    """
    found = probe_of(signature.seen)
    if found is None or found[0] not in observations:
        return None
    return _fits(_fact(observations[found[0]], found[1]), signature, time_scale)


def _fits(value: Any, signature: Signature, time_scale: float) -> bool:
    if signature.absent is not None:
        return (value is None) is signature.absent
    if value is None:
        return False
    if isinstance(value, list):
        return any(_fits(one, signature, time_scale) for one in value)
    if signature.near is not None:
        return _near(value, signature, time_scale)
    if signature.matches is not None:
        return isinstance(value, str) and re.search(signature.matches, value) is not None
    wanted = signature.in_ if signature.is_ is None else (signature.is_,)
    return any(_equal(value, one) for one in wanted or ())


def _fact(facts: Mapping[str, Any], path: str) -> Any:
    """Follow a dotted path into nested facts; `None` where it leads nowhere."""
    value: Any = facts
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _equal(value: Any, wanted: Any) -> bool:
    # True is 1 in Python; in a signature it is not.
    return isinstance(value, bool) is isinstance(wanted, bool) and bool(value == wanted)


def _near(value: Any, signature: Signature, time_scale: float) -> bool:
    if not isinstance(value, int | float) or signature.near is None or signature.tolerance is None:
        return False
    scaled = value / time_scale if signature.seen.endswith("_s") else value
    return math.isclose(scaled, signature.near, rel_tol=0, abs_tol=abs(signature.near) * signature.tolerance)


@dataclass(frozen=True, slots=True)
class _Case:
    """A scenario against the observations, and the checks that failed."""

    scenario: Scenario
    outcomes: tuple[tuple[Signature, bool | None], ...]
    failed: frozenset[str]

    def _of(self, weight: str) -> list[bool | None]:
        return [outcome for signature, outcome in self.outcomes if signature.weight == weight]

    @property
    def decided(self) -> bool:
        decides = self._of("decides")
        return bool(decides) and all(decides) and not any(self._of("excludes"))

    @property
    def refuted(self) -> bool:
        return False in self._of("decides") or any(self._of("excludes"))

    @property
    def possible(self) -> bool:
        """It explains a check that failed, nothing speaks against it, and what would decide has not been looked at.

        What holds without anything having failed (a client of MLflow 3) explains nothing and makes no suspect.
        """
        explains = any(outcome and signature.probe in self.failed for signature, outcome in self.outcomes)
        return explains and not self.refuted and bool(self.open_questions)

    @property
    def confidence(self) -> float:
        supports = [outcome for outcome in self._of("supports") if outcome is not None]
        share = sum(map(bool, supports)) / len(supports) if supports else 0.5
        return round(_DECIDED + (1 - _DECIDED) * share, 2)

    @property
    def decided_by(self) -> tuple[str, ...]:
        return tuple(
            signature.seen for signature, outcome in self.outcomes if signature.weight == "decides" and outcome
        )

    @property
    def open_questions(self) -> tuple[str, ...]:
        return tuple(
            signature.seen for signature, outcome in self.outcomes if signature.weight == "decides" and outcome is None
        )


def judge(examination: Examination, scenarios: Iterable[Scenario], time_scale: float = 1.0) -> Verdict:
    """Name the incident, or say that there is none, that it has no name yet, or that too little was looked at."""
    failed = frozenset(check.id for check in examination.failed)
    cases = [
        _Case(
            scenario,
            tuple((signature, holds(signature, examination.facts, time_scale)) for signature in scenario.signatures),
            failed,
        )
        for scenario in scenarios
    ]
    decided = sorted((case for case in cases if case.decided), key=_rank)
    if decided:
        best = decided[0]
        others = [case for case in cases if case is not best]
        return Verdict("incident", best.scenario, best.confidence, best.decided_by, _alternatives(best, others))
    if examination.failed and examination.online:
        return Verdict("unknown", alternatives=_alternatives_of(_possible(cases)))
    if not examination.complete or examination.failed:
        possible = _possible(cases)
        suspect = possible[0].scenario if possible else None
        return Verdict("incomplete", alternatives=_alternatives_of(possible), suspect=suspect)
    return Verdict("healthy", confidence=1.0)


def _rank(case: _Case) -> tuple[int, float, str]:
    hop = _HOPS.index(case.scenario.hop) if case.scenario.hop in _HOPS else len(_HOPS)
    return hop, -case.confidence, case.scenario.name


def _alternatives(best: _Case, others: list[_Case]) -> tuple[Alternative, ...]:
    """Other decided incidents, and look-alikes that the observations do not rule out."""
    result: dict[str, Alternative] = {}
    for case in others:
        incident = case.scenario.id
        if incident == best.scenario.id or incident in result:
            continue  # another situation of the same incident is no other incident
        if case.decided:
            result[incident] = Alternative(incident, f"{', '.join(case.decided_by)} hold too; it lies further behind")
        elif incident in best.scenario.looks_like and case.possible:
            result[incident] = Alternative(incident, ", ".join(case.open_questions))
    return tuple(result.values())


def _possible(cases: list[_Case]) -> list[_Case]:
    """Incidents that would explain what failed, the one nearest to the client first."""
    return sorted((case for case in cases if case.possible), key=_rank)


def _alternatives_of(cases: list[_Case]) -> tuple[Alternative, ...]:
    """Undecided incidents, each once, with the observations that would decide."""
    found: dict[str, Alternative] = {}
    for case in cases:
        found.setdefault(case.scenario.id, Alternative(case.scenario.id, ", ".join(case.open_questions)))
    return tuple(found.values())
