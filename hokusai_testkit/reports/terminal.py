"""The result as a table that a person reads: by issue, by criterion, what failed and how to see it again.

Plain ASCII; colour repeats what a word already says, and only on a terminal without NO_COLOR.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence

import click

from hokusai_testkit.contract.results import CRITERIA, ISSUES, CaseResult, Outcome, RunResult
from hokusai_testkit.reports.states import heading, left_behind, state

__all__ = ["TerminalReport"]

_COLUMNS: tuple[Outcome, ...] = ("pass", "fail", "error", "skip", "disabled")
_COLOURS = {"kept": "green", "BROKEN": "red", "not shown": "yellow", "not selected": None}


class TerminalReport:
    """The format for a terminal."""

    def __init__(self, *, colour: bool = False) -> None:
        """Use colour beside the words when `colour` is true."""
        self._colour = colour

    @classmethod
    def for_terminal(cls) -> TerminalReport:
        """Return the report as this process's standard output shows it best."""
        dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
        return cls(colour=sys.stdout.isatty() and not dumb)

    def render(self, result: RunResult) -> str:
        """Return the whole report."""
        return "\n".join(self._lines(result)) + "\n"

    def _lines(self, result: RunResult) -> Iterator[str]:
        yield f"Hokusai contract: {heading(result)}"
        if result.implementation.get("file"):
            yield f"Tested: {result.implementation['file']}"
        yield ""
        yield from self._table("Issue", ISSUES, result.cases, lambda case, name: case.info.issue == name)
        yield ""
        yield from self._table("Criterion", CRITERIA, result.cases, lambda case, name: name in case.info.criteria)
        yield ""
        for outcome, title in (("fail", "FAILED"), ("error", "ERROR"), ("skip", "SKIPPED")):
            yield from self._details(title, [case for case in result.cases if case.outcome == outcome])
        yield from left_behind(result)
        yield self._summary(result)

    def _table(
        self, title: str, rows: dict[str, str], cases: Sequence[CaseResult], belongs: Callable[[CaseResult, str], bool]
    ) -> Iterator[str]:
        width = max(len(text) for text in (*ISSUES.values(), *CRITERIA.values()))
        yield f"{title:<10} {'':<{width}} " + " ".join(f"{column:>8}" for column in _COLUMNS)
        for name, text in rows.items():
            found = [case for case in cases if belongs(case, name)]
            numbers = " ".join(f"{sum(c.outcome == column for c in found):>8}" for column in _COLUMNS)
            yield f"{name:<10} {text:<{width}} {numbers}  {self._word(state(found))}{_part(found)}"

    def _details(self, title: str, cases: Sequence[CaseResult]) -> Iterator[str]:
        for case in cases:
            yield f"{title} {case.info.id} ({_tags(case)})"
            if case.reason is not None:
                yield from (f"  {line}" for line in case.reason.text.splitlines())
            yield ""

    def _summary(self, result: RunResult) -> str:
        counts = result.counts
        numbers = ", ".join(f"{counts[column]} {column}" for column in _COLUMNS if counts[column])
        word = {True: "TRUE", False: "FALSE", None: "NULL (not everything that was selected ran)"}[result.verdict]
        colour = {True: "green", False: "red", None: "yellow"}[result.verdict]
        verdict = click.style(word, fg=colour, bold=True) if self._colour else word
        return f"Verdict {verdict}: {numbers} of {counts['total']} cases in {result.duration_s:.1f} s"

    def _word(self, word: str) -> str:
        return click.style(word, fg=_COLOURS[word]) if self._colour else word


def _part(cases: Sequence[CaseResult]) -> str:
    """How much of a row was selected, where it was not all of it."""
    left_out = sum(case.outcome == "disabled" for case in cases)
    return f" ({len(cases) - left_out} of {len(cases)})" if 0 < left_out < len(cases) else ""


def _tags(case: CaseResult) -> str:
    return ", ".join([*([case.info.issue] if case.info.issue else []), *case.info.criteria])
