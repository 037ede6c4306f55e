"""The last look before a file gets its name: does any known secret still stand in it?

Independent of the engine on purpose: it undoes encodings of the whole text instead of following rules, so that a fault
of the engine shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hokusai_mock.redaction.codings import inflate
from hokusai_mock.redaction.labels import LABEL
from hokusai_mock.redaction.rules import LEARNED_LENGTH, PUBLIC_KEYS, SHAPES
from hokusai_mock.redaction.spellings import DECODERS, spellings

__all__ = ["find_survivors"]

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_BREAKS = re.compile(r"\\?(?:\r?\n|(?:\\r)?\\n)[ \t]*\\?")


def find_survivors(data: bytes, secrets: Iterable[str]) -> int:
    """How many of `secrets`, and how many token shapes, still stand in `data`: plain, encoded or compressed."""
    plain = inflate(data) if data[:2] == b"\x1f\x8b" else None
    content = plain if plain is not None else data
    texts = {content.decode("utf-8", "surrogateescape")}
    if b"\0" in content:
        texts |= {content[start:].decode(codec, "ignore") for codec in _WIDE for start in (0, 1)}
    views = {LABEL.sub("", text) for text in texts}  # a secret may be a word that labels are made of
    views |= {_BREAKS.sub("", view) for view in views if "\n" in view or "\\n" in view}
    for mark, decode in DECODERS:
        views |= {decode(view) for view in views if mark in view}
    wanted = {secret for secret in secrets if len(secret) >= LEARNED_LENGTH} - PUBLIC_KEYS
    known = sum(any(spelling in view for view in views for spelling in spellings(secret)) for secret in wanted)
    return known + len({token for view in views for token in _tokens(view)} - wanted)


def _tokens(text: str) -> set[str]:
    return {
        match.group()
        for shape in SHAPES
        if shape.pattern.groups == 0
        for match in shape.pattern.finditer(text)
        if match.group() not in PUBLIC_KEYS
    }
