"""Request bodies and queries of the platform's own routes: what may stand in them, and what is wrong with one.

A `Model` reads a body as FastAPI with pydantic 2 does and reports errors in their form: `type`, `loc`, `msg`, `input`
and where pydantic has it `ctx`. The same models are the request schemas of the OpenAPI document.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

__all__ = [
    "Choice",
    "Field",
    "Flag",
    "Json",
    "Kind",
    "Malformed",
    "Model",
    "Number",
    "Object",
    "Text",
    "TextMap",
    "check_fields",
    "error",
]

Json = dict[str, Any]
Loc = tuple[str | int, ...]


class Malformed(Exception):
    """The body cannot be read at all: 400 for what no decoder takes, as FastAPI answers."""


def error(kind: str, loc: Loc, message: str, value: Any, context: Json | None = None) -> Json:
    """One error in pydantic's form."""
    found = {"type": kind, "loc": list(loc), "msg": message, "input": _sendable(value)}
    return found if context is None else {**found, "ctx": context}


def _sendable(value: Any) -> Any:
    """`value` without numbers that JSON has not."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_sendable(one) for one in value]
    if isinstance(value, dict):
        return {name: _sendable(one) for name, one in value.items()}
    return value


class Kind(Protocol):
    """What a field may hold."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """The value as it is used, and what is wrong with it."""

    def schema(self) -> Json:
        """The JSON schema of the values that are taken."""


class Text(NamedTuple):
    """Text. With `strip` it loses white space at both ends before its length is looked at."""

    min_length: int | None = None
    max_length: int | None = None
    strip: bool = False
    blank: bool = True
    """Whether it may consist of white space alone."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """Only text is text: numbers are not made into it."""
        if not isinstance(value, str):
            return None, [error("string_type", loc, "Input should be a valid string", value)]
        if not _is_unicode(value):
            message = "Input should be a valid string, unable to parse raw data as a unicode string"
            return None, [error("string_unicode", loc, message, value)]
        text = value.strip() if self.strip else value
        if self.min_length is not None and len(text) < self.min_length:
            return None, [_length("short", {"min_length": self.min_length}, loc, value)]
        if self.max_length is not None and len(text) > self.max_length:
            return None, [_length("long", {"max_length": self.max_length}, loc, value)]
        if not self.blank and not text.strip():
            return None, [error("value_error", loc, "Value error, must not be blank", value, {"error": {}})]
        return text, []

    def schema(self) -> Json:
        """Blanks are refused by a pattern."""
        schema: Json = {"type": "string"}
        if self.min_length is not None:
            schema["minLength"] = self.min_length
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        if self.strip or not self.blank:
            schema["pattern"] = r"\S"
        return schema


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _length(kind: str, bound: Json, loc: Loc, value: str) -> Json:
    (limit,) = bound.values()
    words = "at least" if kind == "short" else "at most"
    plural = "" if limit == 1 else "s"
    return error(f"string_too_{kind}", loc, f"String should have {words} {limit} character{plural}", value, bound)


class Number:
    """A finite number; text that spells one is taken."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """As pydantic reads a float outside of its strict mode."""
        if isinstance(value, str):
            try:
                number = float(value)
            except ValueError:
                message = "Input should be a valid number, unable to parse string as a number"
                return None, [error("float_parsing", loc, message, value)]
        elif isinstance(value, bool | int | float):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
        else:
            return None, [error("float_type", loc, "Input should be a valid number", value)]
        if not math.isfinite(number):
            return None, [error("finite_number", loc, "Input should be a finite number", value)]
        return number, []

    def schema(self) -> Json:
        """A JSON number is always finite."""
        return {"type": "number"}


class Flag:
    """A truth value of a query."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """Takes the words that pydantic takes."""
        word = value.lower() if isinstance(value, str) else value
        if word in ("true", "1", "on", "t", "y", "yes"):
            return True, []
        if word in ("false", "0", "off", "f", "n", "no"):
            return False, []
        message = "Input should be a valid boolean, unable to interpret input"
        return None, [error("bool_parsing", loc, message, value)]

    def schema(self) -> Json:
        """True or false."""
        return {"type": "boolean"}


class Object:
    """Any JSON object."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """Whatever is in it."""
        if isinstance(value, dict):
            return value, []
        return None, [error("dict_type", loc, "Input should be a valid dictionary", value)]

    def schema(self) -> Json:
        """Without demands on its properties."""
        return {"type": "object", "additionalProperties": True}


class TextMap:
    """A JSON object whose values are text."""

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """Each value has its own error."""
        if not isinstance(value, dict):
            return None, [error("dict_type", loc, "Input should be a valid dictionary", value)]
        read = {name: Text().read(one, (*loc, name)) for name, one in value.items()}
        errors = [found for _, one in read.values() for found in one]
        return {name: text for name, (text, _) in read.items()}, errors

    def schema(self) -> Json:
        """Text by name."""
        return {"type": "object", "additionalProperties": {"type": "string"}}


class Choice(NamedTuple):
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: Any, loc: Loc) -> tuple[Any, list[Json]]:
        """Exactly as they are written."""
        if value in self.words:
            return value, []
        quoted = [f"'{word}'" for word in self.words]
        expected = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
        return None, [error("enum", loc, f"Input should be {expected}", value, {"expected": expected})]

    def schema(self) -> Json:
        """The words."""
        return {"type": "string", "enum": list(self.words)}


class Field(NamedTuple):
    """One field: what it holds, and whether it may be absent or null."""

    kind: Kind
    required: bool = True
    nullable: bool = False
    default: Any = None
    description: str = ""

    def schema(self) -> Json:
        """The schema of the field's values."""
        schema = self.kind.schema()
        if self.nullable:
            schema = {"anyOf": [schema, {"type": "null"}]}
        return {**schema, "description": self.description} if self.description else schema


def check_fields(fields: Mapping[str, Field], given: Mapping[str, Any], where: str | None) -> tuple[Json, list[Json]]:
    """Read `given` (a body or a query) by its fields: the values, defaults filled in, and all errors in their order.

    `where` is the first part of each error's place; a body that a handler validates itself has none.
    """
    values: Json = {}
    errors: list[Json] = []
    for name, field in fields.items():
        loc: Loc = (name,) if where is None else (where, name)
        if name not in given:
            values[name] = field.default
            if field.required:
                errors.append(error("missing", loc, "Field required", None if where == "query" else dict(given)))
        elif given[name] is None and field.nullable:
            values[name] = None
        else:
            values[name], found = field.kind.read(given[name], loc)
            errors += found
    return values, errors


class Model(NamedTuple):
    """The body of a request: a JSON object with these fields; others are ignored."""

    name: str
    fields: Mapping[str, Field]
    example: Mapping[str, Any]

    def read(self, body: bytes, content_type: str | None) -> tuple[Json, list[Json]]:
        """Read a body; `Malformed` when it is neither JSON nor wrong JSON but something no decoder takes."""
        payload, errors = decode(body, content_type)
        if errors:
            return {}, errors
        if payload is None:
            return {}, [error("missing", ("body",), "Field required", None)]
        if not isinstance(payload, dict):
            message = "Input should be a valid dictionary or object to extract fields from"
            return {}, [error("model_attributes_type", ("body",), message, payload)]
        return check_fields(self.fields, payload, "body")

    def schema(self) -> Json:
        """The JSON schema of the body."""
        return {
            "type": "object",
            "properties": {name: field.schema() for name, field in self.fields.items()},
            "required": [name for name, field in self.fields.items() if field.required],
            "additionalProperties": True,
        }


def decode(body: bytes, content_type: str | None) -> tuple[Any, list[Json]]:
    """The JSON of a body, `None` without one; text where the content type says that it is no JSON."""
    if not body:
        return None, []
    if content_type and not _is_json(content_type):
        return body.decode("utf-8", "replace"), []
    try:
        return json.loads(body), []
    except json.JSONDecodeError as problem:
        loc = ("body", problem.pos)
        return None, [error("json_invalid", loc, "JSON decode error", {}, {"error": problem.msg})]
    except (ValueError, RecursionError) as problem:
        raise Malformed(str(problem)) from problem


def _is_json(content_type: str) -> bool:
    main, _, sub = content_type.partition(";")[0].strip().lower().partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))
