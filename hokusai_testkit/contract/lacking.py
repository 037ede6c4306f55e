"""An SDK that lacks what a scenario says: loaded as `hokusai` in front of the one that is installed.

This file is copied as it stands into the home of a client (`stand_in.py` does it, and writes `lacking.json` beside the
package), so it knows nothing but the standard library. It becomes the installed SDK with the named methods and
parameters taken away; where none is installed, the documented classes with their documented signatures, which do
nothing. `lame` and `built` also serve who does the same inside of one process.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import inspect
import json
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

Undo = Callable[[], None]

NAME = "hokusai"


def lame(owner: type, member: str, parameter: str | None = None) -> list[Undo]:
    """Take a method, or one parameter of it, away from a class; returns how to put it back, last first."""
    undo: list[Undo] = []
    for base in owner.__mro__[:-1]:
        if member not in vars(base):
            continue
        original = vars(base)[member]
        undo.append(lambda base=base, original=original: setattr(base, member, original))  # type: ignore[misc]
        if parameter is None:
            delattr(base, member)
        else:
            setattr(base, member, without_parameter(original, parameter))
    return undo[::-1]


def without_parameter(function: Callable[..., Any], parameter: str) -> Callable[..., Any]:
    """`function` as it was before it had `parameter`: later positions move up, the name is refused as Python does."""
    whole = inspect.signature(function)
    rest = whole.replace(parameters=[one for one in whole.parameters.values() if one.name != parameter])

    @wraps(function)
    def reduced(*args: Any, **kwargs: Any) -> Any:
        if parameter in kwargs:
            raise TypeError(f"{function.__qualname__}() got an unexpected keyword argument {parameter!r}")
        bound = rest.bind(*args, **kwargs)
        first = next(iter(rest.parameters))
        arguments = dict(bound.arguments)
        return function(arguments.pop(first), **arguments)

    reduced.__signature__ = rest  # type: ignore[attr-defined]
    return reduced


def built(name: str, methods: Mapping[str, Sequence[Mapping[str, Any]]]) -> type:
    """A class with these methods, given as the parameters of each; calling one checks the call and does no more."""
    return type(name, (), {method: _built_method(name, method, given) for method, given in methods.items()})


def _built_method(owner: str, method: str, given: Sequence[Mapping[str, Any]]) -> Callable[..., Any]:
    parameters = [
        inspect.Parameter(
            one["name"],
            getattr(inspect.Parameter, one["kind"]),
            default=None if one["optional"] else inspect.Parameter.empty,
        )
        for one in given
    ]
    signature = inspect.Signature(parameters)

    def stand_in(*args: Any, **kwargs: Any) -> Any:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{owner}.{method}() {error}") from None
        if method != "__init__":
            raise NotImplementedError(
                f"{owner}.{method}() is a stand-in for a scenario: it has the documented signature and does nothing, "
                "as no Hokusai SDK is installed here"
            )

    stand_in.__name__, stand_in.__qualname__ = method, f"{owner}.{method}"
    stand_in.__signature__ = signature  # type: ignore[attr-defined]
    return stand_in


def modules_of(plan: Mapping[str, Any]) -> dict[str, types.ModuleType]:
    """The documented modules with the documented classes, where no SDK is installed; by their full names."""
    modules: dict[str, types.ModuleType] = {}
    for name, places in plan["places"].items():
        made = built(name, plan["classes"].get(name, {}))
        for place in places:
            full = f"{NAME}.{place}" if place else NAME
            for length in range(1, full.count(".") + 2):
                part = ".".join(full.split(".")[:length])
                module = modules.setdefault(part, types.ModuleType(part))
                module.__path__ = []
            setattr(modules[full], name, made)
    return modules


def take_away(module: types.ModuleType, lacks: Sequence[str]) -> list[Undo]:
    """Take `Class.method` or `Class.method.parameter` away from the classes of `module`; returns how to undo it."""
    undo: list[Undo] = []
    for lack in lacks:
        owner, member, *parameter = lack.split(".")
        undo[:0] = lame(getattr(module, owner), member, *parameter)
    return undo


def _become() -> None:
    """Take the place of this module: the SDK further down the path, or what the plan says."""
    here = Path(__file__).resolve().parent
    plan = json.loads((here.parent / "lacking.json").read_text("utf-8"))
    others = [path for path in sys.path if Path(path or ".").resolve() != here.parent]
    spec = importlib.machinery.PathFinder.find_spec(NAME, others)
    if spec is None or spec.loader is None:
        sys.modules.update(modules_of(plan))
    else:
        module = importlib.util.module_from_spec(spec)
        sys.modules[NAME] = module
        spec.loader.exec_module(module)
    take_away(sys.modules[NAME], plan["lacks"])


if __name__ == NAME:
    _become()
