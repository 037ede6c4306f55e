"""Answers that many routes share, for their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hokusai_mock.gateway.route import Answer

__all__ = ["DETAIL", "TEXT", "answered", "detail", "failure", "listing", "record"]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
DETAIL: Schema = {"type": "object", "properties": {"detail": TEXT}, "required": ["detail"]}


def record(properties: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Schema:
    """An object that has these properties and may have the optional ones. A type stands for its schema."""
    every = {name: _schema(one) for name, one in {**properties, **(optional or {})}.items()}
    return {"type": "object", "properties": every, "required": list(properties)}


def listing(items: Any) -> Schema:
    """A list of such things."""
    return {"type": "array", "items": _schema(items)}


def answered(description: str, properties: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> Answer:
    """An answer whose body is an object with these properties."""
    return Answer(description, record(properties, optional))


def detail(description: str) -> Answer:
    """An error in FastAPI's form, with a sentence."""
    return Answer(description, DETAIL)


def failure(description: str, schema: Schema | None = None, *, loss: str = "") -> Answer:
    """A 5xx that the real platform gives by itself: for some input, or in eras that have the `loss`."""
    return Answer(description, DETAIL if schema is None else schema, own=True, loss=loss)


_TYPES: dict[Any, Schema] = {
    str: TEXT,
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
    list: {"type": "array"},
    None: {"type": "null"},
}


def _schema(one: Any) -> Schema:
    """The schema of a Python type, of a choice of types, or the schema itself."""
    if isinstance(one, dict):
        return one
    if isinstance(one, tuple):
        return {"anyOf": [_schema(part) for part in one]}
    return _TYPES[one]
