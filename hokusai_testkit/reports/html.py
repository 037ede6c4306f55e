"""The result as one HTML page that a person likes to read: no other file, no network, light and dark.

It is complete without scripts; with them it can be filtered. Everything that comes from an implementation is escaped by
the template engine, and the page's own policy forbids it to load anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, ClassVar

from hokusai_testkit.contract.results import CRITERIA, ISSUES, OUTCOMES, CaseResult, RunResult
from hokusai_testkit.reports.states import heading, left_behind, state

__all__ = ["HtmlReport"]

_SIGNS = {"pass": "✓", "fail": "✗", "error": "!", "skip": "-", "disabled": "·"}
_VERDICTS = {
    True: ("kept", "The contract is kept", "Every selected case passed."),
    False: ("broken", "The contract is broken", "At least one promise was not kept."),
    None: ("open", "Nothing is decided", "Not everything that was selected ran: a skip is never a pass."),
}
_LABEL = re.compile(r"^  (documented|reproduce|expected|actual): +(.*)$")


@dataclass(frozen=True, slots=True)
class _Group:
    """A row of one of the views: an issue, a criterion or a method, with its cases."""

    name: str
    text: str
    state: str
    cases: Sequence[Mapping[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Number of cases by outcome, those that are there."""
        found = [case["outcome"] for case in self.cases]
        return {outcome: found.count(outcome) for outcome in OUTCOMES if outcome in found}


class HtmlReport:
    """The format for people."""

    option: ClassVar[str] = "html"
    file_name: ClassVar[str] = "report.html"

    def render(self, result: RunResult) -> str:
        """Return the whole page."""
        from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - 50 ms that only this format needs

        source = files("hokusai_testkit.reports").joinpath("report.html.jinja").read_text("utf-8")
        engine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        return engine.from_string(source).render(**_facts(result)) + "\n"


def _facts(result: RunResult) -> dict[str, Any]:
    cases = [_case(number, case) for number, case in enumerate(result.cases, 1)]
    pairs = list(zip(result.cases, cases, strict=True))
    kind, title, text = _VERDICTS[result.verdict]
    methods = {case.info.method: "" for case in result.cases}
    return {
        "heading": heading(result),
        "implementation": result.implementation,
        "target": result.target,
        "selection": result.selection,
        "left_behind": list(left_behind(result)),
        "verdict": {"kind": kind, "title": title, "text": text},
        "counts": result.counts,
        "outcomes": OUTCOMES,
        "signs": _SIGNS,
        "duration_s": result.duration_s,
        "cases": sorted(cases, key=lambda case: (_RANK[case["outcome"]], case["id"])),
        "views": {
            "Issues": _groups(ISSUES, pairs, lambda case, name: case.info.issue == name),
            "Criteria": _groups(CRITERIA, pairs, lambda case, name: name in case.info.criteria),
            "Methods": _groups(dict(sorted(methods.items())), pairs, lambda case, name: case.info.method == name),
        },
    }


_RANK = {outcome: rank for rank, outcome in enumerate(("fail", "error", "skip", "pass", "disabled"))}


def _groups(
    rows: Mapping[str, str],
    pairs: Sequence[tuple[CaseResult, Mapping[str, Any]]],
    belongs: Callable[[CaseResult, str], bool],
) -> list[_Group]:
    groups = []
    for name, text in rows.items():
        found = [(case, shown) for case, shown in pairs if belongs(case, name)]
        groups.append(_Group(name, text, state([case for case, _ in found]), [shown for _, shown in found]))
    return groups


def _case(number: int, case: CaseResult) -> dict[str, Any]:
    info, reason = case.info, case.reason
    return {
        "anchor": f"case-{number}",
        "id": info.id,
        "name": info.id.partition("/")[2],
        "method": info.method,
        "summary": info.summary,
        "issue": info.issue,
        "criteria": info.criteria,
        "level": info.level,
        "writes": info.writes,
        "needs": info.needs,
        "outcome": case.outcome,
        "code": None if reason is None else reason.code,
        "parts": {} if reason is None else _parts(reason.text),
        "journal": case.journal,
        "duration_s": case.duration_s,
        "search": " ".join([info.id, info.summary, info.issue or "", *info.criteria, info.level]).lower(),
    }


def _parts(text: str) -> dict[str, str]:
    """The labelled parts of a violation's message; what has no label stands under an empty one."""
    parts: dict[str, list[str]] = {}
    label = ""
    for line in text.splitlines():
        if found := _LABEL.match(line):
            label = found[1]
            parts[label] = [found[2]]
        else:
            parts.setdefault(label, []).append(line.removeprefix(" " * 14) if label else line)
    return {label: "\n".join(lines) for label, lines in parts.items()}
