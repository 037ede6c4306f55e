"""Which recorded requests come closest to one that was expected, and in what they differ.

Pure: works on journal entries as JSON. What a question means is said in `calls.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from hokusai_mock.calls import Unlike, differences

__all__ = ["NearMiss", "near_misses"]


class NearMiss(NamedTuple):
    """A recorded request that is not the expected one."""

    entry: Mapping[str, Any]
    score: float
    """How close it comes: from 0, nothing is as expected, to just below 1."""
    differences: list[Unlike]


def near_misses(
    journal: Iterable[Mapping[str, Any]], method: str | None, path: str | None, match: Mapping[str, Any], limit: int = 3
) -> list[NearMiss]:
    """The `limit` nearest entries of those that the question does not find; of equally near ones the latest first."""
    found = []
    for entry in journal:
        unlike = differences(entry, method, path, match)
        if unlike:
            found.append(NearMiss(entry, _score(entry, unlike, method, path, match), unlike))
    found.sort(key=lambda one: (-one.score, -one.entry["n"]))
    return found[:limit]


def _score(
    entry: Mapping[str, Any], unlike: list[Unlike], method: str | None, path: str | None, match: Mapping[str, Any]
) -> float:
    """The part of the question that the entry answers; each field counts once.

    A path counts by its likeness, another method on the right path as half; of a body, of headers and of parameters
    those members count that are as expected.
    """
    asked = (method is not None) + (path is not None) + len(match)
    missed = 0.0
    for name, members in _by_field(unlike).items():
        if name == "path":
            missed += min(1.0, 2 * (1 - _likeness(entry["path"], path or "")))
        elif name == "method":
            missed += 0.5
        else:
            wanted = match[name]
            missed += min(1.0, members / len(wanted)) if members and isinstance(wanted, dict) and wanted else 1
    return round(max(0.0, 1 - missed / asked), 4)


def _likeness(path: str, wanted: str) -> float:
    """How alike two paths are, from 0 to 1; one that does not begin with `/` is compared with the end."""
    if not wanted.startswith("/"):
        path = "/".join(path.split("/")[-len(wanted.split("/")) :])
    return SequenceMatcher(None, path, wanted, autojunk=False).ratio()


def _by_field(unlike: list[Unlike]) -> dict[str, int]:
    """How many members of each field differ; 0 for a field that differs as a whole."""
    counts: dict[str, int] = {}
    for one in unlike:
        name, dot, _ = one.field.partition(".")
        counts[name] = counts.get(name, 0) + bool(dot)
    return counts
