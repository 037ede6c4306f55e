"""Questions to a journal: which recorded requests have this method, this path and these fields?

Pure: works on journal entries as JSON, wherever they came from. Standard library only.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["FIELDS", "Calls", "ask", "body_object", "check", "path_matches"]

_NUMBER: tuple[tuple[type, ...], str] = ((int,), "a whole number")
_TEXT: tuple[tuple[type, ...], str] = ((str,), "text")

FIELDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "n": _NUMBER,
    "t": _NUMBER,
    "real_t": _NUMBER,
    "query": _TEXT,
    "headers": ((list,), "a list of [name, value]"),
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
    """Refuse a question that no entry can answer: `TypeError` for fields and values, `ValueError` for a method."""
    __tracebackhide__ = True
    for name, value in (("method", method), ("path", path)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"calls(): {name} must be text, not {value!r}")
    if method is not None and not method.isalpha():
        raise ValueError(f"calls(): {method!r} is no method; write calls(path={method!r}) or calls(METHOD, PATH)")
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


def _matches(entry: Mapping[str, Any], method: str | None, path: str | None, match: Mapping[str, Any]) -> bool:
    if method is not None and entry["method"] != method.upper():
        return False
    if path is not None and not path_matches(entry["path"], path):
        return False
    return all(_equal(name, entry.get(name), wanted) for name, wanted in match.items())


def _equal(name: str, actual: Any, wanted: Any) -> bool:
    if name == "body" and isinstance(wanted, dict) and isinstance(actual, str):
        actual = body_object(actual)
    return bool(actual == wanted)
