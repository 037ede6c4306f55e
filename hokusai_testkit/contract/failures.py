"""How a case ends when it does not pass: a broken promise, something that could not be arranged, or a skip."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import PurePath
from typing import NoReturn

import pytest

__all__ = ["ArrangementError", "ContractViolation", "describe_exception", "skip"]


class ArrangementError(Exception):
    """The suite itself could not arrange or inspect something on the target: the case is an error, not a failure."""


class ContractViolation(AssertionError):
    """The implementation did not do what the contract says.

    `code` is for machines (`missing-method`, `signature`, `wrong-result`, `wrong-error`, `raised`); `expected` and
    `actual` are sentences for people. `explained` adds the case: what is documented and how to see the failure again.
    """

    def __init__(self, code: str, *, expected: str, actual: str, heading: Sequence[str] = ()) -> None:
        """Keep the parts; `str()` of the violation is the whole message."""
        self.code = code
        self.expected = expected
        self.actual = actual
        self.heading = tuple(heading)
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The message in one piece, a line for each part."""
        parts = [*self.heading, _labelled("expected", self.expected), _labelled("actual", self.actual)]
        return "\n".join(parts)

    def explained(self, *, promise: str, documented: str, reproduce: str) -> ContractViolation:
        """Return the same violation under the heading of its case."""
        heading = [promise, _labelled("documented", documented), _labelled("reproduce", reproduce)]
        return ContractViolation(self.code, expected=self.expected, actual=self.actual, heading=heading)


def skip(code: str, text: str) -> NoReturn:
    """End the case as skipped, with a reason for machines and one for people. A skip is never a pass."""
    skipped = pytest.skip.Exception(text)
    skipped.code = code  # type: ignore[attr-defined]
    raise skipped


def describe_exception(problem: BaseException) -> str:
    """Return `TypeError: message (registry.py:12, in register_baseline)`: what was raised and the innermost place."""
    text = f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
    frames = traceback.extract_tb(problem.__traceback__)
    if not frames:
        return text
    place = frames[-1]
    return f"{text} ({PurePath(place.filename).name}:{place.lineno}, in {place.name})"


def _labelled(label: str, text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"  {label + ':':<12}{first}", *(f"{'':14}{line}" for line in rest)])
