"""Stand-ins: an SDK that lacks something, and packages that cannot be imported, as `[client]` of a scenario says.

`sdk = "without:Class.method[.param]"` takes away from the installed SDK, or from the documented classes where none is
installed (how: `lacking.py`); `hides = ["mlflow"]` makes a package look as if it were not installed. `files` is for a
client in a process of its own: a folder for its `PYTHONPATH`. `applied` is for this process.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hokusai_testkit.contract import lacking
from hokusai_testkit.contract.promises import PROMISES
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS

__all__ = ["FOLDER", "applied", "files"]

FOLDER = "stand-in"
"""The folder in the client's home that goes to the front of its `PYTHONPATH`."""

_PREFIX = "without:"


_ABSENT = """raise ModuleNotFoundError("No module named {0!r}", name={0!r})
"""


def files(lacks: Sequence[str], hides: Sequence[str] = ()) -> dict[str, str]:
    """The files of a package `hokusai` without what `lacks` says, and in place of the packages that `hides` names.

    By their paths in the client's home; none when nothing is asked.
    """
    made = {f"{FOLDER}/{name}/__init__.py": _ABSENT.format(name) for name in hides}
    if lacks:
        made[f"{FOLDER}/{lacking.NAME}/__init__.py"] = Path(lacking.__file__).read_text("utf-8")
        made[f"{FOLDER}/lacking.json"] = json.dumps(_plan(lacks))
    return made


@contextlib.contextmanager
def applied(lacks: Sequence[str], hides: Sequence[str] = ()) -> Iterator[None]:
    """Run the block in a process whose SDK lacks what `lacks` says, and that cannot import what `hides` names.

    Afterwards everything is as it was. Classes that were imported before lack it too: they are changed, not replaced.
    """
    with contextlib.ExitStack() as stack:
        if lacks:
            stack.enter_context(_lacking(lacks))
        if hides:
            stack.enter_context(_hidden(hides))
        yield


@contextlib.contextmanager
def _hidden(names: Sequence[str]) -> Iterator[None]:
    taken = {name: module for name, module in sys.modules.items() if name.split(".")[0] in names}
    for name in taken:
        del sys.modules[name]
    finder = _Absent(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.modules.update(taken)


class _Absent(importlib.abc.MetaPathFinder):
    """Finds nothing where something would be found."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:  # noqa: ARG002 - its interface
        if fullname in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


@contextlib.contextmanager
def _lacking(lacks: Sequence[str]) -> Iterator[None]:
    plan = _plan(lacks)
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == lacking.NAME}
    added: list[str] = []
    try:
        module = importlib.import_module(lacking.NAME)
    except ImportError:
        made = lacking.modules_of(plan)
        added = [name for name in made if name not in before]
        sys.modules.update(made)
        module = made[lacking.NAME]
    undo = lacking.take_away(module, plan["lacks"])
    try:
        yield
    finally:
        for step in undo:
            step()
        for name in added:
            sys.modules.pop(name, None)


def _plan(lacks: Sequence[str]) -> dict[str, Any]:
    """What `lacking.py` reads: what to take away, and the documented classes where no SDK is installed."""
    classes: dict[str, dict[str, Any]] = {}
    for promise in PROMISES.values():
        classes.setdefault(promise.owner, {})[promise.method or "__init__"] = [
            {"name": one.name, "kind": one.kind.name, "optional": one.default is not one.empty}
            for one in inspect.signature(promise.function).parameters.values()
        ]
    names = [lack.removeprefix(_PREFIX) for lack in lacks]
    return {"lacks": names, "classes": classes, "places": DOCUMENTED_IMPORTS}
