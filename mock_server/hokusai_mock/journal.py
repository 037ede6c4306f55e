"""The journal of a world: one entry for each request, raw while it stays here, redacted when it leaves.

Opening and closing an entry costs microseconds, because nothing is parsed or redacted until someone asks (`to_json`,
`to_har`). Who opens an entry is `layers/`; which secrets are redacted is decided in `redaction/`.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from hokusai_mock import keys
from hokusai_mock._version import __version__

if TYPE_CHECKING:
    from hokusai_mock.redaction import Redactor

__all__ = ["BODY_KEPT", "FATES", "Entry", "Journal", "RoleOf"]

BODY_KEPT = 16 * 1024
"""Bytes of a request body that an entry keeps; `Entry.body_size` counts all of them."""

FATES = ("sent", "cut", "reset", "hung", "refused")
"""What became of an answer: sent whole, cut off, connection reset, never answered, connection refused."""

Choose = Callable[[list["Entry"]], list["Entry"]]
"""Takes entries and gives those that shall leave: choosing comes before redaction, which is what costs time."""

RoleOf = Callable[[str], "str | None"]
"""Gives the role (`admin`, `reader`, ...) of a key of the world, or `None` for a key that it does not know."""


class Entry:
    """One request and the fate of its answer; filled by the layers while the request is on its way."""

    __slots__ = (
        "_tally",
        "answered_bytes",
        "body",
        "body_size",
        "ended_ns",
        "fate",
        "faults",
        "headers",
        "host",
        "layer",
        "method",
        "n",
        "path",
        "query",
        "retry_after",
        "started_ns",
        "status",
        "t",
    )

    def __init__(
        self,
        n: int,
        t: int,
        method: str,
        path: str,
        *,
        query: str,
        headers: Sequence[tuple[str, str]],
        host: str,
        tally: _Tally | None = None,
    ) -> None:
        """Number `n` of its journal, at `t` milliseconds of the world's clock; `path` is without `/s/<id>`."""
        self.n = n
        self.t = t
        self.started_ns = time.time_ns()
        self.ended_ns: int | None = None
        self._tally = tally
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.host = host
        self.body = b""
        self.body_size = 0
        self.status: int | None = None
        self.retry_after: str | None = None
        self.answered_bytes = 0
        self.fate: str | None = None
        self.faults: list[str] = []
        self.layer: str | None = None

    def record_body(self, chunk: bytes) -> None:
        """Note a piece of the request body as it passes by."""
        room = BODY_KEPT - len(self.body)
        self.body_size += len(chunk)
        if room > 0:
            self.body += chunk[:room]

    def close(self, status: int | None, answered_bytes: int = 0, fate: str = "sent") -> None:
        """Note what was answered: `status` (`None` when no status line was sent), body bytes, fate.

        An answer that is held back is closed twice, when the silence begins and when it ends; what was noted last is
        true.
        """
        if self._tally is not None:
            self._tally.note(self.fate, fate)
        if fate != "hung" or self.fate == "hung":
            self.ended_ns = time.time_ns()
        self.status = status
        self.answered_bytes = answered_bytes
        self.fate = fate

    @property
    def body_was_cut(self) -> bool:
        """Whether the entry holds only the beginning of the body."""
        return self.body_size > len(self.body)

    def header(self, name: str) -> str | None:
        """The first request header of that name, in any case; raw, for use inside the mock only."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class _Tally:
    """How many answers met which fate. Entries hold it, not their journal, so that a dropped world is free at once."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts = dict.fromkeys(FATES, 0)
        self._lock = threading.Lock()

    def note(self, before: str | None, fate: str) -> None:
        with self._lock:
            if before is not None:
                self._counts[before] -= 1
            self._counts[fate] = self._counts.get(fate, 0) + 1

    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)


class Journal:
    """The last `capacity` entries of a world, and how many there have been; safe for use by many threads."""

    def __init__(self, capacity: int = 1000) -> None:
        """Start empty; when `capacity` is reached the oldest entry goes."""
        self._ring: deque[Entry] = deque(maxlen=capacity)
        self._lock = threading.Lock()
        self._total = 0
        self._tally = _Tally()
        self._foreseen = 0
        self._settled = threading.Condition(self._lock)

    @contextmanager
    def foreseen(self) -> Iterator[None]:
        """While it lasts an entry may be about to come of which the client knows already: `settle` waits for it.

        A TLS handshake is such a case: a client that refuses it goes on at once, while here its thread has yet to run.
        """
        with self._lock:
            self._foreseen += 1
        try:
            yield
        finally:
            with self._lock:
                self._foreseen -= 1
                self._settled.notify_all()

    def settle(self, seconds: float = 1.0) -> None:
        """Wait until nothing is foreseen, at most `seconds`: for a reader who has seen a failure and asks why."""
        with self._lock:
            self._settled.wait_for(lambda: not self._foreseen, seconds)

    def open(
        self,
        t: int,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        host: str = "",
    ) -> Entry:
        """Start the entry of a request that has just arrived, before anything can cut its line."""
        with self._lock:
            self._total += 1
            entry = Entry(self._total, t, method, path, query=query, headers=headers, host=host, tally=self._tally)
            self._ring.append(entry)
        return entry

    def entries(self) -> list[Entry]:
        """The entries that are kept, the oldest first; raw."""
        with self._lock:
            return list(self._ring)

    def clear(self) -> None:
        """Forget all entries; the numbers go on, so that a number names one request for ever."""
        with self._lock:
            self._ring.clear()

    @property
    def requests(self) -> int:
        """Requests since the beginning, kept or not."""
        return self._total

    @property
    def counters(self) -> dict[str, Any]:
        """All there has been: `requests`, how many are `kept` and `under_way`, and `fates`, how many ended how."""
        fates = self._tally.counts()  # first: what ends meanwhile counts as under way, never twice
        with self._lock:
            total, kept = self._total, len(self._ring)
        return {"requests": total, "kept": kept, "under_way": total - sum(fates.values()), "fates": fates}

    def to_json(
        self, redactor: Redactor, role_of: RoleOf | None = None, choose: Choose | None = None
    ) -> list[dict[str, Any]]:
        """The entries as JSON, without secrets; `role_of` tells which of the world's keys a request carried.

        `t` is the time on the world's clock, `real_t` and `duration_ms` are real time, all in milliseconds.
        `query` is the query string as sent, `headers` a list of `[name, value]`, `body` text (or `{"base64": ...}` when
        it is none); `body_size` is the true size in bytes. `status` and `fate` are null while a request is on its way.
        """
        entries = self.entries() if choose is None else choose(self.entries())
        exported = [_entry_json(entry, redactor, role_of) for entry in entries]
        # A secret that the last entry gave away may stand in the body of the first.
        return [{**entry, **redactor.sweep({name: entry[name] for name in _FREE})} for entry in exported]

    def to_har(
        self, redactor: Redactor, role_of: RoleOf | None = None, base_url: str = "", choose: Choose | None = None
    ) -> dict[str, Any]:
        """The entries as HTTP Archive 1.2, without secrets; `base_url` goes in front of the paths.

        Answers are not journalled beyond status and size, so their headers and content are empty. What HAR has no field
        for stands under `_hokusai`.
        """
        log = [_har_entry(entry, base_url) for entry in self.to_json(redactor, role_of, choose)]
        creator = {"name": "hokusai-testkit", "version": __version__}
        return {"log": {"version": "1.2", "creator": creator, "entries": log}}


_FREE = ("path", "query", "headers", "body")
"""Fields of an entry whose text came from the client."""


def _entry_json(entry: Entry, redactor: Redactor, role_of: RoleOf | None) -> dict[str, Any]:
    return {
        "n": entry.n,
        "t": entry.t,
        "real_t": entry.started_ns // 1_000_000,
        "method": entry.method,
        "path": redactor.url(entry.path),
        "query": redactor.url("?" + entry.query)[1:] if entry.query else "",
        "headers": [list(pair) for pair in redactor.headers(entry.headers)],
        "auth": _auth(entry, role_of),
        "host": redactor.text(entry.host),
        "body": _body_json(entry, redactor),
        "body_size": entry.body_size,
        "status": entry.status,
        "retry_after": entry.retry_after,
        "answered_bytes": entry.answered_bytes,
        "fate": entry.fate,
        "duration_ms": None if entry.ended_ns is None else max(0, entry.ended_ns - entry.started_ns) // 1_000_000,
        "faults": list(entry.faults),
        "layer": entry.layer,
    }


def _body_json(entry: Entry, redactor: Redactor) -> str | dict[str, str]:
    clean = redactor.bytes(
        entry.body,
        entry.header("content-type"),
        encoding=entry.header("content-encoding"),
        cut=entry.body_was_cut,
    )
    try:
        return clean.decode()
    except UnicodeDecodeError as error:
        # A body that was cut inside a character is still text.
        if entry.body_was_cut and error.start >= len(clean) - 3:
            return clean[: error.start].decode()
        return {"base64": b64encode(clean).decode()}


def _auth(entry: Entry, role_of: RoleOf | None) -> dict[str, str | None]:
    """How the request identified itself: as the gateway reads it, or by the scheme that the gateway ignores."""
    authorization = entry.header("authorization")
    presented = keys.find(authorization, entry.header("x-api-key"), parse_qsl(entry.query))
    if presented is not None:
        scheme, location = _PLACES[presented.location]
        return {"scheme": scheme, "key": (role_of and role_of(presented.secret)) or "unknown", "location": location}
    if authorization:
        scheme = authorization.partition(" ")[0]
        known = scheme.lower() in _OTHER_SCHEMES
        return {"scheme": scheme if known else "other", "key": None, "location": "header:authorization"}
    return {"scheme": None, "key": None, "location": None}


_PLACES = {
    "bearer": ("Bearer", "header:authorization"),
    "apikey": ("ApiKey", "header:authorization"),
    "x-api-key": ("X-API-Key", "header:x-api-key"),
    "query": ("api_key", "query:api_key"),
}
_OTHER_SCHEMES = frozenset({"basic", "bearer", "apikey", "digest", "negotiate", "token"})


def _har_entry(entry: dict[str, Any], base_url: str) -> dict[str, Any]:
    status = entry["status"] or 0
    duration = entry["duration_ms"] or 0
    return {
        "startedDateTime": datetime.fromtimestamp(entry["t"] / 1000, timezone.utc).isoformat(timespec="milliseconds"),
        "time": duration,
        "request": _har_request(entry, base_url),
        "response": {
            "status": status,
            "statusText": _reason(status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "content": {"size": entry["answered_bytes"], "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": entry["answered_bytes"],
        },
        "cache": {},
        "timings": {"send": 0, "wait": duration, "receive": 0},
        "_hokusai": {name: entry[name] for name in ("n", "auth", "fate", "faults", "layer", "body_size")},
    }


def _har_request(entry: dict[str, Any], base_url: str) -> dict[str, Any]:
    query = f"?{entry['query']}" if entry["query"] else ""
    request: dict[str, Any] = {
        "method": entry["method"],
        "url": f"{base_url or 'http://' + (entry['host'] or 'localhost')}{entry['path']}{query}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(entry["headers"]),
        "queryString": _named(parse_qsl(entry["query"], keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": entry["body_size"],
    }
    if entry["body_size"]:
        mime = next((value for name, value in entry["headers"] if name.lower() == "content-type"), "")
        body = entry["body"]
        text = body if isinstance(body, str) else json.dumps(body)
        request["postData"] = {"mimeType": mime, "text": text}
    return request


def _named(pairs: Iterable[Sequence[str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
