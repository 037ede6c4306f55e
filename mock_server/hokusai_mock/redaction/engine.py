"""`Redactor`: takes secrets out of text, headers, URLs, JSON values and bodies.

What counts as a secret is in `rules`, where it stands in `positions`, how it may be spelled in `spellings`, what
replaces it in `labels`; compressed and structured bodies are taken apart in `bodies`. Writing files is in `write`.
"""

from __future__ import annotations

import binascii
import builtins
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from hokusai_mock.redaction import bodies
from hokusai_mock.redaction.labels import LABEL, Labels, OrdinalLabels
from hokusai_mock.redaction.positions import SCHEME, named_values, user_infos
from hokusai_mock.redaction.rules import (
    LEARNED_LENGTH,
    PUBLIC_KEYS,
    SHAPES,
    Shape,
    kind_of_name,
    kind_of_value,
    looks_random,
)
from hokusai_mock.redaction.spellings import DECODERS, spellings
from hokusai_mock.redaction.wrapped import may_be_wrapped, replace_wrapped, squeezed

__all__ = ["Redactor"]

_NOTHING = frozenset({"", "true", "false", "null", "none", "undefined", "~", "-", "|", ">", "..."})
_REFERENCE = re.compile(r"\$\{?[A-Z_][A-Z0-9_]*\}?|\$\{\{.*\}\}|\*+")
_ESCAPED_PART = re.compile(r"""([\s"'<>&?]+)""")
_COOKIE = re.compile(r"([^=;\s]+)=([^;]*)")
_COOKIE_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "version"})
_HINTS = re.compile("|".join(sorted({re.escape(hint) for shape in SHAPES for hint in shape.hints})), re.I)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_DEEPEST = 3
"""Escapes inside escapes are followed this many levels (a URL in a query value in a log line)."""


class Redactor:
    """Replaces secrets by labels such as `<redacted:api-key:3f9a>`; one for each file or run.

    `secrets` are values known to the process; they are found in any usual encoding. Secrets that are met under a
    telling name are learned and found elsewhere from then on (`sweep` takes a second look at what came before). Equal
    secrets get equal labels, for the same `salt` in every run. Not safe for use by several threads at once.
    """

    def __init__(self, secrets: Iterable[str] = (), salt: str | None = None, *, ordinal: bool = False) -> None:
        """Know `secrets` from the start; `salt` makes the labels reproducible, without it they are random.

        With `ordinal` secrets are numbered in the order in which they are met, for files that are made again.
        """
        self.counts: Counter[str] = Counter()
        """Replacements made so far, by kind."""
        self.by_position_only: Counter[str] = Counter()
        """Those among them that were too short (under 8 characters) to be searched for elsewhere, by kind."""
        self._labels = OrdinalLabels() if ordinal else Labels(salt)
        self._known: dict[str, str] = {}
        self._by_length: tuple[str, ...] | None = ()
        for secret in secrets:
            self.learn(secret)

    @property
    def secrets(self) -> frozenset[str]:
        """Every value that is searched for, given or learned: what must not survive in the result."""
        return frozenset(self._known)

    def learn(self, secret: str, kind: str = "secret") -> None:
        """Search for `secret` from now on; ignored when it is public or under 8 characters."""
        if len(secret) >= LEARNED_LENGTH and secret not in PUBLIC_KEYS and secret not in self._known:
            self._known[secret] = kind_of_value(secret) or kind
            self._by_length = None

    # -- what leaves ---------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """`text` without secrets: by value, by position, by shape, also inside escapes."""
        return self._text(text, 0)

    def header(self, name: str, value: str) -> str:
        """The value of one header; the scheme of `Authorization` and the names of cookies stay readable."""
        lowered = name.lower()
        if lowered in ("cookie", "set-cookie"):
            return _COOKIE.sub(self._cookie, value)
        kind = kind_of_name(name)
        return self.text(value) if kind is None else self._value(kind, value)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Headers in order, each with its value redacted by name, shape and value."""
        return [(name, self.header(name, value)) for name, value in pairs]

    def url(self, url: str) -> str:
        """A URL or the query of one: user-info, parameters by name (also with an encoded name), known values."""
        head, mark, query = url.rpartition("?") if "?" in url else ("", "", url)
        pairs = [self._parameter(pair) for pair in query.split("&")] if mark or "=" in query else [query]
        return self.text(head + mark + "&".join(pairs))

    def json(self, value: Any) -> Any:
        """A copy of a JSON value: by key name (`{"key": ..., "value": ...}` pairs too), shape and value."""
        return bodies.map_json(value, self.text, self._leaf)

    def bytes(
        self, data: bytes, content_type: str | None = None, *, encoding: str | None = None, cut: bool = False
    ) -> bytes:
        """A body; what is compressed is opened, JSON is read by key, the parts of a multipart body one by one.

        `encoding` is its `Content-Encoding`; a body that cannot be opened is replaced as a whole. `cut` says that
        `data` is only the beginning of a body: a half secret at its end is taken off too.
        """
        return bodies.redact(data, content_type, self, cut=cut, encoding=encoding)

    def binary(self, data: builtins.bytes) -> builtins.bytes:
        """`data` without the known secrets in UTF-16 and UTF-32, which no search in text finds."""
        if b"\0" not in data:
            return data
        for secret in sorted(self._known, key=len, reverse=True):
            kind = self._known[secret]
            for codec in _WIDE:
                wide = secret.encode(codec, "surrogatepass")
                if wide in data:
                    self.counts[kind] += data.count(wide)
                    data = data.replace(wide, self._labels.label(kind, secret).encode(codec))
        return data

    def file_name(self, name: str) -> str:
        """A file's name without secrets: labels in it are spelled so that every file system takes them."""
        return LABEL.sub(lambda label: label.group()[1:-1].replace(":", "-"), self.text(name))

    def sweep(self, value: Any) -> Any:
        """Look again through text or JSON that was redacted before some of its secrets were learned."""
        return bodies.map_json(value, self._values, lambda _kind, leaf: leaf) if self._known else value

    # -- how -----------------------------------------------------------------------------------------------------------

    def _text(self, text: str, depth: int) -> str:
        # Known secrets go first, while they are whole; plain words last, or `password=` would lose the name that tells.
        text = self._values(text, words=False)
        if "=" in text or ":" in text:
            text = self._spans(text)
        if _HINTS.search(text):
            text = self._shapes(text)
        if depth < _DEEPEST:
            text = self._escapes(text, depth)
        return self._values(text)

    def _values(self, text: str, *, words: bool = True) -> str:
        """Replace known secrets in every spelling, outside of the labels that are already there."""
        if self._by_length is None:
            self._by_length = tuple(sorted(self._known, key=len, reverse=True))
        on_one_line = squeezed(text)
        for secret in self._by_length:
            if not (words or looks_random(secret)):
                continue
            for spelling in spellings(secret):
                if spelling in text:
                    text = self._replace(text, spelling, secret)
                if may_be_wrapped(spelling, on_one_line):
                    text = self._replace(text, spelling, secret, wrapped=True)
        return text

    def _replace(self, text: str, spelling: str, secret: str, *, wrapped: bool = False) -> str:
        kind = self._known[secret]
        pieces, end = [], 0
        for label in LABEL.finditer(text):
            pieces += [text[end : label.start()], label.group()]
            end = label.end()
        pieces.append(text[end:])
        for index in range(0, len(pieces), 2):
            found = pieces[index].count(spelling)
            if wrapped:
                pieces[index], found = replace_wrapped(pieces[index], spelling, self._labels.label(kind, secret))
            elif found:
                pieces[index] = pieces[index].replace(spelling, self._labels.label(kind, secret))
            self.counts[kind] += found
        return "".join(pieces)

    def _spans(self, text: str) -> str:
        for find in (user_infos, named_values):
            pieces, end = [], 0
            for span in find(text):
                old = text[span.start : span.end]
                pieces += [text[end : span.start], self._value(span.kind, old, encoded=span.encoded)]
                end = span.end
            if pieces:
                text = "".join([*pieces, text[end:]])
        return text

    def _value(self, kind: str, value: str, *, encoded: bool = False) -> str:
        """Replace what stands where a secret of `kind` stands, unless it is public, empty or already replaced."""
        scheme = SCHEME.match(value)
        prefix, rest = (scheme.group(), value[scheme.end() :]) if scheme else ("", value)
        secret = (unquote_plus(rest) if encoded else rest).strip()
        if secret.lower() in _NOTHING or _REFERENCE.fullmatch(secret) or LABEL.fullmatch(secret):
            return value
        if secret in PUBLIC_KEYS or (prefix[:5].lower() == "basic" and _basic_password(secret) in PUBLIC_KEYS):
            return value
        kind = prefix.strip().lower() if prefix[:6].lower() in ("bearer", "basic ") else kind
        return prefix + self._secret(kind_of_value(secret) or kind, secret)

    def _secret(self, kind: str, secret: str) -> str:
        """The label for a secret found by position or shape; from now on it is known."""
        self.counts[kind] += 1
        if len(secret) < LEARNED_LENGTH:
            self.by_position_only[kind] += 1
        elif kind != "user" and looks_random(secret):
            self.learn(secret, kind)
        return self._labels.label(kind, secret)

    def _shapes(self, text: str) -> str:
        lowered = text.lower()
        for shape in SHAPES:
            if any(hint in lowered for hint in shape.hints):
                text = shape.pattern.sub(self._shape_replacer(shape), text)
        return text

    def _shape_replacer(self, shape: Shape) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            secret = match.group(shape.pattern.groups)
            if secret in PUBLIC_KEYS or not looks_random(secret):
                return match.group()
            if shape.kind == "basic":
                password = _basic_password(secret)
                if password is None or password in PUBLIC_KEYS:
                    return match.group()
            return match.group()[: len(match.group()) - len(secret)] + self._secret(shape.kind, secret)

        return replace

    def _escapes(self, text: str, depth: int) -> str:
        """Decode what is escaped and redact it there; what holds no secret stays as it was written."""
        for mark, decode in DECODERS:
            if mark not in text:
                continue
            parts = _ESCAPED_PART.split(text) if mark != "&" else [text]
            for index, part in enumerate(parts):
                decoded = decode(part) if mark in part else part
                if decoded != part:
                    redacted = self._text(decoded, depth + 1)
                    parts[index] = redacted if redacted != decoded else part
            text = "".join(parts)
        return text

    def _parameter(self, pair: str) -> str:
        name, sign, value = pair.partition("=")
        kind = kind_of_name(unquote_plus(name)) if sign else None
        return pair if kind is None else f"{name}={self._value(kind, value, encoded=True)}"

    def _cookie(self, match: re.Match[str]) -> str:
        name, value = match.groups()
        return match.group() if name.lower() in _COOKIE_ATTRIBUTES else f"{name}={self._value('cookie', value)}"

    def _leaf(self, kind: str, leaf: Any) -> Any:
        """A value of any JSON type under a telling key."""
        if isinstance(leaf, bool) or leaf is None:
            return leaf
        text = str(leaf)
        redacted = self._value(kind, text)
        return leaf if redacted == text else redacted


def _basic_password(credentials: str) -> str | None:
    """The password in the credentials of HTTP Basic, or `None` when they are none."""
    try:
        padded = credentials.rstrip("=") + "=" * (-len(credentials.rstrip("=")) % 4)
        decoded = b64decode(padded.translate(_URL_SAFE), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    user, colon, password = decoded.partition(":")
    return password if colon and (user + password).isprintable() else None


_URL_SAFE = str.maketrans("-_", "+/")
