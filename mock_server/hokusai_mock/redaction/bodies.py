"""Bodies: opening gzip and deflate, walking JSON, and what to do at the end of a body that was cut.

The rules are not here; a body is taken apart and its pieces go through the `Redactor`.
"""

from __future__ import annotations

import gzip
import json
import string
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hokusai_mock.redaction.rules import kind_of_name
from hokusai_mock.redaction.spellings import spellings

if TYPE_CHECKING:
    from hokusai_mock.redaction.engine import Redactor

__all__ = ["UNREADABLE", "inflate", "map_json", "redact"]

UNREADABLE = b"<redacted:unreadable-body:0000>"
"""Stands for a compressed body that cannot be opened: what cannot be searched does not leave."""

_GZIP = b"\x1f\x8b"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_LARGEST = 64 * 1024 * 1024
_WORD = string.ascii_letters + string.digits + "+/=_.~%-"
_LONGEST_WORD = 4096
_SHORTEST_HALF = 4
_PAIR_NAMES = ("key", "name", "header")


def redact(data: bytes, content_type: str | None, redactor: Redactor, *, cut: bool) -> bytes:
    """Return `data` without secrets, compressed as it was; unchanged bytes when there were none."""
    compressed = data.startswith((_GZIP, *_ZLIB))
    plain = inflate(data) if compressed else data
    if plain is None:
        # Two bytes may look like deflate by accident (`x^...`); gzip's mark is no text.
        compressed, plain = False, data
        if data.startswith(_GZIP):
            return UNREADABLE
    clean = _redact_text(plain, content_type or "", redactor, cut=cut)
    if clean == plain and not (compressed and cut):
        return data
    if not compressed:
        return clean
    return gzip.compress(clean, mtime=0) if data.startswith(_GZIP) else zlib.compress(clean)


def inflate(data: bytes) -> bytes | None:
    """The content of a gzip or deflate body, as far as it goes if it was cut; `None` when it is neither, or too big."""
    reader = zlib.decompressobj(wbits=47)  # 32 + 15: finds out by itself which of the two it is
    try:
        content = reader.decompress(data, _LARGEST)
    except zlib.error:
        return None
    return None if reader.unconsumed_tail or (not content and not reader.eof) else content


def _redact_text(data: bytes, content_type: str, redactor: Redactor, *, cut: bool) -> bytes:
    text = data.decode("utf-8", "surrogateescape")
    if cut:
        text = _without_half_secret(text, redactor)
    parsed = _parse_json(text, content_type)
    if parsed is not None:
        clean = redactor.json(parsed)
        if clean != parsed:
            text = json.dumps(clean, ensure_ascii=False)
    elif "urlencoded" in content_type:
        text = redactor.url(text)
    return redactor.text(text).encode("utf-8", "surrogateescape")


def _parse_json(text: str, content_type: str) -> Any:
    if "json" not in content_type and text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without_half_secret(text: str, redactor: Redactor) -> str:
    """Take off what may be the first half of a secret: the last word, and any beginning of a known secret."""
    halves = [
        length
        for secret in redactor.secrets
        for spelling in spellings(secret)
        for length in range(min(len(spelling) - 1, len(text)), _SHORTEST_HALF - 1, -1)
        if text.endswith(spelling[:length])
    ]
    text = text[: len(text) - max(halves)] if halves else text
    last = text[-_LONGEST_WORD:]
    return text[: len(text) - len(last)] + last.rstrip(_WORD)


def map_json(value: Any, text: Callable[[str], str], leaf: Callable[[str, Any], Any]) -> Any:
    """Copy a JSON value: every string through `text`, every leaf under a telling key through `leaf(kind, value)`."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        paired = next((kind_of_name(value[name]) for name in _PAIR_NAMES if isinstance(value.get(name), str)), None)
        return {
            text(key) if isinstance(key, str) else key: _member(key, item, paired, text, leaf)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [map_json(item, text, leaf) for item in value]
    return value


def _member(
    key: Any, item: Any, paired: str | None, text: Callable[[str], str], leaf: Callable[[str, Any], Any]
) -> Any:
    kind = kind_of_name(key) if isinstance(key, str) else None
    if kind is None and key == "value" and isinstance(item, str):
        kind = paired
    return map_json(item, text, leaf) if kind is None else _under(kind, item, text, leaf)


def _under(kind: str, item: Any, text: Callable[[str], str], leaf: Callable[[str, Any], Any]) -> Any:
    """Everything below a telling key is taken for a secret of that kind."""
    if isinstance(item, dict):
        return {key: _under(kind, below, text, leaf) for key, below in item.items()}
    if isinstance(item, (list, tuple)):
        return [_under(kind, below, text, leaf) for below in item]
    replaced = leaf(kind, item)
    return text(replaced) if isinstance(replaced, str) else replaced
