"""What the API reference is made of: the Protocols with their docstrings, the imports, the cases, the exceptions.

Read by griffe from the source, so that types stand as they were written; the cases tell themselves
what they hold. How a page looks is in `api.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import griffe

from hokusai_testkit.contract.case import Case
from hokusai_testkit.contract.catalogue import entries
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS

__all__ = ["Area", "Documented", "areas", "cases_by_promise", "exceptions", "imports_of", "text_sections"]

ROOT = Path(__file__).resolve().parents[2]
_API = "hokusai_testkit.contract.api"
_CLASS, _FUNCTION = "Class", "Function"


@dataclass(frozen=True, slots=True)
class Documented:
    """One documented class, kind of value, or function.

    `constructor` is None for what users do not make themselves; `methods` of a function is the function alone.
    """

    name: str
    source: griffe.Class
    constructor: griffe.Function | None
    methods: Sequence[griffe.Function]
    attributes: Sequence[griffe.Attribute]


@dataclass(frozen=True, slots=True)
class Area:
    """A module of the contract: its subject in one line, its classes and kinds of values, its functions."""

    name: str
    subject: str
    classes: Sequence[Documented]
    functions: Sequence[Documented]


def areas() -> list[Area]:
    """Every area in which something is documented, by name."""
    package = griffe.load(_API, search_paths=[str(ROOT)], docstring_parser="google")
    modules = [package[name] for name in sorted(package.modules)]
    read = [_area(module) for module in modules]
    return [area for area in read if area.classes or area.functions]


def _area(module: griffe.Module) -> Area:
    protocols = {name: one for name, one in module.classes.items() if name in (module.exports or ())}
    classes = [
        _documented(name, one, protocols.get(f"{name}{_CLASS}"))
        for name, one in protocols.items()
        if not name.endswith(_FUNCTION) and not _is_constructor(name, protocols)
    ]
    functions = [_function(name, one) for name, one in protocols.items() if name.endswith(_FUNCTION)]
    subject = (module.docstring.value if module.docstring else module.name).partition("\n")[0]
    return Area(module.name, subject, classes, functions)


def _is_constructor(name: str, protocols: Mapping[str, griffe.Class]) -> bool:
    return name.endswith(_CLASS) and name.removesuffix(_CLASS) in protocols


def _documented(name: str, source: griffe.Class, made_by: griffe.Class | None) -> Documented:
    call = made_by.members.get("__call__") if made_by else None
    constructor = call if isinstance(call, griffe.Function) else None
    members = source.members.values()
    methods = [one for one in members if isinstance(one, griffe.Function) and one.name in ("__getitem__", "__iter__")]
    methods += [one for one in members if isinstance(one, griffe.Function) and not one.name.startswith("_")]
    attributes = [one for one in members if isinstance(one, griffe.Attribute) and not one.name.startswith("_")]
    return Documented(name, source, constructor, methods, attributes)


def _function(name: str, source: griffe.Class) -> Documented:
    own = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.removesuffix(_FUNCTION))
    call = source.members["__call__"]
    assert isinstance(call, griffe.Function)
    return Documented(own.lstrip("_"), source, None, [call], [])


def imports_of(name: str) -> list[str]:
    """The modules from which the documents import `name`, as users write them; none for what is only returned."""
    return [f"hokusai.{place}" if place else "hokusai" for place in DOCUMENTED_IMPORTS.get(name, ())]


def text_sections(of: griffe.Object) -> list[griffe.DocstringSection]:
    """The sections of a docstring: text, `Args`, `Returns`, `Raises`, ...; none without a docstring."""
    # A warning of the parser would go to the log and leave a page that lacks something.
    return of.docstring.parse("google", warnings=False) if of.docstring else []


def cases_by_promise() -> dict[str, list[tuple[str, Case]]]:
    """The contract cases by the promise that they hold, each with the file in which it stands."""
    found: dict[str, list[tuple[str, Case]]] = {}
    for entry in entries():
        file = f"{entry.module.rpartition('.')[2]}.py"
        found.setdefault(entry.case.promise.name, []).append((file, entry.case))
    return found


def exceptions() -> list[griffe.Class]:
    """What `hokusai.exceptions` documents, in the order of the module."""
    package = griffe.load("hokusai", search_paths=[str(ROOT / "sdk")], docstring_parser="google")
    module = package["exceptions"]
    return [one for name, one in module.classes.items() if name in (module.exports or ())]
