"""What a client did when its calls failed: attempts, back-off, Retry-After, calls that were not safe to repeat.

Pure: derived from journal entries as JSON, from which a *call* is put together: a request, and those after it that are
the same in client, method, path, query and body, each begun when the one before had ended without success. Times are
real time (`real_t`, `duration_ms`): a client sleeps in real time, whatever the sandbox's clock says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any, Literal, TypedDict

__all__ = ["Attempt", "AuditedCall", "RetryAudit", "audit"]

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which clients are known to try again; others end a call."""

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
"""Methods that HTTP calls idempotent (RFC 9110, 9.2.2): once more changes nothing more."""

UNSENT = frozenset({"TLS", "CONNECT"})
"""A refused handshake, and a proxy asked for a tunnel: nothing has been sent to the platform yet."""

READS = ("/search", "/get-latest-versions", "/get-history-bulk", "/get-history-bulk-interval")
"""Ends of MLflow's paths that only read, although they are asked with POST."""

TOLERANCE_MS = 50
"""So much earlier than Retry-After says still honours it: clocks and timers are not exact."""

CONSTANT, GROWING = 1.3, 1.5
"""Waits are constant when none is so many times another, and grow when each is so many times the one before."""


class Attempt(TypedDict):
    """One request of a call; `waited_ms` since the end of the one before, null for the first and where it is unknown.

    `retry_after_s` is what the answer before demanded, `honoured` whether the client waited so long.
    """

    n: int
    status: int | None
    fate: str | None
    waited_ms: int | None
    retry_after_s: float | None
    honoured: bool | None


class AuditedCall(TypedDict):
    """One call as the program meant it, with all its attempts."""

    client: str
    method: str
    path: str
    attempts: list[Attempt]
    outcome: Literal["answered", "gave up", "under way"]
    backoff: Literal["none", "immediate", "constant", "growing", "irregular"]
    idempotent: bool
    repeated_unsafely: bool
    """It was repeated although it is not idempotent, after an answer that may have come too late: it may have been
    carried out twice."""
    total_ms: int | None


class RetryAudit(TypedDict):
    """What all calls together show."""

    requests: int
    calls: int
    retried: int
    most_attempts: int
    gave_up: int
    retry_after_sent: int
    retry_after_honoured: int
    repeated_unsafely: int
    entries: list[AuditedCall]


def audit(journal: Iterable[Mapping[str, Any]]) -> RetryAudit:
    """Audit the entries of a journal, the oldest first; `entries` has the calls in the order of their beginning."""
    entries = sorted(journal, key=lambda entry: entry["n"])
    calls = [_audited(attempts) for attempts in _calls(entries)]
    attempts = [attempt for call in calls for attempt in call["attempts"]]
    return {
        "requests": len(entries),
        "calls": len(calls),
        "retried": sum(len(call["attempts"]) > 1 for call in calls),
        "most_attempts": max((len(call["attempts"]) for call in calls), default=0),
        "gave_up": sum(call["outcome"] == "gave up" for call in calls),
        "retry_after_sent": sum(entry.get("retry_after") is not None for entry in entries),
        "retry_after_honoured": sum(attempt["honoured"] is True for attempt in attempts),
        "repeated_unsafely": sum(call["repeated_unsafely"] for call in calls),
        "entries": calls,
    }


# -- from requests to calls --------------------------------------------------------------------------------------------


def _calls(entries: list[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    calls: list[list[Mapping[str, Any]]] = []
    unfinished: dict[str, list[list[Mapping[str, Any]]]] = {}
    for entry in entries:
        waiting = unfinished.setdefault(_identity(entry), [])
        call = next((one for one in waiting if _may_follow(one[-1], entry)), None)
        if call is None:
            call = []
            calls.append(call)
            waiting.append(call)
        call.append(entry)
    return calls


def _identity(entry: Mapping[str, Any]) -> str:
    """What all attempts of a call have in common."""
    fields = ("method", "path", "query", "body", "body_size")
    return json.dumps([_client(entry), *(entry.get(name) for name in fields)], sort_keys=True, default=str)


def _client(entry: Mapping[str, Any]) -> str:
    """Who asks: the name that a client gives itself, else its key, and its program."""
    headers = {name.lower(): value for name, value in entry.get("headers", ())}
    key = headers.get("x-hokusai-testkit-client") or (entry.get("auth") or {}).get("key") or "no key"
    agent = headers.get("user-agent", "")
    return f"{key} ({agent})" if agent else str(key)


def _may_follow(before: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether `entry` can be the next attempt of a call whose last one was `before`: that failed, and had ended."""
    ended = before["real_t"] if before["fate"] != "sent" else _end(before)
    return _failed(before) and entry["real_t"] >= (ended or before["real_t"])


def _failed(entry: Mapping[str, Any]) -> bool:
    return entry["status"] in RETRIED or entry["fate"] not in ("sent", None)


def _end(entry: Mapping[str, Any]) -> int | None:
    """When the attempt was over for the client, in real time; unknown where the client did not wait for an end."""
    if entry["fate"] == "hung" or entry["duration_ms"] is None:
        return None
    return int(entry["real_t"] + entry["duration_ms"])


# -- what a call shows -------------------------------------------------------------------------------------------------


def _audited(entries: list[Mapping[str, Any]]) -> AuditedCall:
    first, last = entries[0], entries[-1]
    idempotent = first["method"] in REPEATABLE | UNSENT or first["path"].endswith(READS)
    attempts = [_attempt(None, first), *map(_attempt, entries, entries[1:])]
    under_way = last["fate"] is None and last["status"] is None
    return {
        "client": _client(first),
        "method": first["method"],
        "path": first["path"],
        "attempts": attempts,
        "outcome": "under way" if under_way else "gave up" if _failed(last) else "answered",
        "backoff": _backoff([one["waited_ms"] for one in attempts if one["waited_ms"] is not None]),
        "idempotent": idempotent,
        "repeated_unsafely": not idempotent and any(_may_have_acted(entry) for entry in entries[:-1]),
        "total_ms": None if last["duration_ms"] is None else last["real_t"] + last["duration_ms"] - first["real_t"],
    }


def _may_have_acted(entry: Mapping[str, Any]) -> bool:
    """Whether a failed attempt may have been carried out: 429 says that it was not, and 503 with Retry-After too."""
    status = entry["status"]
    return status not in (408, 425, 429) and not (status == 503 and entry.get("retry_after") is not None)


def _attempt(before: Mapping[str, Any] | None, entry: Mapping[str, Any]) -> Attempt:
    waited = None if before is None else _waited(before, entry)
    demanded = None if before is None else _seconds(before.get("retry_after"), before["real_t"])
    honoured = None
    if waited is not None and demanded is not None:
        honoured = waited + TOLERANCE_MS >= demanded * 1000
    return {
        "n": entry["n"],
        "status": entry["status"],
        "fate": entry["fate"],
        "waited_ms": waited,
        "retry_after_s": demanded,
        "honoured": honoured,
    }


def _waited(before: Mapping[str, Any], entry: Mapping[str, Any]) -> int | None:
    ended = _end(before)
    return None if ended is None or entry["real_t"] < ended else entry["real_t"] - ended


def _seconds(retry_after: str | None, sent_ms: int) -> float | None:
    """What Retry-After demands: a number of seconds, or a date (RFC 9110, 10.2.3); `None` for neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.fromtimestamp(sent_ms / 1000, timezone.utc)).total_seconds())


def _backoff(waits: list[int]) -> Literal["none", "immediate", "constant", "growing", "irregular"]:
    """The shape of the waits between attempts; a first retry at once, as urllib3 does it, does not count."""
    if not waits:
        return "none"
    pauses = waits[1:] if waits[0] <= TOLERANCE_MS and len(waits) > 1 else waits
    if max(pauses) <= TOLERANCE_MS:
        return "immediate"
    if len(pauses) == 1 or max(pauses) <= CONSTANT * max(min(pauses), 1):
        return "constant"
    if all(later >= GROWING * earlier for earlier, later in pairwise(pauses)):
        return "growing"
    return "irregular"
