"""Which environment variables the code reads, found in its syntax trees."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

from hokusai_testkit import plugin
from hokusai_testkit.contract import plugin as contract_plugin

ROOT = Path(__file__).resolve().parents[2]
_OURS = re.compile(r"(HOKUSAI|MLFLOW|REDIS)_[A-Z0-9_]*[A-Z0-9]")
_READERS = ("get", "pop", "setdefault")


def of_the_sdk() -> set[str]:
    """Every variable that the SDK names or reads: whole names in its texts, attributes of MLflow's module, reads."""
    return {name for tree in _trees("sdk/hokusai") for name in (*_named(tree), *_read(tree))}


def of_the_kit() -> set[str]:
    """Every variable that the kit reads for itself: `HOKUSAI_TESTKIT_...`, and whatever it asks `os.environ` for."""
    options = {name for name, *_ in plugin.OPTIONS} | set(contract_plugin._OPTIONS)
    found = {f"HOKUSAI_TESTKIT_{name.upper().replace('-', '_')}" for name in options}
    for folder in ("hokusai_testkit", "mock_server/hokusai_mock"):
        for tree in _trees(folder):
            found |= {name for name in _named(tree) if name.startswith("HOKUSAI_TESTKIT_")}
            found |= {name for name in _read(tree) if name.startswith("XDG_")}
    return found


def of_mlflow() -> str:
    """The text of MLflow's own module of variables; MLflow is not loaded."""
    spec = importlib.util.find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("environment_variables.py").read_text("utf-8")


def _trees(folder: str) -> Iterator[ast.Module]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield ast.parse(path.read_text("utf-8"))


def _named(tree: ast.AST) -> Iterator[str]:
    """Texts that are a variable's name and nothing else, and attributes by that name."""
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None
        if isinstance(name, str) and _OURS.fullmatch(name):
            yield name


def _read(tree: ast.AST) -> Iterator[str]:
    """Names by which `os.environ`, `environ` or `os.getenv` is asked."""
    for node in ast.walk(tree):
        asked = None
        if isinstance(node, ast.Subscript) and _name_of(node.value) == "environ":
            asked = node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            function, of = node.func.attr, _name_of(node.func.value)
            asked = node.args[0] if function == "getenv" or (of == "environ" and function in _READERS) else None
        if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
            yield asked.value


def _name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
