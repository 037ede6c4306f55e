"""Explains a question about a sandbox's calls that was not answered as the test wanted: the nearest recorded requests,
and how they differ. Decides on journal entries alone; the plugin puts the text into the failed assertion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hokusai_mock.calls import Unlike
from hokusai_mock.near_misses import NearMiss, near_misses
from hokusai_mock.sandbox import Calls

__all__ = ["explain", "nearest"]

SHOWN = 3
"""Requests that are shown for a question."""


def explain(asked: Iterable[Calls]) -> list[str]:
    """Lines about the questions that found nothing, or, when there are none, about the last one; [] for no question."""
    questions = list(asked)
    chosen = [calls for calls in questions if not calls] or questions[-1:]
    return [line for calls in chosen[-SHOWN:] for line in _explain_one(calls)]


def _explain_one(calls: Calls) -> list[str]:
    total = len(calls.journal)
    lines = [f"{_question(calls)} found {len(calls)} of {total} recorded request{'' if total == 1 else 's'}"]
    if calls:
        return lines + [f"  {_name(entry)}" for entry in calls[-SHOWN:]]
    for near in nearest(calls):
        lines.append(f"  near: {_name(near.entry)}")
        lines += [f"    {_difference(one)}" for one in near.differences]
    return lines


def nearest(calls: Calls) -> list[NearMiss]:
    """The recorded requests that come closest to the question."""
    return near_misses(calls.journal, calls.method, calls.path, calls.match, SHOWN)


def _difference(unlike: Unlike) -> str:
    if unlike.field in ("method", "path"):
        return f"{unlike.field}: {unlike.actual}, not {unlike.expected}"
    return f"{unlike.field}: {_short(unlike.actual)}, not {_short(unlike.expected)}"


def _question(calls: Calls) -> str:
    arguments = [repr(value) for value in (calls.method, calls.path) if value is not None]
    if calls.method is None and calls.path is not None:
        arguments = [f"path={calls.path!r}"]
    return f"calls({', '.join([*arguments, *(f'{name}={value!r}' for name, value in calls.match.items())])})"


def _name(entry: Mapping[str, Any]) -> str:
    return f"#{entry['n']} {entry['method']} {entry['path']} -> {entry['status']}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"
