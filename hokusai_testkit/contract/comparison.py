"""What changed between two results: which cases got worse or better, which came and which went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hokusai_testkit.contract.results import RunResult

__all__ = ["Comparison", "compare", "compared_lines"]

Change = tuple[str, str, str]
"""Case id, outcome before, outcome after."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results side by side; each change is (case id, outcome before, outcome after)."""

    worse: tuple[Change, ...]
    """Cases that passed and do not pass any more, in whatever way."""
    better: tuple[Change, ...]
    """Cases that pass now and did not."""
    other: tuple[Change, ...]
    """Other changes, such as from skip to disabled."""
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the lists as JSON values."""
        changes = {"worse": self.worse, "better": self.better, "other": self.other}
        keys = ("id", "before", "after")
        listed: dict[str, Any] = {
            name: [dict(zip(keys, change, strict=True)) for change in found] for name, found in changes.items()
        }
        return {**listed, "added": list(self.added), "removed": list(self.removed)}


def compare(old: RunResult, new: RunResult) -> Comparison:
    """Return how `new` differs from `old`, case by case."""
    before = {case.info.id: case.outcome for case in old.cases}
    after = {case.info.id: case.outcome for case in new.cases}
    changes = [(name, before[name], after[name]) for name in before if name in after and before[name] != after[name]]
    return Comparison(
        worse=tuple(change for change in changes if change[1] == "pass"),
        better=tuple(change for change in changes if change[2] == "pass"),
        other=tuple(change for change in changes if "pass" not in change[1:]),
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
    )


def compared_lines(found: Comparison) -> Iterator[str]:
    """Say it for people, the worst first."""
    for title, changes in (("WORSE", found.worse), ("better", found.better), ("changed", found.other)):
        yield from (f"{title:<8}{name}: {before} -> {after}" for name, before, after in changes)
    yield from (f"{'new':<8}{name}" for name in found.added)
    yield from (f"{'gone':<8}{name}" for name in found.removed)
    if not (found.worse or found.better or found.other or found.added or found.removed):
        yield "Nothing changed."
