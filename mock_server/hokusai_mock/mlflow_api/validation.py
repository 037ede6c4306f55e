"""The rules that MLflow's server checks before it works: required fields, types, names and lengths.

`check` runs the rules of an endpoint over the body as it was sent; names and lengths are checked by the endpoints. The
texts come from the profile (`errors.to_response`), the English here is that of 3.9.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hokusai_mock.mlflow_api.errors import Crash, StoreError, invalid
from hokusai_mock.profiles import MlflowProfile

__all__ = [
    "ARRAY",
    "BOOLEAN",
    "FLOAT",
    "INTEGER",
    "REQUIRED",
    "STRING",
    "STRINGS",
    "Rule",
    "at_most",
    "check",
    "check_alias",
    "check_file_name",
    "check_length",
    "check_name",
    "check_run_id",
    "entries",
    "invalid_value",
    "positive",
    "version_number",
]

_SEE = " See the API docs for more information about request parameters."


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of a value. Rules of type are skipped when the body could be read as its message."""

    holds: Callable[[Any], bool]
    of_type: bool = False
    entries: tuple[str, ...] = ()
    """Fields that every entry of a list must have."""
    message: Callable[[Any], str] | None = None
    """Words of its own for a value that breaks it."""


def _intlike(value: Any) -> bool:
    try:
        int(value)
    except ValueError:
        return False
    except TypeError:
        raise Crash from None
    return True


def _floatlike(value: Any) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    except TypeError:
        raise Crash from None
    return True


REQUIRED = Rule(lambda value: value is not None and value != "")
STRING = Rule(lambda value: isinstance(value, str), of_type=True)
INTEGER = Rule(_intlike, of_type=True)
FLOAT = Rule(_floatlike, of_type=True)
BOOLEAN = Rule(lambda value: isinstance(value, bool), of_type=True)
ARRAY = Rule(lambda value: isinstance(value, list), of_type=True)
STRINGS = Rule(lambda value: all(isinstance(item, str) for item in value), of_type=True)


def at_most(limit: int) -> Rule:
    """A number up to `limit`."""
    return Rule(lambda value: int(value) <= limit)


def entries(*required: str) -> Rule:
    """Every entry of a list has these fields."""
    return Rule(lambda value: _first_lack(value, required) is None, entries=required)


def _first_lack(value: Any, required: Sequence[str]) -> str | None:
    if value is None:
        raise Crash
    for index, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise Crash
        for name in required:
            if entry.get(name) in (None, ""):
                return f"[{index}].{name}"
    return None


def check(
    rules: Mapping[str, Sequence[Rule]], payload: Mapping[str, Any], profile: MlflowProfile, *, complete: bool
) -> None:
    """Check a body, as sent, against the rules of its endpoint; `complete`: it could be read as its message."""
    for name, of_name in rules.items():
        if name not in payload and REQUIRED not in of_name:
            continue
        value = payload.get(name)
        if name == "run_id" and value is None:
            value = payload.get("run_uuid")
        for rule in of_name:
            if not (rule.of_type and complete) and not _holds(rule, value):
                raise _broken(rule, name, value, profile)


def _holds(rule: Rule, value: Any) -> bool:
    try:
        return rule.holds(value)
    except TypeError:  # a limit that is compared with null: the real server stumbles too
        raise Crash from None


def _broken(rule: Rule, name: str, value: Any, profile: MlflowProfile) -> StoreError:
    if rule.message is not None:
        return invalid(rule.message(value) + _SEE)
    missing = name if rule is REQUIRED else None
    if rule.entries and profile.behaviour.missing_batch_entries_are_named:
        missing = f"{name}{_first_lack(value, rule.entries)}"
    if missing is not None:
        return invalid(f"Missing value for required parameter '{missing}'.{_SEE}")
    error = invalid_value(name, value, f" Hint: Value was of type '{type(value).__name__}'.")
    text = profile.texts["invalid_value"].format(**error.facts)
    return invalid(text + _SEE)


def invalid_value(path: str, value: Any, hint: str, kind: str = "invalid_value", **facts: object) -> StoreError:
    """The refusal of a value by its path; profiles word it."""
    compact = json.dumps(value, sort_keys=True, separators=(",", ":"))
    message = f"Invalid value {compact} for parameter '{path}' supplied: {hint}"
    return invalid(message, kind, json=compact, value=value, path=path, hint=hint, **facts)


_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}$")
_NAME = {True: re.compile(r"[/\w.\- :]*"), False: re.compile(r"[/\w.\- ]*")}


def check_name(noun: str, name: str, path: str, profile: MlflowProfile) -> None:
    """Refuse names of metrics, parameters and tags (`noun`) that could not be file names."""
    if _NAME[profile.behaviour.names_may_hold_colons].fullmatch(name) is None:
        raise invalid_value(path, name, "", "bad_characters", noun=noun)
    check_file_name(noun, name, path)


def check_file_name(noun: str, name: str, path: str) -> None:
    """Refuse a name that means another one when it is a path."""
    resolved = posixpath.normpath(name)
    if resolved != name or resolved == "." or resolved.startswith(("..", "/")):
        raise invalid_value(path, name, "", "bad_path", noun=noun, resolved=resolved)


def check_length(path: str, label: str, value: str, limit: int | None) -> None:
    """Refuse what is longer than `limit` characters; versions call it by `path` or by `label`."""
    if limit is not None and len(value) > limit:
        raise invalid(
            f"'{path}' exceeds the maximum length of {limit} characters",
            "too_long",
            path=path,
            label=label,
            start=value[:250],
            length=len(value),
            limit=limit,
        )


def check_run_id(text: str) -> None:
    """Refuse what is no run id at all; few endpoints of the real server look."""
    if _RUN_ID.match(text) is None:
        raise invalid(f"Invalid value {json.dumps(text)} for parameter 'run_id' supplied.", "bad_run_id", value=text)


def positive(value: int, limit: int | None = None) -> None:
    """Refuse a `max_results` below 1, and above `limit`."""
    if value < 1:
        raise invalid("max_results must be positive", "not_positive", value=value)
    if limit is not None and value > limit:
        raise invalid("max_results is too large", "above_maximum", value=value, limit=limit)


def version_number(text: str) -> int:
    """The number of a model version."""
    try:
        return int(text)
    except ValueError:
        raise invalid(
            f"Parameter 'version' must be an integer, got '{text}'.", "version_not_integer", value=text
        ) from None


_ALIAS = re.compile(r"[\w\-]*")
_VERSION_ALIAS = re.compile(r"v\d+", re.IGNORECASE)


def check_alias(alias: str, *, new: bool = False) -> None:
    """Refuse what is no alias, and for a new one (on old servers for any) what is reserved."""
    if not alias:
        raise invalid("Registered model alias name cannot be empty.")
    if _ALIAS.fullmatch(alias) is None:
        raise invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    check_length("Registered model alias name", "Registered model alias name", alias, 255)
    if new and alias.lower() == "latest":
        raise invalid("'latest' alias name (case insensitive) is reserved.")
    if new and _VERSION_ALIAS.fullmatch(alias):
        raise invalid(f"Version alias name '{alias}' is reserved.")
