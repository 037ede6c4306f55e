"""Writes an examination and its verdict down: as JSON for programs, as text for people.

What came from outside (evidence, URLs) passes through the redaction engine here, at the boundary; the scenario files'
own words do not.
"""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from typing import Any

from hokusai_mock.redaction import Redactor
from hokusai_mock.scenarios import Remedy
from hokusai_testkit.diagnosis.configuration import Configuration, without_user_info
from hokusai_testkit.diagnosis.examination import Check, Examination
from hokusai_testkit.diagnosis.verdict import Verdict

__all__ = ["Style", "as_json", "as_text"]

SCHEMA_VERSION = 1


def as_json(examination: Examination, verdict: Verdict, redactor: Redactor) -> dict[str, Any]:
    """The result as documented for `doctor --json`; `confidence` is from 0 to 1, or null without a verdict."""
    scenario = verdict.scenario
    return {
        "schema_version": SCHEMA_VERSION,
        "ok": verdict.ok,
        "verdict": {
            "state": verdict.state,
            "incident": scenario.id if scenario else None,
            "scenario": scenario.name if scenario else None,
            "confidence": verdict.confidence,
            "decided_by": list(verdict.decided_by),
            "remedy": _remedy(verdict.remedy),
            "next_step": redactor.text(next_step(examination, verdict)),
        },
        "alternatives": [
            {"incident": other.incident, "separate_by": other.separate_by} for other in verdict.alternatives
        ],
        "checks": [
            {
                "id": check.id,
                "status": check.status,
                "evidence": redactor.text(check.evidence),
                "waits_on": check.waits_on,
            }
            for check in (*examination.checks, summary(examination, verdict))
        ],
    }


def _remedy(remedy: Remedy | None) -> dict[str, Any] | None:
    if remedy is None:
        return None
    return {
        "owner": remedy.owner,
        "text": remedy.text,
        "never": list(remedy.never),
        "commands": {"posix": list(remedy.commands.posix), "powershell": list(remedy.commands.powershell)},
    }


def next_step(examination: Examination, verdict: Verdict) -> str:
    """The one thing to do now, in words and without commands."""
    if verdict.remedy is not None:
        then = f" Then {_to_complete(examination)}" if verdict.state == "incomplete" else ""
        return verdict.remedy.text + then
    if verdict.state == "unknown":
        return "send the output of this command with --json to support; secrets are taken out of it"
    return _when_healthy(examination) if verdict.state == "healthy" else _to_complete(examination)


def summary(examination: Examination, verdict: Verdict) -> Check:
    """The last check: what all others amount to, in one sentence."""
    first = examination.failed[0].id if examination.failed else None
    if verdict.state == "incident" and verdict.scenario:
        return Check("summary", "Summary", "fail", f"{verdict.scenario.id}: {verdict.scenario.title}")
    if verdict.state == "unknown":
        return Check("summary", "Summary", "fail", f"{first} failed, and no known incident fits what was seen")
    if verdict.state == "healthy":
        if examination.warned:
            return Check("summary", "Summary", "warn", f"nothing failed; see {_names(examination.warned)}")
        return Check("summary", "Summary", "pass", "nothing that was looked at is wrong")
    waiting = next((check.waits_on for check in examination.checks if not check.complete and check.waits_on), first)
    evidence = "not everything was looked at" if examination.online else "the network was not looked at"
    if examination.failed:
        evidence = f"{_names(examination.failed)} failed, and {evidence}"
    return Check("summary", "Summary", "skip", evidence, waits_on=waiting, complete=False)


@dataclass(frozen=True, slots=True)
class Style:
    """What the terminal can show."""

    unicode: bool = True
    colour: bool = False
    width: int = 100


_SYMBOLS = {"pass": "✓", "warn": "!", "fail": "✗", "skip": "-"}
_ASCII = {"pass": "ok", "warn": "warn", "fail": "FAIL", "skip": "skip"}
_COLOURS = {"pass": "32", "warn": "33", "fail": "31", "skip": "2"}


def as_text(
    examination: Examination,
    verdict: Verdict,
    redactor: Redactor,
    configuration: Configuration,
    style: Style,
) -> str:
    """The result for people: checks in groups with symbols, the verdict, and one next step at the end."""
    uri = configuration.tracking_uri
    lines = [f"Tracking URI  {redactor.url(without_user_info(uri.value))}  (from {uri.source})"]
    group = None
    for check in examination.checks:
        if check.group != group:
            group = check.group
            lines += ["", group]
        lines += _check_lines(check, redactor.text(check.evidence), style)
    lines += ["", *_verdict_lines(examination, verdict, style), "", *_next_step(examination, verdict, style)]
    text = "\n".join(lines) + "\n"
    return text if style.unicode else text.encode("ascii", "replace").decode("ascii")


def _check_lines(check: Check, evidence: str, style: Style) -> list[str]:
    symbol = _SYMBOLS[check.status] if style.unicode else f"{_ASCII[check.status]:4}"
    if style.colour:
        symbol = f"\x1b[{_COLOURS[check.status]}m{symbol}\x1b[0m"
    head = f"{check.id:20}"
    indent = (2 if style.unicode else 5) + len(head) + 3
    wrapped = textwrap.wrap(
        evidence, max(style.width - indent, 30), break_long_words=False, break_on_hyphens=False
    ) or [""]
    return [f"  {symbol} {head} {wrapped[0]}", *(" " * (indent + 1) + line for line in wrapped[1:])]


def _verdict_lines(examination: Examination, verdict: Verdict, style: Style) -> list[str]:
    last = summary(examination, verdict)
    state = f"{verdict.state}, with warnings" if last.status == "warn" else verdict.state
    lines = _filled(f"Verdict: {state}: {last.evidence}", style)
    if verdict.scenario:
        lines += _filled(f"  named by {', '.join(verdict.decided_by)} (confidence {verdict.confidence})", style)
    for other in verdict.alternatives:
        if verdict.suspect and other.incident == verdict.suspect.id:
            lines += _filled(f"  most likely {other.incident}: {verdict.suspect.title}", style)
        else:
            lines += _filled(f"  not ruled out: {other.incident}; look at {other.separate_by}", style)
    return lines


def _next_step(examination: Examination, verdict: Verdict, style: Style) -> list[str]:
    remedy = verdict.remedy
    if remedy is None:
        return _filled(f"Next step: {next_step(examination, verdict)}.", style)
    lines = [line for never in remedy.never for line in _filled(f"Do not {never}.", style)]
    lines += ["", *_filled(f"Next step ({remedy.owner}): {remedy.text}", style)]
    commands = remedy.commands.powershell if os.name == "nt" else remedy.commands.posix
    lines += [f"    {command}" for command in commands]
    if verdict.state == "incomplete":
        lines += _filled(f"Then {_to_complete(examination)}.", style)
    return lines


def _when_healthy(examination: Examination) -> str:
    if examination.warned:
        return f"look at {_names(examination.warned)} above: what works here may still fail in your program"
    return (
        "none; if your program fails all the same, run the doctor where it runs (--python), and look yourself for what "
        "is not examined yet: ~/.netrc, MLFLOW_TRACKING_USERNAME, ~/.mlflow/credentials (`scenarios show A12`, `A13`)"
    )


def _names(checks: tuple[Check, ...]) -> str:
    return ", ".join(check.id for check in checks)


def _to_complete(examination: Examination) -> str:
    if not examination.online:
        return "run this command again with --online; it asks the platform a few harmless questions"
    open_check = next((check for check in examination.checks if not check.complete), None)
    return f"see {open_check.id}: {open_check.evidence}" if open_check else "run all checks"


def _filled(text: str, style: Style) -> list[str]:
    return textwrap.wrap(text, style.width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
