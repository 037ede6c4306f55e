"""Bodies: opened, taken into parts, read in their own character set, and what to do at the end of one that was cut.

The rules are not here; a body is taken apart and its pieces go through the `Redactor`.
"""

from __future__ import annotations

import json
import re
import string
from base64 import b64decode, encodebytes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hokusai_mock.redaction.codings import UnopenedError, coding_of
from hokusai_mock.redaction.rules import kind_of_name
from hokusai_mock.redaction.spellings import spellings

if TYPE_CHECKING:
    from hokusai_mock.redaction.engine import Redactor

__all__ = ["UNREADABLE", "map_json", "redact"]

UNREADABLE = b"<redacted:unreadable-body:0000>"
"""Stands for a compressed body that cannot be opened: what cannot be searched does not leave."""

_BOUNDARY = re.compile(r"""^multipart/.*?;\s*boundary=(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s;]+))""", re.I | re.S)
_CHARSET = re.compile(r"""charset=["']?(utf-(?:16|32)(?:-?[lb]e)?)""", re.I)
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_SHORTEST_WIDE = 8
"""Bytes below which NULs are no sign of UTF-16."""

_WORD = string.ascii_letters + string.digits + "+/=_.~%-"
_LONGEST_WORD = 4096
_SHORTEST_HALF = 4
_PAIR_NAMES = ("key", "name", "header")


def redact(
    data: bytes, content_type: str | None, redactor: Redactor, *, cut: bool, encoding: str | None = None
) -> bytes:
    """Return `data` without secrets, compressed as it was; unchanged bytes when there were none."""
    try:
        coding = coding_of(data, encoding)
    except UnopenedError:
        return UNREADABLE
    plain = data if coding is None else coding.opened
    clean = _redact_plain(plain, content_type or "", redactor, cut=cut)
    if clean == plain and not (coding and cut):
        return data
    return clean if coding is None else coding.close(clean)


def _redact_plain(data: bytes, content_type: str, redactor: Redactor, *, cut: bool) -> bytes:
    boundary = _BOUNDARY.search(content_type)
    if boundary:
        data = _redact_parts(data, (boundary["quoted"] or boundary["bare"]).encode(), redactor)
    data = redactor.binary(data)
    wide = _wide_codec(data, content_type)
    if wide is not None:
        text = data.decode(wide, "surrogatepass")
        clean = _redact_text(text, content_type, redactor, cut=cut)
        return data if clean == text else clean.encode(wide, "surrogatepass")
    text = data.decode("utf-8", "surrogateescape")
    return _redact_text(text, content_type, redactor, cut=cut).encode("utf-8", "surrogateescape")


def _redact_parts(data: bytes, boundary: bytes, redactor: Redactor) -> bytes:
    """The parts of a multipart body, each by its own headers; telling field names are read in the text as a whole."""
    pieces = data.split(b"--" + boundary)
    for index, piece in enumerate(pieces[1:], 1):
        head, blank, content = piece.partition(b"\r\n\r\n")
        if not blank:
            continue
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.decode("latin-1").splitlines())
        }
        ended = content.endswith(b"\r\n")
        clean = _redact_part(content[:-2] if ended else content, headers, redactor)
        pieces[index] = head + blank + clean + (b"\r\n" if ended else b"")
    return (b"--" + boundary).join(pieces)


def _redact_part(content: bytes, headers: dict[str, str], redactor: Redactor) -> bytes:
    kind, encoding = headers.get("content-type"), headers.get("content-encoding")
    if headers.get("content-transfer-encoding", "").lower() != "base64":
        return redact(content, kind, redactor, cut=False, encoding=encoding)
    try:
        plain = b64decode(content, validate=False)
    except ValueError:
        return content
    clean = redact(plain, kind, redactor, cut=False, encoding=encoding)
    return content if clean == plain else encodebytes(clean).rstrip(b"\n")


def _wide_codec(data: bytes, content_type: str) -> str | None:
    """UTF-16 or UTF-32, by the mark at the beginning, the charset, or a NUL beside nearly every letter."""
    found = next((codec for mark, codec in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    charset = _CHARSET.search(content_type)
    if found is None and charset:
        found = charset.group(1).lower()
        found = f"{found}-le" if found in ("utf-16", "utf-32") else found
    if found is None and len(data) >= _SHORTEST_WIDE and len(data) % 2 == 0:
        sample = data[:512]
        for offset, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
            half = sample[offset::2]
            if half.count(0) * 10 >= len(half) * 9 and sample[1 - offset :: 2].count(0) * 10 < len(half):
                found = codec
    try:
        if found is not None:
            data.decode(found, "surrogatepass")
    except (LookupError, UnicodeDecodeError):
        return None
    return found


def _redact_text(text: str, content_type: str, redactor: Redactor, *, cut: bool) -> str:
    if cut:
        text = _without_half_secret(text, redactor)
    parsed = _parse_json(text, content_type)
    if parsed is not None:
        clean = redactor.json(parsed)
        if clean != parsed:
            text = json.dumps(clean, ensure_ascii=False)
    elif "urlencoded" in content_type:
        text = redactor.url(text)
    return redactor.text(text)


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
