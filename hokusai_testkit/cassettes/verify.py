"""Whether a recording still holds: every request is made again, and the answers are compared by status and shape.

Values that a server makes up (ids, times) may differ; keys, types, statuses and error codes may not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from hokusai_mock.redaction import write_redacted
from hokusai_mock.redaction.codings import UnopenedError, coding_of
from hokusai_testkit.cassettes.clean import redactor
from hokusai_testkit.cassettes.file import Interaction, read
from hokusai_testkit.cassettes.replay import Answer, Ids, NotSentError, Server

__all__ = ["Outcome", "Verified", "verify"]

_READING = ("GET", "HEAD")
_DIFFERENCES = 3
"""How many differences of one answer are told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one interaction: it `holds`, it `differs`, or it was `not sent`; `text` says how or why."""

    number: int
    line: int
    request: str
    state: Literal["holds", "differs", "not sent"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one cassette."""

    path: Path
    outcomes: tuple[Outcome, ...]

    @property
    def holds(self) -> bool | None:
        """True when every interaction holds, false when one differs, `None` when some could not be sent."""
        if any(outcome.state == "differs" for outcome in self.outcomes):
            return False
        return True if self.outcomes and all(outcome.state == "holds" for outcome in self.outcomes) else None


def verify(path: Path, server: Server, *, allow_writes: bool = False) -> Verified:
    """Make every request of the cassette again, in order, and mark the file as verified now when all of them hold.

    Requests that may write are sent to this machine's own servers, elsewhere only with `allow_writes`. A name that was
    created when it was recorded must not exist yet. `CassetteError`, `OSError` when the server does not answer.
    """
    cassette = read(path)
    ids = Ids()
    may_write = allow_writes or server.is_loopback
    result = Verified(path, tuple(_again(one, server, ids, may_write) for one in cassette.interactions))
    if result.holds:
        cassette.set_about("verified", datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        mode = path.stat().st_mode & 0o777
        write_redacted(path, cassette.render(), redactor(), already_redacted=True)
        path.chmod(mode)
    return result


def _again(one: Interaction, server: Server, ids: Ids, may_write: bool) -> Outcome:
    uri = one.uri.value if isinstance(one.uri.value, str) else one.uri.value.decode()
    request = f"{one.method} {uri.partition('?')[0]}"
    if one.method not in _READING and not may_write and not uri.partition("?")[0].endswith("/search"):
        text = "it may write, and the target is not on this machine: --allow-writes"
        return Outcome(one.number, one.line, request, "not sent", text)
    kind = one.header("Content-Type")
    try:
        answer = server.ask(one.method, uri, _bytes(one), kind.value if kind else None, ids)
    except NotSentError as reason:
        return Outcome(one.number, one.line, request, "not sent", str(reason))
    recorded, answered = _recorded(one), _json(answer.body)
    ids.learn(recorded, answered)
    found = list(_differences(one, recorded, answer, answered))
    if not found:
        return Outcome(one.number, one.line, request, "holds")
    more = f" and {len(found) - _DIFFERENCES} more" if len(found) > _DIFFERENCES else ""
    return Outcome(one.number, one.line, request, "differs", "; ".join(found[:_DIFFERENCES]) + more)


def _bytes(one: Interaction) -> bytes | None:
    body = None if one.body is None else one.body.value
    return body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body


def _recorded(one: Interaction) -> Any:
    if one.answer is None:
        return None
    value = one.answer.value
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    encoding = one.header("Content-Encoding", of_answer=True)
    try:
        coding = coding_of(data, encoding.value if encoding else None)
    except UnopenedError:
        return None
    return _json(data if coding is None else coding.opened)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _differences(one: Interaction, recorded: Any, answer: Answer, answered: Any) -> Iterator[str]:
    if answer.status != one.status:
        yield f"the status is {answer.status}, it was {one.status}"
        return
    kind = one.header("Content-Type", of_answer=True)
    was, now = (kind.value if kind else "").partition(";")[0], answer.content_type.partition(";")[0]
    if was != now:
        yield f"the content type is {now or 'none'}, it was {was or 'none'}"
    elif recorded is not None or answered is not None:
        yield from _shapes("answer", recorded, answered)


def _shapes(where: str, old: Any, new: Any) -> Iterator[str]:
    """Where two JSON values differ in more than values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() ^ new.keys()):
            yield f"{where}.{name} is {'gone' if name in old else 'new'}"
        for name in sorted(old.keys() & new.keys()):
            yield from _shapes(f"{where}.{name}", old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where} has {len(new)} elements, it had {len(old)}"
        for index, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _shapes(f"{where}[{index}]", one, other)
    elif _type(old) != _type(new):
        yield f"{where} is {_type(new)}, it was {_type(old)}"
    elif where.endswith(".error_code") and old != new:
        yield f"{where} is {new}, it was {old}"


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    names = {str: "a text", dict: "an object", list: "a list", type(None): "null"}
    return names[type(value)]
