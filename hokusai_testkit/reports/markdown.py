"""The result as a Markdown summary: short enough for a job summary (`>> $GITHUB_STEP_SUMMARY`) or a review comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

from hokusai_testkit.contract.results import CRITERIA, ISSUES, OUTCOMES, CaseResult, RunResult
from hokusai_testkit.reports.states import heading, left_behind, state, verdict_line

__all__ = ["MarkdownReport"]

_SHOWN = 25
"""Cases that are shown in full; GitHub takes one mebibyte of summary a step."""

_SIGNS = {
    "kept": "\N{WHITE HEAVY CHECK MARK} kept",
    "BROKEN": "\N{CROSS MARK} broken",
    "not shown": "\N{WARNING SIGN} not shown",
}


class MarkdownReport:
    """The format for job summaries."""

    option: ClassVar[str] = "markdown"
    file_name: ClassVar[str] = "summary.md"

    def render(self, result: RunResult) -> str:
        """Return the summary."""
        return "\n".join(self._lines(result)) + "\n"

    def _lines(self, result: RunResult) -> Iterator[str]:
        yield "## Hokusai contract"
        yield ""
        yield f"**{verdict_line(result)}**"
        yield ""
        yield _escaped(heading(result))
        yield ""
        yield from _table("Issue", ISSUES, result.cases, lambda case, name: case.info.issue == name)
        yield from _table("Criterion", CRITERIA, result.cases, lambda case, name: name in case.info.criteria)
        for outcome, title in (("fail", "Failed"), ("error", "Errors"), ("skip", "Skipped")):
            yield from _details(title, [case for case in result.cases if case.outcome == outcome])
        for line in left_behind(result):
            yield f"- {_escaped(line)}"


def _table(
    title: str, rows: Mapping[str, str], cases: Sequence[CaseResult], belongs: Callable[[CaseResult, str], bool]
) -> Iterator[str]:
    yield f"| {title} | | {' | '.join(OUTCOMES)} | |"
    yield f"|---|---|{'---:|' * len(OUTCOMES)}---|"
    for name, text in rows.items():
        found = [case for case in cases if belongs(case, name)]
        numbers = " | ".join(str(sum(case.outcome == outcome for case in found)) for outcome in OUTCOMES)
        word = state(found)
        yield f"| {name} | {_escaped(text)} | {numbers} | {_SIGNS.get(word, word)} |"
    yield ""


def _details(title: str, cases: Sequence[CaseResult]) -> Iterator[str]:
    if not cases:
        return
    yield f"### {title} ({len(cases)})"
    yield ""
    for case in cases[:_SHOWN]:
        yield f"<details><summary><code>{_html(case.info.id)}</code></summary>"
        yield ""
        text = case.reason.text if case.reason is not None else ""
        yield from _fenced("\n".join([text, *(f"  {line}" for line in case.journal)]))
        yield ""
        yield "</details>"
    if len(cases) > _SHOWN:
        yield f"... and {len(cases) - _SHOWN} more: see the HTML report."
    yield ""


def _fenced(text: str) -> Iterator[str]:
    """Text in a fence that is longer than any fence within it."""
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    yield f"{fence}text"
    yield text
    yield fence


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_|\[\]])", r"\\\1", _html(text)).replace("\n", " ")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
