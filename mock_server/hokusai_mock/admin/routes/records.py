"""What was recorded of a sandbox: journal, errors, cassette. Whatever leaves here is redacted."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

from hokusai_mock.admin.interface import SANDBOX, AdminError, Call, Route
from hokusai_mock.calls import path_matches
from hokusai_mock.journal import FATES
from hokusai_mock.redaction import Redactor, environment_secrets
from hokusai_mock.schema import Custom, did_you_mean
from hokusai_mock.world import World

__all__ = ["ROUTES", "Entry", "JournalQuery", "exported", "fate_name", "redactor"]


class Auth(TypedDict):
    """How a request identified itself; `key` is the role of the key, or "unknown"."""

    scheme: str | None
    key: str | None
    location: str | None


class Entry(TypedDict):
    """One request: `t` on the sandbox's clock and `real_t` in real time, both in milliseconds since the epoch."""

    n: int
    t: int
    real_t: int
    method: str
    path: str
    query: str
    headers: list[list[str]]
    auth: Auth
    host: str
    body: str | dict[str, str]
    body_size: int
    status: int | None
    retry_after: str | None
    answered_bytes: int
    fate: Literal["sent", "cut", "reset", "hung", "refused"] | None
    duration_ms: int | None
    faults: list[str]
    layer: str | None


class JournalExport(TypedDict):
    """The entries that are kept and asked for, and counts of all there have been; `fates` counts ended requests."""

    requests: int
    kept: int
    under_way: int
    fates: dict[str, int]
    entries: list[Entry]


class Har(TypedDict):
    """An HTTP Archive 1.2."""

    log: dict[str, Any]


class Cleared(TypedDict):
    """What is left."""

    entries: list[Entry]


class Errors(TypedDict):
    """Tracebacks of errors inside the mock."""

    errors: list[str]


class Cassette(TypedDict):
    """Where the cassette lies on the mock's machine, and what is in it."""

    path: str
    exchanges: int
    left_out: int


DIGITS = 18
"""Of a number in a query."""


def _number(value: Any) -> int:
    """Queries carry text."""
    if not (value.isascii() and value.isdecimal() and len(value) <= DIGITS):
        raise ValueError(f"must be a whole number, not {value!r}")
    return int(value)


def fate_name(value: Any) -> str:
    """Check that it is a fate of an answer; `ValueError` with the nearest one."""
    if value not in FATES:
        raise ValueError(f"is no fate: {value!r}{did_you_mean(value, FATES)}")
    return str(value)


Number = Annotated[int, Custom(_number)]


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """Which entries: all conditions hold. `path` is a glob that fits at the end unless it begins with "/"."""

    format: Literal["json", "har"] = "json"
    method: str | None = None
    path: str | None = None
    status: Number | None = None
    fate: Annotated[str, Custom(fate_name)] | None = None
    fault: str | None = None
    since: Number | None = None
    limit: Number | None = None


def get_journal(call: Call) -> JournalExport | Har:
    """Export the recorded requests, redacted, the oldest first: JSON, or an HTTP Archive with `format=har`.

    `since` takes the entries with a greater number `n`, `limit` the last so many of what is left.
    """
    world, query = call.world, call.query or JournalQuery()
    world.journal.settle()
    roles = {key.secret: role for role, key in world.keys.items()}
    if query.format == "har":
        har: Har = world.journal.to_har(redactor(), roles.get, world.listeners.root(call.root(world)), _chosen(query))  # type: ignore[assignment]
        return har
    counters = world.journal.counters
    return {
        "requests": counters["requests"],
        "kept": counters["kept"],
        "under_way": counters["under_way"],
        "fates": counters["fates"],
        "entries": exported(world, query),
    }


def exported(world: World, query: JournalQuery | None = None) -> list[Entry]:
    """The entries of a world that a query chooses, redacted."""
    world.journal.settle()
    roles = {key.secret: role for role, key in world.keys.items()}
    entries: list[Any] = world.journal.to_json(redactor(), roles.get, _chosen(query or JournalQuery()))
    return entries


def _chosen(query: JournalQuery) -> Callable[[list[Any]], list[Any]]:
    """Choose entries before they are redacted, which is what costs time."""

    def choose(entries: list[Any]) -> list[Any]:
        found = [entry for entry in entries if _fits(entry, query)]
        return found if query.limit is None else found[max(0, len(found) - query.limit) :]

    return choose


def _fits(entry: Any, query: JournalQuery) -> bool:
    return (
        (query.since is None or entry.n > query.since)
        and (query.method is None or entry.method == query.method.upper())
        and (query.status is None or entry.status == query.status)
        and (query.fate is None or entry.fate == query.fate)
        and (query.fault is None or query.fault in entry.faults)
        and (query.path is None or path_matches(entry.path, query.path))
    )


def clear_journal(call: Call) -> Cleared:
    """Forget the recorded requests; numbers and counts go on."""
    call.world.journal.clear()
    return {"entries": []}


def get_errors(call: Call) -> Errors:
    """List the errors inside the mock while it served this sandbox, redacted."""
    clean = redactor()
    return {"errors": [clean.text(error) for error in call.world.errors]}


def clear_errors(call: Call) -> Errors:
    """Forget the errors, once a test has looked at them."""
    call.world.errors.clear()
    return {"errors": []}


def write_cassette(call: Call) -> Cassette:
    """Write what was recorded of the sandbox so far; requests go on meanwhile."""
    recorder = call.worlds.recorder
    if recorder is None:
        raise AdminError("this mock does not record; start it with --record DIR", 409)
    try:
        written = recorder.write(call.world.id)
    except RuntimeError as error:
        raise AdminError(str(error), 409) from error
    return {"path": str(written.path), "exchanges": written.exchanges, "left_out": written.left_out}


def redactor() -> Redactor:
    """Knows the secrets of this process: a real key of the developer's machine must not leave either."""
    return Redactor(environment_secrets(os.environ))


ROUTES = (
    Route("GET", f"{SANDBOX}/journal", get_journal, query=JournalQuery),
    Route("DELETE", f"{SANDBOX}/journal", clear_journal),
    Route("GET", f"{SANDBOX}/errors", get_errors),
    Route("DELETE", f"{SANDBOX}/errors", clear_errors),
    Route(
        "POST",
        f"{SANDBOX}/cassette",
        write_cassette,
        conflict="the mock does not record, or the cassette could not be made safe",
    ),
)
