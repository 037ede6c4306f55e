"""What is known about a session of cases: implementation, target, selection, and the outcome of every case so far.

The plugin feeds it. It writes an event a line for the runner, which may outlive it, and gives the whole as a result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.contract.case import Case
from hokusai_testkit.contract.failures import ArrangementError, ContractViolation, describe_exception
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.results import CaseInfo, CaseResult, Outcome, Reason, RunResult
from hokusai_testkit.contract.sdk import Sdk
from hokusai_testkit.contract.targets import Target

__all__ = ["Recorder", "merged"]

_JOURNAL_KEPT = 20
"""How many of a failed case's last requests are kept."""

_LINE_KEPT = 300


class Recorder:
    """Keeps what becomes of each case."""

    def __init__(
        self,
        sdk: Sdk,
        target: Target,
        selection: Mapping[str, Any],
        *,
        events: str | None = None,
        done: frozenset[str] = frozenset(),
        counting: bool = False,
    ) -> None:
        """Record cases of `sdk` against `target`; `done` are ids that ran before, `events` is the runner's file.

        With `counting` the requests of every case are counted, those of the suite included.
        """
        self.sdk, self.target, self.already_done = sdk, target, done
        self._selection, self._events, self._counting = dict(selection), events, counting
        self._results: dict[str, CaseResult] = {}
        self.plan: list[CaseInfo] = []
        target.watch(self.sent)

    def begin(self) -> None:
        """Tell the runner what is tested against what."""
        self._event(
            "session",
            target=self.target.describe(),
            implementation=self.sdk.describe(),
            selection=self._selection,
        )

    def excluded(self, facts: Case) -> Reason | None:
        """Why `facts` does not belong to this run, None when it does."""
        if self._selection["level"] == "core" and facts.level == "full":
            return Reason("deselected:level", "belongs to level full; this run is level core")
        for need in sorted(facts.needs):
            if ":" not in need and need not in self.target.capabilities:
                return Reason(f"not-applicable:{need}", f"the target has no {need}")
        if facts.writes and self.target.read_only:
            return Reason("deselected:read-only", "creates something on the target; this run only reads")
        return None

    def disabled(self, facts: Case, reason: Reason) -> None:
        """Keep a case that was excluded."""
        self._finished(CaseResult(facts.info, "disabled", reason))

    def planned(self, cases: list[CaseInfo]) -> None:
        """Announce the cases that will run."""
        self.plan = cases
        self._event("plan", cases=[case.to_json() for case in cases])

    def started(self, facts: Case) -> None:
        """Announce that a case begins."""
        self._event("start", id=facts.id)

    def sent(self, count: int) -> None:
        """Announce that so many requests have been sent to a server in all."""
        self._event("sent", count=count)

    def phase(
        self, facts: Case, report: pytest.TestReport, problem: BaseException | None, platform: Platform | None
    ) -> None:
        """Take the report of one phase (set-up, call, tear-down); the worst of the three is the outcome."""
        before = self._results.get(facts.id)
        duration = report.duration + (before.duration_s if before is not None else 0.0)
        outcome, reason = _outcome(report, problem)
        if platform is not None and report.when == "call" and (why := platform.interrupted()) is not None:
            outcome, reason = _interrupted(why)
        journal, requests = (before.journal, before.requests) if before is not None else ((), None)
        if platform is not None and report.when == "call" and (self._counting or outcome in ("fail", "error")):
            entries = platform.journal()
            requests = len(entries)
            journal = tuple(_line(entry) for entry in entries[-_JOURNAL_KEPT:]) if outcome != "pass" else ()
        if outcome == "pass" and before is not None:
            outcome, reason = before.outcome, before.reason
        result = CaseResult(facts.info, outcome, reason, duration, journal, requests)
        self._results[facts.id] = result
        if report.when == "teardown":
            self._finished(result)

    def result(self, *, whole: bool = True) -> RunResult:
        """Everything so far as one result; when it is the `whole` one, what was planned and never ran is in it."""
        part = RunResult(self.target.describe(), self.sdk.describe(), self._selection, tuple(self._results.values()))
        return merged([part], self.plan) if whole else part

    def _finished(self, result: CaseResult) -> None:
        self._results[result.info.id] = result
        stopped = self.target.stopped
        why = None if stopped is None else [stopped.code, stopped.text]
        self._event("finish", case={**result.to_json(), "requests": result.requests}, stopped=why)

    def _event(self, kind: str, **fields: Any) -> None:
        if self._events:
            with Path(self._events).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": kind, **fields}) + "\n")


def merged(parts: Iterable[RunResult], plan: Iterable[CaseInfo]) -> RunResult:
    """Put together what several workers found: each ran some cases of the same `plan` and excluded the same others.

    A planned case that nobody finished, for instance because its worker was killed, is an error.
    """
    first, *others = parts
    cases = {case.info.id: case for part in (first, *others) for case in part.cases}
    for info in plan:
        cases.setdefault(info.id, CaseResult(info, "error", Reason("not-run", "the case was never run to its end")))
    return RunResult(first.target, first.implementation, first.selection, tuple(cases.values()))


def _outcome(report: pytest.TestReport, problem: BaseException | None) -> tuple[Outcome, Reason | None]:
    if report.outcome == "passed":
        return "pass", None
    if report.outcome == "skipped":
        return "skip", Reason(getattr(problem, "code", "skipped"), str(problem))
    if isinstance(problem, ContractViolation):
        return "fail", Reason(problem.code, problem.message)
    code = "arrangement" if isinstance(problem, ArrangementError) else "suite"
    return "error", Reason(code, describe_exception(problem) if problem is not None else str(report.longrepr))


def _interrupted(why: Reason) -> tuple[Outcome, Reason]:
    """What a case is whose request was not forwarded: it proved nothing, whatever it says."""
    if why.code == "fresh":
        return "disabled", Reason("not-applicable:fresh", why.text)
    return "skip", Reason(f"stopped:{why.code}", why.text)


def _line(entry: Mapping[str, Any]) -> str:
    """One journal entry as a line: `POST /api/... -> 403 (Bearer admin) {"name": ...}`, already redacted."""
    query = f"?{entry['query']}" if entry["query"] else ""
    ended = entry["status"] if entry["status"] is not None else entry["fate"]
    auth = entry["auth"]
    who = f"{auth['scheme']} {auth['key']}" if auth["scheme"] else "no key"
    body = entry["body"] if isinstance(entry["body"], str) else "(binary)"
    line = f"{entry['method']} {entry['path']}{query} -> {ended} ({who}) {body}".rstrip()
    return line if len(line) <= _LINE_KEPT else f"{line[:_LINE_KEPT]}..."
