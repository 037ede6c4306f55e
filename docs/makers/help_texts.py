"""What `help()` says of the SDK: the docstrings of the contract, written into the SDK's source.

The SDK cannot import the contract, and a promise that is written down twice drifts. So it is written once, on the
Protocol, and copied: `python docs/build.py` writes it, `tests/docs/test_help_texts.py` compares what `help()` shows.
What a constructor promises stands in `__init__`; classes keep a docstring of their own, and a section `Note:` at the
end of a docstring stays: it says what this SDK does beyond the promise.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

from hokusai_testkit.contract.promises import PROMISES, Promise
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS

__all__ = ["implementations", "own_note", "pages", "with_docstrings"]

ROOT = Path(__file__).resolve().parents[2]
_SDK = ROOT / "sdk"


def pages() -> dict[str, str]:
    """The text of every source file of the SDK that holds a promise, by its path seen from `docs/`."""
    by_file: dict[Path, dict[tuple[str, int], str]] = {}
    for name, function in implementations().items():
        said = by_file.setdefault(_source_of(function), {})
        said.setdefault((function.__name__, function.__code__.co_firstlineno), _promised(PROMISES[name]))
    return {
        f"../{path.relative_to(ROOT).as_posix()}": with_docstrings(path.read_text("utf-8"), said)
        for path, said in by_file.items()
    }


def implementations() -> dict[str, FunctionType]:
    """The SDK's function behind every promise; a data class has no `__init__` of its own to tell."""
    found = {}
    for name, promise in PROMISES.items():
        owner = _imported(promise.owner)
        function = getattr(owner, promise.method or "__init__", None) if inspect.isclass(owner) else owner
        function = inspect.unwrap(function) if callable(function) else None
        if isinstance(function, FunctionType) and function.__module__.startswith("hokusai") and _is_written(function):
            found[name] = function
    return found


def _is_written(function: FunctionType) -> bool:
    return not function.__code__.co_filename.startswith("<")


def _source_of(function: FunctionType) -> Path:
    """The file below `sdk/`, wherever the SDK that was imported is installed."""
    module = _SDK / Path(*function.__module__.split("."))
    return module / "__init__.py" if module.is_dir() else module.with_suffix(".py")


def _imported(name: str) -> Any:
    place = DOCUMENTED_IMPORTS[name][0]
    return getattr(importlib.import_module(f"hokusai.{place}" if place else "hokusai"), name, None)


def _promised(promise: Promise) -> str:
    return inspect.getdoc(promise.function) or ""


def with_docstrings(source: str, said: Mapping[tuple[str, int], str]) -> str:
    """`source` with the docstrings `said` of its functions, by their names and first lines (decorators included)."""
    lines = source.splitlines()
    functions = [one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in sorted(functions, key=_begin, reverse=True):
        promised, there = said.get((node.name, _begin(node))), ast.get_docstring(node)
        if promised is None or there == (text := promised + own_note(there or "")):
            continue
        begin = _begin(node.body[0])
        end = begin - 1 if there is None else node.body[0].end_lineno
        lines[begin - 1 : end] = _quoted(text, " " * (node.col_offset + 4))
    return "\n".join(lines) + "\n"


def own_note(docstring: str) -> str:
    """What a docstring says beyond the promise: its section `Note:`, from the blank line before it on."""
    before, mark, note = docstring.partition("\n\nNote:\n")
    return f"{mark}{note}" if before else ""


def _begin(node: ast.stmt) -> int:
    """The line on which a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _quoted(text: str, indent: str) -> list[str]:
    quotes = 'r"""' if "\\" in text else '"""'
    first, *others = text.splitlines()
    if not others:
        return [f'{indent}{quotes}{first}"""']
    return [f"{indent}{quotes}{first}", *(f"{indent}{line}" if line else "" for line in others), f'{indent}"""']
