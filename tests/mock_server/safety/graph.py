"""Walks everything that an object refers to, and says what of it can be changed."""

from __future__ import annotations

import gc
import re
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_origin

__all__ = ["reachable", "shared_and_mutable"]

_LEAVES = (
    str,
    bytes,
    int,
    float,
    complex,
    type,
    types.ModuleType,
    types.CodeType,
    re.Pattern,
    Enum,
    property,
    type(None),
)
"""What cannot be changed, and leads nowhere or to the program itself."""
_BUILT_IN = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.GetSetDescriptorType,
)

_FIXED = (tuple, frozenset, types.MappingProxyType, types.FunctionType, types.MethodType, *_BUILT_IN)
"""What cannot be changed itself, though perhaps what it refers to."""


def _parts(thing: object) -> list[Any]:
    """What a thing refers to; of a function what it has caught, not the module that it stands in."""
    if get_origin(thing) is not None:
        return []  # `Searchable[Run]`: a spelling of a type, which an object of it remembers
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return [*cells, thing.__defaults__, thing.__kwdefaults__]
    if isinstance(thing, types.MappingProxyType):
        return [*thing.keys(), *thing.values()]  # whoever has the view alone cannot change what it shows
    if isinstance(thing, _BUILT_IN):
        return [getattr(thing, "__self__", None)]
    return gc.get_referents(thing)


def reachable(root: object) -> dict[int, tuple[Any, str]]:
    """Everything that `root` refers to, by identity, with the way to it."""
    found: dict[int, tuple[Any, str]] = {}
    waiting = [(root, type(root).__name__)]
    while waiting:
        thing, way = waiting.pop()
        if isinstance(thing, _LEAVES) or id(thing) in found:
            continue
        found[id(thing)] = (thing, way)
        waiting += [(part, f"{way} > {_name(thing, part)}") for part in _parts(thing)]
    return found


def _name(owner: object, part: object) -> str:
    if isinstance(owner, dict):
        key = next((key for key, value in owner.items() if value is part), None)
        return f"[{key!r}]" if key is not None else type(part).__name__
    return type(part).__name__


def _can_change(thing: object) -> bool:
    if isinstance(thing, _FIXED) or get_origin(thing) is not None:
        return False
    parameters = getattr(type(thing), "__dataclass_params__", None)
    return not (parameters is not None and parameters.frozen)


def shared_and_mutable(first: object, second: object) -> Iterator[tuple[Any, str]]:
    """What both refer to and somebody could change, with the way to it from the first."""
    others = reachable(second)
    for identity, (thing, way) in reachable(first).items():
        if identity in others and _can_change(thing):
            yield thing, way
