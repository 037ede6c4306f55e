"""JSON Schema (2020-12) of the types that routes read and answer: dataclasses, typed dictionaries, and what they hold.

Made from the same annotations by which `schema.read` checks input, so that document and behaviour cannot part. What is
no type of these is an error here, at the first use of the document, not a gap in it.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from inspect import getdoc
from typing import Annotated, Any, Literal, get_args, get_origin

from typing_extensions import is_typeddict

from hokusai_mock.schema import AtLeast, Between, Custom, Key, Matches, parse_seconds

__all__ = ["Definitions", "properties", "schema_of"]


class Definitions(dict[str, dict[str, Any]]):
    """Schemas by name, for `#/components/schemas`; two types of one name are an error of the document's makers."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._owners: dict[str, object] = {}

    def claim(self, owner: object, name: str) -> bool:
        """Give a name to a type; false when the type has it already, `TypeError` when another one has."""
        if self._owners.setdefault(name, owner) is not owner:
            raise TypeError(f"two types of the admin API are called {name}: {owner!r} and {self._owners[name]!r}")
        return name not in self


_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}
_SECONDS = {
    "description": 'Seconds, as a number or as text with a unit: "250ms", "2s", "90m", "24h".',
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d+(\.\d+)? ?(ms|s|m|h)?$"}],
}


def schema_of(annotation: Any, known: Definitions) -> dict[str, Any]:
    """The schema of an annotation; named types are put into `known` and referred to."""
    if annotation in _SCALARS:
        return dict(_SCALARS[annotation])
    if hasattr(annotation, "json_schema"):
        own: dict[str, Any] = annotation.json_schema(known)
        return own
    origin = get_origin(annotation)
    if origin in _READERS:
        return _READERS[origin](annotation, known)
    if isinstance(annotation, type) and (dataclasses.is_dataclass(annotation) or is_typeddict(annotation)):
        return _named(annotation, known)
    raise TypeError(f"no JSON schema for {annotation!r}")


def properties(cls: Any, known: Definitions) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The properties of a dataclass or typed dictionary by their names in JSON, and which of them are required."""
    hints = typing.get_type_hints(cls, include_extras=True)
    if is_typeddict(cls):
        return {name: schema_of(hint, known) for name, hint in hints.items()}, sorted(cls.__required_keys__)
    found, required = {}, []
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        name = next((mark.name for mark in _marks(hint) if isinstance(mark, Key)), field.name)
        found[name] = schema_of(hint, known)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            required.append(name)
        elif isinstance(field.default, str | int | float | bool):
            found[name] = {**found[name], "default": field.default}
    return found, required


def _named(cls: Any, known: Definitions) -> dict[str, Any]:
    name = cls.__name__
    if known.claim(cls, name):
        known[name] = {}  # so that a type may hold itself
        found, required = properties(cls, known)
        known[name] = {"type": "object", "description": _summary(cls), "properties": found}
        if required:
            known[name]["required"] = required
        if dataclasses.is_dataclass(cls):
            known[name]["additionalProperties"] = False
    return {"$ref": f"#/components/schemas/{name}"}


def _summary(cls: Any) -> str:
    return " ".join((getdoc(cls) or "").split())


def _marks(annotation: Any) -> tuple[Any, ...]:
    return annotation.__metadata__ if get_origin(annotation) is Annotated else ()


def _annotated(annotation: Any, known: Definitions) -> dict[str, Any]:
    marks = _marks(annotation)
    if any(isinstance(mark, Custom) and mark.convert is parse_seconds for mark in marks):
        return dict(_SECONDS)
    schema = schema_of(annotation.__origin__, known)
    for mark in marks:
        if isinstance(mark, AtLeast):
            schema["minimum"] = mark.minimum
        elif isinstance(mark, Between):
            schema.update(minimum=mark.minimum, maximum=mark.maximum)
        elif isinstance(mark, Matches):
            schema.update(pattern=f"^(?:{mark.pattern})$", description=mark.form)
    return schema


def _union(annotation: Any, known: Definitions) -> dict[str, Any]:
    return {"anyOf": [schema_of(one, known) for one in get_args(annotation)]}


def _literal(annotation: Any, _known: Definitions) -> dict[str, Any]:
    return {"enum": list(get_args(annotation))}


def _list(annotation: Any, known: Definitions) -> dict[str, Any]:
    return {"type": "array", "items": schema_of(get_args(annotation)[0], known)}


def _mapping(annotation: Any, known: Definitions) -> dict[str, Any]:
    values = schema_of(get_args(annotation)[1], known)
    return {"type": "object", "additionalProperties": values} if values else {"type": "object"}


_READERS: dict[Any, Callable[[Any, Definitions], dict[str, Any]]] = {
    Annotated: _annotated,
    typing.Union: _union,
    types.UnionType: _union,
    Literal: _literal,
    list: _list,
    tuple: _list,
    dict: _mapping,
    Mapping: _mapping,
}
