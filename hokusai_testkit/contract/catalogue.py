"""The cases as they stand in the modules, without pytest: for the page that lists them and for tests about them.

Nothing is run and no implementation is imported.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from dataclasses import dataclass

from hokusai_testkit.contract import cases
from hokusai_testkit.contract.case import Case, case_of

__all__ = ["Entry", "entries", "modules"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A case function; `number` is how many cases pytest makes of it, one for each parameter set."""

    case: Case
    number: int
    module: str

    @property
    def is_signature(self) -> bool:
        """Whether it compares signatures, rather than calls the method."""
        return self.case.name.endswith("_signature")


def modules() -> list[object]:
    """Return every module of cases, imported."""
    return [
        importlib.import_module(f"{cases.__name__}.{found.name}")
        for found in pkgutil.iter_modules(cases.__path__)
        if found.name.startswith("test_")
    ]


def entries() -> list[Entry]:
    """Return every case function, module by module in the order in which they are written."""
    return [
        Entry(facts, _number(value), getattr(module, "__name__", "?"))
        for module in modules()
        for name, value in vars(module).items()
        if name.startswith("test_") and (facts := case_of(value)) is not None
    ]


def _number(function: object) -> int:
    marks = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
    return math.prod(len(list(mark.args[1])) for mark in marks)
