"""A cassette through the redaction engine: which of its texts hold a secret, and what they are without it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from hokusai_mock.redaction import Redactor, environment_secrets
from hokusai_testkit.cassettes.file import Cassette, Header, Interaction, Part

__all__ = ["Change", "changes", "redactor"]

_PASSES = 4
"""A secret that is learned late is looked for again in what came before; each pass can teach the next."""


@dataclass(frozen=True, slots=True)
class Change:
    """A text that holds secrets, the same without them, and what kinds they were."""

    part: Part
    clean: str | bytes
    kinds: tuple[str, ...]


def redactor() -> Redactor:
    """A redactor as cassettes are made with: labels by order, and every secret of this environment known."""
    return Redactor(environment_secrets(os.environ), ordinal=True)


def changes(cassette: Cassette, engine: Redactor) -> list[Change]:
    """Every text of `cassette` that must change, in the order of the file; nothing is changed yet.

    Where a body changes its length, the `Content-Length` beside it is among the changes, and counts as none.
    """
    known = -1
    found: list[Change] = []
    for _ in range(_PASSES):
        if len(engine.secrets) == known:
            break
        known = len(engine.secrets)
        found = [change for interaction in cassette.interactions for change in _of_interaction(interaction, engine)]
    return found


def _of_interaction(one: Interaction, engine: Redactor) -> Iterator[Change]:
    yield from _changed(one.uri, engine, lambda: engine.url(_str(one.uri)))
    yield from _of_message(one.headers, one.body, engine)
    yield from _of_message(one.answer_headers, one.answer, engine)


def _of_message(headers: list[Header], body: Part | None, engine: Redactor) -> Iterator[Change]:
    for header in headers:
        yield from _changed(header.part, engine, partial(engine.header, header.name, header.value))
    if body is None:
        return
    named = {header.name.lower(): header.value for header in headers}
    data = body.value.encode("utf-8", "surrogateescape") if isinstance(body.value, str) else body.value

    def clean() -> bytes:
        return engine.bytes(data, named.get("content-type"), encoding=named.get("content-encoding"))

    for change in _changed(body, engine, clean):
        yield change
        length = next((header for header in headers if header.name.lower() == "content-length"), None)
        if length is not None:
            yield Change(length.part, str(len(change.clean)), ())


def _changed(part: Part, engine: Redactor, clean: Callable[[], str | bytes]) -> Iterator[Change]:
    before = Counter(engine.counts)
    new = clean()
    old = part.value
    same = new == (old.encode("utf-8", "surrogateescape") if isinstance(new, bytes) and isinstance(old, str) else old)
    if not same:
        yield Change(part, new, tuple(sorted(engine.counts - before)) or ("unreadable",))


def _str(part: Part) -> str:
    return part.value if isinstance(part.value, str) else part.value.decode("utf-8", "surrogateescape")
