"""Questions to a journal: which recorded requests have this method, this path and these fields?

Pure: works on journal entries as JSON, wherever they came from. Standard library only.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

__all__ = [
    "ABSENT",
    "CHOICES",
    "FIELDS",
    "Calls",
    "Unlike",
    "ask",
    "body_object",
    "check",
    "differences",
    "path_matches",
]

_NUMBER: tuple[tuple[type, ...], str] = ((int,), "a whole number")
_TEXT: tuple[tuple[type, ...], str] = ((str,), "text")

FIELDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "n": _NUMBER,
    "t": _NUMBER,
    "real_t": _NUMBER,
    "query": ((str, dict), "text, or a dict of parameters"),
    "headers": ((list, dict), "a list of [name, value], or a dict of names and globs"),
    "auth": ((dict,), "an object with scheme, key and location"),
    "host": _TEXT,
    "body": ((str, dict), "text or a JSON object"),
    "body_size": _NUMBER,
    "status": _NUMBER,
    "retry_after": _TEXT,
    "answered_bytes": _NUMBER,
    "fate": _TEXT,
    "duration_ms": _NUMBER,
    "faults": ((list,), "a list of rule names"),
    "layer": _TEXT,
}
"""What `calls(**match)` may ask beyond method and path: a field of the journal entry, with the types of its value."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "fate": ("sent", "cut", "reset", "hung", "refused"),
    "layer": ("listener", "transport", "edge", "gateway", "mlflow", "handler"),
}
"""Fields that have one of few values: those of `journal.FATES` and `faults.LAYERS`."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "TLS")

_NULLABLE = frozenset({"status", "retry_after", "fate", "duration_ms", "layer"})
_PLAIN = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type(None))
"""Values that equal only their own kind; an object of another type may decide for itself (`unittest.mock.ANY`)."""


class Calls(list[dict[str, Any]]):
    """Journal entries that matched a question, with the question and the journal, so that a failure explains itself."""

    def __init__(
        self,
        entries: list[dict[str, Any]],
        *,
        journal: list[dict[str, Any]],
        method: str | None,
        path: str | None,
        match: Mapping[str, Any],
    ) -> None:
        """Hold the `entries` of `journal` that matched `method`, `path` and `match`."""
        super().__init__(entries)
        self.journal = journal
        self.method = method
        self.path = path
        self.match = dict(match)


def ask(journal: list[dict[str, Any]], method: str | None = None, path: str | None = None, **match: Any) -> Calls:
    """The entries of `journal` that `Sandbox.calls` finds; raises what it raises."""
    __tracebackhide__ = True
    check(method, path, match)
    found = [entry for entry in journal if _matches(entry, method, path, match)]
    return Calls(found, journal=journal, method=method, path=path, match=match)


def path_matches(path: str, wanted: str) -> bool:
    """Whether the path of a journal entry fits the glob `wanted`; one that does not begin with `/` fits at the end."""
    return fnmatch.fnmatchcase(path, wanted if wanted.startswith("/") else f"*/{wanted}")


def body_object(body: Any) -> dict[str, Any] | None:
    """The JSON object that the body of a journal entry is, or `None` when it is something else."""
    if isinstance(body, str) and body.lstrip().startswith("{"):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    return body if isinstance(body, dict) else None


def check(method: Any, path: Any, match: Mapping[str, Any]) -> None:
    """Refuse a question that no entry can answer: `TypeError` for fields and types, `ValueError` for other values."""
    __tracebackhide__ = True
    for name, value in (("method", method), ("path", path)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"calls(): {name} must be text, not {value!r}")
    if method is not None and not method.isalpha():
        raise ValueError(f"calls(): {method!r} is no method; write calls(path={method!r}) or calls(METHOD, PATH)")
    if method is not None and method.upper() not in _METHODS:  # clients may invent methods, but hardly ones like these
        near = difflib.get_close_matches(method.upper(), _METHODS, n=1)
        if near:
            raise ValueError(f"calls(): no request has the method {method!r}; did you mean {near[0]!r}?")
    for name, value in match.items():
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(FIELDS))}"
            raise TypeError(f"calls(): journal entries have no field {name!r}; {hint}")
        types, words = FIELDS[name]
        if (value is None and name in _NULLABLE) or not isinstance(value, _PLAIN):
            continue
        if not isinstance(value, types) or isinstance(value, bool):
            raise TypeError(f"calls(): {name} is {words}, not {value!r}")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"calls(): {name} is one of {', '.join(CHOICES[name])}, not {value!r}")


def _matches(entry: Mapping[str, Any], method: str | None, path: str | None, match: Mapping[str, Any]) -> bool:
    if method is not None and entry["method"] != method.upper():
        return False
    if path is not None and not path_matches(entry["path"], path):
        return False
    return not any(field_differences(name, entry.get(name), wanted) for name, wanted in match.items())


class Absent:
    """Stands for a member, a parameter or a header that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


class Unlike(NamedTuple):
    """One thing in which a journal entry differs from what was asked for."""

    field: str
    """The field of the entry; for a member of a body, a parameter or a header `body.name`, `query.name`, ..."""
    actual: Any
    expected: Any


def differences(
    entry: Mapping[str, Any], method: str | None, path: str | None, match: Mapping[str, Any]
) -> list[Unlike]:
    """How an entry differs from a question, field by field; nothing when the question finds it."""
    found = []
    if method is not None and entry["method"] != method.upper():
        found.append(Unlike("method", entry["method"], method.upper()))
    if path is not None and not path_matches(entry["path"], path):
        found.append(Unlike("path", entry["path"], path))
    for name, wanted in match.items():
        found += field_differences(name, entry.get(name), wanted)
    return found


def field_differences(name: str, actual: Any, wanted: Any) -> list[Unlike]:
    """How one field differs from what is wanted.

    A dict for `headers` asks for these headers, whose values may be globs, and one for `query` for these parameters;
    one for `body` is compared with the body's JSON, and of two JSON objects only the members that differ are named.
    """
    if isinstance(wanted, dict) and name in ("headers", "query"):
        return _headers(actual, wanted) if name == "headers" else _parameters(actual, wanted)
    if name == "body" and isinstance(wanted, dict):
        actual = actual if (parsed := body_object(actual)) is None else parsed
    if actual == wanted:
        return []
    actual_object, wanted_object = (body_object(actual), body_object(wanted)) if name == "body" else (None, None)
    if actual_object is None or wanted_object is None:
        return [Unlike(name, actual, wanted)]
    return [
        Unlike(f"{name}.{key}", actual_object.get(key, ABSENT), wanted_object.get(key, ABSENT))
        for key in {**actual_object, **wanted_object}
        if actual_object.get(key, ABSENT) != wanted_object.get(key, ABSENT)
    ] or [Unlike(name, actual, wanted)]


def _headers(actual: Any, wanted: Mapping[str, Any]) -> list[Unlike]:
    found = []
    for name, glob in wanted.items():
        values = [value for key, value in actual or () if key.lower() == name.lower()]
        if not any(fnmatch.fnmatchcase(value, str(glob)) for value in values):
            found.append(Unlike(f"headers.{name}", values[0] if values else ABSENT, glob))
    return found


def _parameters(actual: Any, wanted: Mapping[str, Any]) -> list[Unlike]:
    sent = parse_qs(actual or "", keep_blank_values=True)
    return [
        Unlike(f"query.{name}", ", ".join(sent[name]) if name in sent else ABSENT, value)
        for name, value in wanted.items()
        if str(value) not in sent.get(name, ())
    ]
