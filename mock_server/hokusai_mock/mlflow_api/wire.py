"""Protocol-buffer messages in JSON, as MLflow's server reads them: the fields of a request, and how values are read.

Unknown fields are ignored, `null` counts as absent, 64-bit integers may be texts, doubles may be `"NaN"`. Reading stops
at the first value that does not fit its field: what was read before stays, and the real server then works with that.
Rules such as "required" are in `validation.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["BOOL", "DOUBLE", "INT64", "KEY_VALUES", "TEXT", "Message", "NotReadable", "Repeated", "enum"]

_INT64 = range(-(2**63), 2**63)
_UNPAIRED_SURROGATE = re.compile("[\ud800-\udfff]")


class NotReadable(ValueError):
    """A value does not fit the field. `partial` is what was read of it before: the real parser leaves that in place."""

    def __init__(self, value: Any, partial: Any = None) -> None:
        """Refuse `value`."""
        super().__init__(value)
        self.partial = partial


Reader = Callable[[Any, bool], Any]
"""(value, ignore unknown names of enumerations) -> what the field holds; `None` leaves the field absent."""


def _text(value: Any, _: bool) -> str:
    if type(value) is not str or (not value.isascii() and _UNPAIRED_SURROGATE.search(value)):
        raise NotReadable(value)
    return value


def _int64(value: Any, _: bool) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise NotReadable(value)
    if isinstance(value, str) and value.strip() != value:
        raise NotReadable(value)
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise NotReadable(value) from None
    if number not in _INT64:
        raise NotReadable(value)
    return number


def _double(value: Any, _: bool) -> float:
    if isinstance(value, float) and not math.isfinite(value):
        raise NotReadable(value)  # bare NaN and Infinity are no JSON
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise NotReadable(value) from None
    if value == "nan":
        raise NotReadable(value)  # every other spelling of Python's is taken
    return number


def _bool(value: Any, _: bool) -> bool:
    if type(value) is not bool:
        raise NotReadable(value)
    return value


TEXT: Reader = _text
INT64: Reader = _int64
DOUBLE: Reader = _double
BOOL: Reader = _bool


def enum(**numbers: int) -> Reader:
    """A field that holds one of the names; a number means the name that has it. Unknown is only what is no number."""
    by_number = {number: name for name, number in numbers.items()}

    def read(value: Any, ignore_unknown: bool) -> str | None:
        if isinstance(value, str) and value in numbers:
            return value
        try:
            return by_number[int(value)]
        except ValueError:
            if ignore_unknown:
                return None
            raise NotReadable(value) from None
        except (TypeError, KeyError):
            raise NotReadable(value) from None

    return read


class Repeated:
    """A field that holds a list."""

    __slots__ = ("_item",)

    def __init__(self, item: Reader) -> None:
        """Every item is read as `item`."""
        self._item = item

    def __call__(self, value: Any, ignore_unknown: bool) -> list[Any]:
        """Read the items; of a list that does not fit, what was read is the partial value."""
        if not isinstance(value, list):
            raise NotReadable(value)
        items: list[Any] = []
        for one in value:
            try:
                items.append(self._item(one, ignore_unknown))
            except NotReadable as error:  # noqa: PERF203 - ends the loop
                if error.partial is not None:
                    items.append(error.partial)
                raise NotReadable(value, items) from None
        return items


class Message:
    """The fields of a message by name; as a reader it is the value of a field of another message."""

    __slots__ = ("_by_json_name", "fields")

    def __init__(self, **fields: Reader) -> None:
        """Fields are found by their own name and by its camel case."""
        self.fields = fields
        self._by_json_name = {_camel_case(name): name for name in fields}

    def read(self, payload: Mapping[str, Any], *, ignore_unknown: bool) -> tuple[dict[str, Any], bool]:
        """What could be read, and whether that is all."""
        values: dict[str, Any] = {}
        for given, value in payload.items():
            name = given if given in self.fields else self._by_json_name.get(given)
            if name is None or value is None:
                continue
            try:
                result = self.fields[name](value, ignore_unknown)
            except NotReadable as error:
                if error.partial is not None:
                    values[name] = error.partial
                return values, False
            if result is not None:
                values[name] = result
        return values, True

    def __call__(self, value: Any, ignore_unknown: bool) -> dict[str, Any]:
        """Read a value as this message; of one that does not fit, what was read is the partial value."""
        if not isinstance(value, Mapping):
            raise NotReadable(value)
        values, complete = self.read(value, ignore_unknown=ignore_unknown)
        if not complete:
            raise NotReadable(value, values)
        return values


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


KEY_VALUES = Repeated(Message(key=TEXT, value=TEXT))
"""A list of `{key, value}`: tags and parameters."""
