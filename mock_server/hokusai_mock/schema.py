"""Strict reading of tables (TOML, JSON) into frozen dataclasses: scenarios, fault rules, profiles, request bodies.

A dataclass is the schema: its fields are the known keys, its annotations the types, its defaults the optional keys, and
its `__post_init__` refuses impossible combinations with `ImpossibleError`. What a table means is decided elsewhere.
"""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

__all__ = [
    "AtLeast",
    "Between",
    "Custom",
    "ImpossibleError",
    "Key",
    "Matches",
    "SchemaError",
    "Seconds",
    "did_you_mean",
    "parse_seconds",
    "read",
]

T = TypeVar("T")


class SchemaError(ValueError):
    """A table does not fit its schema; the message names the place, the offending key or value, and what is known."""


class ImpossibleError(SchemaError):
    """Each key is fine alone, the combination is not: raised by a dataclass's `__post_init__`; `read` adds where."""


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """In `Annotated`: the key's name in the table, where it is a reserved word in Python (`with`, `is`, `in`)."""

    name: str


@dataclasses.dataclass(frozen=True, slots=True)
class AtLeast:
    """In `Annotated`: the smallest number allowed."""

    minimum: float

    def complaint(self, value: Any) -> str | None:
        """Return what is wrong with `value`, or `None`."""
        return None if value is None or value >= self.minimum else f"must be at least {self.minimum}, not {value}"


@dataclasses.dataclass(frozen=True, slots=True)
class Between:
    """In `Annotated`: the range of numbers allowed, both ends included."""

    minimum: float
    maximum: float

    def complaint(self, value: Any) -> str | None:
        """Return what is wrong with `value`, or `None`."""
        if value is None or self.minimum <= value <= self.maximum:
            return None
        return f"must be between {self.minimum} and {self.maximum}, not {value}"


@dataclasses.dataclass(frozen=True, slots=True)
class Matches:
    """In `Annotated`: the form that a whole string must have, and its description for people."""

    pattern: str
    form: str

    def complaint(self, value: Any) -> str | None:
        """Return what is wrong with `value`, or `None`."""
        return None if value is None or re.fullmatch(self.pattern, value) else f"must be {self.form}, not {value!r}"


@dataclasses.dataclass(frozen=True, slots=True)
class Custom:
    """In `Annotated`: reads the value itself; `convert` raises `ValueError` with what it expected."""

    convert: Callable[[Any], Any]


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_seconds(value: object) -> float:
    """Read a duration: a number of seconds, or text with a unit (`"250ms"`, `"2s"`, `"1.5m"`, `"24h"`)."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        parts = re.fullmatch(r"(\d+(?:\.\d+)?) ?(ms|s|m|h)?", value) if isinstance(value, str) else None
        if parts is None:
            raise ValueError(f"must be seconds, as a number or as text such as '250ms' or '2s', not {value!r}")
        seconds = float(parts[1]) * _UNITS[parts[2] or "s"]
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"must be a duration of zero or more seconds, not {value!r}")
    return seconds


Seconds = Annotated[float, Custom(parse_seconds)]
"""A duration in seconds; `parse_seconds` says how it is written."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown `word`: the nearest of `known`, and all of them if they are few.

    A word that begins dotted names (`tls` of `tls.expired`) is answered with these.
    """
    names = sorted(known)
    if begun := [name for name in names if name.startswith(f"{word}.")]:
        return f"; there are {', '.join(begun)}"
    near = get_close_matches(str(word), names, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if not names:
        return hint
    few = 16
    if near:  # of many names the first few would only hide it
        return hint if len(names) > few else f"{hint} (known: {', '.join(names)})"
    listed = ", ".join(names[:few]) + (f" and {len(names) - few} more" if len(names) > few else "")
    return f"; known: {listed}"


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    name: str
    annotation: Any
    required: bool


@lru_cache(maxsize=256)
def _fields(cls: Any) -> dict[str, _Field]:
    """The fields of a dataclass by the key that a table has for them."""
    hints = typing.get_type_hints(cls, include_extras=True)
    result = {}
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        annotation = hints[field.name]
        key = next((mark.name for mark in _marks(annotation) if isinstance(mark, Key)), field.name)
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        result[key] = _Field(field.name, annotation, required)
    return result


def _marks(annotation: Any) -> tuple[Any, ...]:
    return annotation.__metadata__ if get_origin(annotation) is Annotated else ()


def read(cls: type[T], table: object, where: str) -> T:
    """Make a `cls` of `table`; `where` names the table in errors (`[[fault]] 2`).

    `SchemaError` for an unknown or missing key, a wrong type, a value out of bounds, or an impossible combination.
    """
    if not isinstance(table, Mapping):
        raise SchemaError(f"{where}: expected a table, not {_kind(table)}")
    fields = _fields(typing.cast(Any, cls))
    for key in table:
        if key not in fields:
            raise SchemaError(f"{where}: unknown key {key!r}{did_you_mean(key, fields)}")
    values = {}
    for key, field in fields.items():
        if key in table:
            values[field.name] = _value(field.annotation, table[key], f"{where}: {key!r}")
        elif field.required:
            raise SchemaError(f"{where}: {key!r} is missing")
    try:
        return cls(**values)
    except ImpossibleError as error:
        raise SchemaError(f"{where}: {error}") from None


def _value(annotation: Any, value: object, where: str) -> Any:
    if annotation is Any or annotation is object:
        return value
    origin = get_origin(annotation)
    if origin in _READERS:
        return _READERS[origin](annotation, value, where)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return read(annotation, value, where)
    return _scalar(annotation, value, where)


def _annotated(annotation: Any, value: object, where: str) -> Any:
    custom = next((mark for mark in _marks(annotation) if isinstance(mark, Custom)), None)
    if custom is not None:
        try:
            return custom.convert(value)
        except ValueError as error:
            raise SchemaError(f"{where} {error}") from None
    result = _value(annotation.__origin__, value, where)
    for mark in _marks(annotation):
        complaint = mark.complaint(result) if hasattr(mark, "complaint") else None
        if complaint:
            raise SchemaError(f"{where} {complaint}")
    return result


def _list(annotation: Any, value: object, where: str) -> Any:
    if not isinstance(value, list | tuple):
        raise SchemaError(f"{where} must be a list, not {_kind(value)}")
    item_annotation = get_args(annotation)[0]
    return tuple(_value(item_annotation, item, f"{where} {number}") for number, item in enumerate(value, 1))


def _table(annotation: Any, value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise SchemaError(f"{where} must be a table, not {_kind(value)}")
    item_annotation = get_args(annotation)[1]
    return {key: _value(item_annotation, item, f"{where}: {key!r}") for key, item in value.items()}


def _union(annotation: Any, value: object, where: str) -> Any:
    alternatives = get_args(annotation)
    if value is None and type(None) in alternatives:
        return None
    real = [alternative for alternative in alternatives if alternative is not type(None)]
    if len(real) == 1:
        return _value(real[0], value, where)
    errors = []
    for alternative in real:
        try:
            return _value(alternative, value, where)
        except SchemaError as error:  # noqa: PERF203 - two or three alternatives
            errors.append(error)
    raise SchemaError(f"{where} fits none of its forms: {'; '.join(str(error) for error in errors)}")


def _literal(annotation: Any, value: object, where: str) -> Any:
    choices = get_args(annotation)
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return choice
    names = [str(choice) for choice in choices]
    if len(names) == 1:
        raise SchemaError(f"{where} can only be {choices[0]!r}, not {value!r}")
    raise SchemaError(f"{where} cannot be {value!r}{did_you_mean(value, names)}")


def _scalar(wanted: Any, value: object, where: str) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is wanted:
        return value
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    raise SchemaError(f"{where} must be {names.get(wanted, wanted)}, not {_kind(value)}")


_READERS: dict[Any, Callable[[Any, object, str], Any]] = {
    Annotated: _annotated,
    typing.Union: _union,
    types.UnionType: _union,
    Literal: _literal,
    tuple: _list,
    dict: _table,
    Mapping: _table,
}


def _kind(value: object) -> str:
    """What a value is, in the words of TOML and JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value)
