"""Parameters of a scenario: their types, the values that callers give, and `"${X}"` in a file's tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hokusai_mock.schema import ImpossibleError, did_you_mean, parse_seconds

__all__ = ["COMMON", "Param", "substitute"]

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_SAMPLES: dict[str, Any] = {"int": 0, "seconds": 0.0, "string": "sample", "strings": []}


@dataclass(frozen=True, slots=True)
class Param:
    """One `[params.X]` table. Without a `default` the parameter must be given."""

    type: Literal["int", "seconds", "string", "strings", "choice"]
    default: Any = None
    choices: tuple[Any, ...] | None = None
    unit: str | None = None

    def __post_init__(self) -> None:
        """Refuse a choice without choices, and defaults and choices of another type."""
        if self.type == "choice" and not self.choices:
            raise ImpossibleError("a parameter of type 'choice' needs 'choices'")
        if self.choices is not None and self.type == "strings":
            raise ImpossibleError("a parameter of type 'strings' takes no 'choices'")
        for value in (*(self.choices or ()), *(() if self.default is None else (self.default,))):
            try:
                self.convert(value)
            except ValueError as error:  # noqa: PERF203 - a handful of choices
                raise ImpossibleError(f"the value {value!r} of this parameter {error}") from None

    @property
    def sample(self) -> Any:
        """A value of the right type: the default, a choice, or a neutral one; with it a file is checked unplayed."""
        if self.default is not None:
            return self.convert(self.default)
        return self.choices[0] if self.choices else _SAMPLES[self.type]

    def convert(self, value: Any) -> Any:
        """Return `value` in the parameter's type.

        Text is read as the type wants it, because a command line gives nothing else; several strings are joined with
        `+` there. `ValueError` says what was expected.
        """
        converted = _CONVERTERS[self.type](value)
        if self.choices is not None and converted not in self.choices:
            names = [str(choice) for choice in self.choices]
            raise ValueError(f"cannot be {value!r}{did_you_mean(value, names)}")
        return converted


def _int(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value.strip()):
        return int(value)
    raise ValueError(f"must be a whole number, not {value!r}")


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"must be text, not {value!r}")


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part for part in value.split("+") if part]
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return list(value)
    raise ValueError(f"must be a list of text, not {value!r}")


def _number(value: Any) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise ValueError(f"must be a number, not {value!r}")


def _any(value: Any) -> Any:
    return value


_CONVERTERS = {"int": _int, "seconds": parse_seconds, "string": _string, "strings": _strings, "choice": _any}

COMMON = {
    "after": _int,
    "times": _int,
    "every": _int,
    "probability": _number,
    "per": _string,
    "methods": _strings,
    "paths": _strings,
}
"""Parameters of every scenario that has faults, with the reader of each: they change all of its `[[fault]]` tables."""


def substitute(table: Any, values: Mapping[str, Any]) -> Any:
    """Return `table` with every `"${X}"` replaced.

    Text that is nothing but a reference becomes the value in its own type; within longer text the value is written as
    text. `ImpossibleError` for a parameter that does not exist.
    """
    if isinstance(table, Mapping):
        return {key: substitute(item, values) for key, item in table.items()}
    if isinstance(table, list):
        return [substitute(item, values) for item in table]
    if not isinstance(table, str) or "${" not in table:
        return table
    whole = _REFERENCE.fullmatch(table)
    if whole:
        return _lookup(whole[1], values)
    return _REFERENCE.sub(lambda found: str(_lookup(found[1], values)), table)


def _lookup(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise ImpossibleError(f"no parameter is called {name!r}{did_you_mean(name, values)}")
    return values[name]
