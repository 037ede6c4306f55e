"""Explains a question about a sandbox's calls that was not answered as the test wanted: the nearest recorded requests,
and how they differ. Decides on journal entries alone; the plugin puts the text into the failed assertion.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from hokusai_mock.sandbox import Calls, body_object, path_matches

__all__ = ["differences", "explain", "nearest"]

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
    for entry in nearest(calls):
        lines.append(f"  near: {_name(entry)}")
        lines += [f"    {difference}" for difference in differences(entry, calls)]
    return lines


def nearest(calls: Calls) -> list[dict[str, Any]]:
    """The recorded requests that come closest to the question: fewest differences, then the most similar path."""

    def distance(entry: dict[str, Any]) -> tuple[int, float, int]:
        similar = difflib.SequenceMatcher(None, entry["path"], calls.path or entry["path"]).ratio()
        return len(differences(entry, calls)), -similar, -entry["n"]

    return sorted(calls.journal, key=distance)[:SHOWN]


def differences(entry: Mapping[str, Any], calls: Calls) -> list[str]:
    """How `entry` differs from the question, field by field."""
    found = []
    if calls.method is not None and entry["method"] != calls.method.upper():
        found.append(f"method: {entry['method']}, not {calls.method.upper()}")
    if calls.path is not None and not path_matches(entry["path"], calls.path):
        found.append(f"path: {entry['path']}, not {calls.path}")
    for name, wanted in calls.match.items():
        if entry.get(name) != wanted:
            found += _field(name, entry.get(name), wanted)
    return found


def _field(name: str, actual: Any, wanted: Any) -> list[str]:
    """The difference in one field; of JSON objects only the members that differ."""
    actual_object, wanted_object = body_object(actual), body_object(wanted)
    if actual_object is None or wanted_object is None:
        return [f"{name}: {_short(actual)}, not {_short(wanted)}"]
    return [
        f"{name}.{key}: {_short(actual_object.get(key, _ABSENT))}, not {_short(wanted_object.get(key, _ABSENT))}"
        for key in {**actual_object, **wanted_object}
        if actual_object.get(key, _ABSENT) != wanted_object.get(key, _ABSENT)
    ]


class _Absent:
    def __repr__(self) -> str:
        return "absent"


_ABSENT = _Absent()


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
