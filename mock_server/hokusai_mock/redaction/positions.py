"""Where secrets stand in a text: after a telling name (`api_key=...`, `"password": "..."`, `X-API-Key: ...`), in the
user-info of a URL, in a multipart field. Finds places and nothing else; the text need not be well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hokusai_mock.redaction.rules import kind_of_name, looks_random

__all__ = ["SCHEME", "Span", "named_values", "user_infos"]

SCHEME = re.compile(r"(?:bearer|basic|apikey|digest|token|negotiate|aws4-hmac-sha256)[ \t]+", re.I)
"""The word before the credentials in an `Authorization` header; it is no secret."""

_NAME = re.compile(
    r"""(?<!<redacted:)(?:(?P<quote>\\*["'])|(?<![\w.\-]))  # a quote, or not in the middle of a word
    (?:%[0-9A-Fa-f]{2})*(?P<name>[A-Za-z0-9_.\-]{2,80})(?(quote)(?P=quote))
    [ \t]*(?P<sign>=>|[=:])[ \t]*(?:\r?\n[ \t]*-[ \t]+)?   # a YAML list below the name counts as its value
    """,
    re.X,
)
_MULTIPART = re.compile(r"""\bname="?(?P<name>[\w.\-]{2,80})"?[^\r\n]*\r?\n(?:[\w-]+:[^\r\n]*\r?\n)*\r?\n""")
_MULTIPART_VALUE = re.compile(r".*?(?=\r?\n--|\Z)", re.S)
# A scheme of 30 letters at most: in a long word without a URL the search would run on from each of its letters.
_USER_INFO = re.compile(
    r"""[A-Za-z][A-Za-z0-9+.\-]{0,30}:/\\?/(?P<user>[^\s/?#"'<>:@\\]*)(?::(?P<word>[^\s/?#"'<>]*))?@"""
)

_OPENING_QUOTE = re.compile(r"""\\*["']""")
_TOP_STRING = {'"': re.compile(r'(?:[^"\\]|\\.)*', re.S), "'": re.compile(r"(?:[^'\\]|\\.|'')*", re.S)}
_BARE_JSON = re.compile(r"\[[^\]]*\]?|[^\s,}\]{\[]+")
_ASSIGNED = re.compile(r"""(?:(?:bearer|basic|apikey)(?:[ \t]|%20|\+)+)?[^&\s"']+""", re.I)
_TO_LINE_END = re.compile(r"[^\r\n]+")
_LINE_START = re.compile(r"[ \t>*#\-]*")
_BLOCK = re.compile(r"[|>][+\-\d]*[ \t]*(?:#[^\n]*)?\r?\n")
_BLANKS = re.compile(r"[ \t]*")
_LINE = re.compile(r"(?P<blanks>[ \t]*)(?P<words>[^\n]*)(?:\n|\Z)")
_ONE_WORD = re.compile(r"""(?:(?:bearer|basic|apikey|digest|token)[ \t]+)?[^\s"',]+""", re.I)

_ALWAYS = frozenset({"api-key", "access-key", "credential", "password", "secret"})
"""Kinds that are believed in the middle of a sentence too; others (`token: expired`) must look like a credential."""


class Span(NamedTuple):
    """A stretch `text[start:end]` that holds a secret of this kind; `encoded` when it is a form or query value."""

    start: int
    end: int
    kind: str
    encoded: bool = False


def named_values(text: str) -> Iterator[Span]:
    """Values under telling names, in order and without overlap: JSON, forms, queries, YAML, header lines, multipart."""
    end = 0
    for match in sorted([*_NAME.finditer(text), *_MULTIPART.finditer(text)], key=re.Match.start):
        kind = kind_of_name(match["name"])
        if kind is None or match.start() < end:
            continue
        if match.re is _MULTIPART:
            value = _MULTIPART_VALUE.match(text, match.end())
            spans = [Span(match.end(), value.end(), kind)] if value else []
        elif block := _BLOCK.match(text, match.end()):
            spans = list(_block_lines(text, match.start(), block.end(), kind))
        else:
            span = _value_after(text, match, kind)
            spans = [span] if span is not None else []
        for span in spans:
            if span.end > span.start:
                yield span
                end = span.end


def _block_lines(text: str, name: int, start: int, kind: str) -> Iterator[Span]:
    """The lines of a YAML block scalar (`|` or `>`) that begins after `start`: those deeper than the line of `name`."""
    line = text.rfind("\n", 0, name) + 1
    depth = len(_BLANKS.match(text, line).group())  # type: ignore[union-attr]  # it matches everywhere
    for content in _LINE.finditer(text, start):
        blanks, words = content["blanks"], content["words"].rstrip()
        if words and len(blanks) <= depth:
            return
        yield Span(content.start("words"), content.start("words") + len(words), kind)


def _value_after(text: str, name: re.Match[str], kind: str) -> Span | None:
    """The value that belongs to the `name` just matched, by how it is written."""
    start = name.end()
    quote = _OPENING_QUOTE.match(text, start)
    if quote:
        return Span(quote.end(), _end_of_string(text, quote), kind)
    if name["sign"] == "=":
        value = _ASSIGNED.match(text, start)
        return Span(start, _without_closers(text, start, value.end()), kind, encoded=True) if value else None
    if name["quote"]:
        value = _BARE_JSON.match(text, start)
        return Span(start, value.end(), kind) if value else None
    line = text.rfind("\n", 0, name.start()) + 1
    if _LINE_START.fullmatch(text, line, name.start()):
        value = _TO_LINE_END.match(text, start)
        return Span(start, value.end(), kind) if value else None
    value = _ONE_WORD.match(text, start)
    if value and (kind in _ALWAYS or looks_random(value.group())):
        return Span(start, _without_closers(text, start, value.end()), kind)
    return None


def _end_of_string(text: str, quote: re.Match[str]) -> int:
    """Where the string that `quote` opened ends; a string that was cut off ends with the text."""
    mark = quote.group()
    if len(mark) == 1:
        value = _TOP_STRING[mark].match(text, quote.end())
        return value.end() if value else len(text)
    closing = re.compile(r"(?<!\\)" + re.escape(mark)).search(text, quote.end())
    return closing.start() if closing else len(text)


def _without_closers(text: str, start: int, end: int) -> int:
    """Leave brackets and punctuation that close the surrounding text outside of the value."""
    while end > start + 1 and text[end - 1] in "),;]}":
        end -= 1
    return end


def user_infos(text: str) -> Iterator[Span]:
    """User name and password of every URL in `text`."""
    for match in _USER_INFO.finditer(text):
        if match["user"]:
            yield Span(match.start("user"), match.end("user"), "user", encoded=True)
        if match["word"]:
            yield Span(match.start("word"), match.end("word"), "password", encoded=True)
