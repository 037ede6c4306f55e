"""The page that shows, promise by promise, which contract cases hold it: read from the cases, never written by hand.

A promise without a signature case and one that calls it fails `tests/testkit/contract`; this page only shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hokusai_testkit.contract.case import CAPABILITIES
from hokusai_testkit.contract.catalogue import Entry, entries
from hokusai_testkit.contract.promises import PROMISES, Promise
from hokusai_testkit.contract.results import CRITERIA, ISSUES
from makers.markdown import code

__all__ = ["pages"]

PATH = "contract-coverage.md"


def pages() -> dict[str, str]:
    """The page by its path below `docs/`."""
    return {PATH: "\n".join(_lines(entries())) + "\n"}


def _lines(cases: Sequence[Entry]) -> Iterator[str]:
    total = sum(entry.number for entry in cases)
    core = sum(entry.number for entry in cases if entry.case.level == "core")
    yield "# What the contract suite holds"
    yield ""
    yield "<!-- Made by docs/build.py from the cases. Change those, then run it again. -->"
    yield ""
    yield "Every promise with the cases that hold it; [the contract suite](contract.md) says how to run them."
    yield ""
    yield f"{len(PROMISES)} promises (constructors, methods, documented functions) and {total} cases: {core} of level"
    yield f"core, {total - core} of level full. A case writes when it creates anything on the target, arranging too."
    yield ""
    yield "| tag | means | cases |"
    yield "|---|---|---:|"
    for tag, text in {**ISSUES, **CRITERIA}.items():
        number = sum(entry.number for entry in cases if tag in (entry.case.promise.issue, *entry.case.criteria))
        yield f"| {tag} | {text} | {number} |"
    for need, text in CAPABILITIES.items():
        number = sum(entry.number for entry in cases if need in entry.case.needs)
        yield f"| needs {need} | {text} | {number} |"
    owner = ""
    for promise in sorted(PROMISES.values(), key=lambda one: (one.owner.lower(), one.method or "")):
        if promise.owner != owner:
            owner = promise.owner
            yield from ("", f"## {owner}")
        yield from _promise(promise, [entry for entry in cases if entry.case.promise.name == promise.name])


def _promise(promise: Promise, cases: Sequence[Entry]) -> Iterator[str]:
    issue = f" ({promise.issue})" if promise.issue else ""
    yield from ("", f"### {promise.name}{issue}", "")
    for call in promise.documented_calls:
        yield f"- {code(call)}"
    yield ""
    if not cases:
        yield "**No case holds this promise.**"
        return
    yield "| case | what it holds | criteria | level | | needs |"
    yield "|---|---|---|---|---|---|"
    for entry in sorted(cases, key=lambda one: (one.case.level, not one.is_signature, one.case.name)):
        yield _row(entry)


def _row(entry: Entry) -> str:
    case = entry.case
    name = code(case.name.removeprefix("test_")) + (f" x {entry.number}" if entry.number > 1 else "")
    kind = "writes" if case.writes else "reads"
    needs = ", ".join(sorted(case.needs))
    summary = case.summary.replace("|", "\\|")
    return f"| {name} | {summary} | {' '.join(case.criteria)} | {case.level} | {kind} | {needs} |"
