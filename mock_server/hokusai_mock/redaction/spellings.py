"""How a known secret may be spelled in a text: URL-encoded, base64 at any alignment, hex, JSON-escaped, as entities.

Common encodings are searched for directly (`spellings`), unusual ones by decoding what looks escaped (`decoders`).
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote, unquote_plus

__all__ = ["DECODERS", "spellings"]

_PERCENT = re.compile(r"%[0-9A-F]{2}")
_UNICODE_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_SHORTEST_CORE = 8
"""A base64 core below this many characters would match by accident."""


@lru_cache(maxsize=1024)
def spellings(secret: str) -> tuple[str, ...]:
    """Every usual spelling of `secret`, the longest first, so that none is destroyed by a shorter one inside it."""
    found = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
    found |= {_PERCENT.sub(lambda match: match.group().lower(), spelling) for spelling in found}
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        found |= {once, once.replace("/", "\\/"), json.dumps(once, ensure_ascii=ascii_only)[1:-1]}
    found |= {html.escape(secret), repr(secret)[1:-1], secret.replace("'", "''")}
    encoded = secret.encode("utf-8", "surrogateescape")
    found |= {encoded.hex(), encoded.hex().upper()} | _base64_cores(encoded)
    return tuple(sorted(found, key=len, reverse=True))


def _base64_cores(secret: bytes) -> set[str]:
    """The characters of a base64 text that depend on `secret` alone, wherever in the encoded bytes it starts."""
    cores = set()
    for offset in range(3):
        encoded = b64encode(b"\0" * offset + secret).decode()
        first, last = (offset * 8 + 5) // 6, (offset + len(secret)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= _SHORTEST_CORE:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores


def _unescape_unicode(text: str) -> str:
    return _UNICODE_ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)


DECODERS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("%", unquote),
    ("%", unquote_plus),
    ("\\u", _unescape_unicode),
    ("&", html.unescape),
)
"""Pairs of a mark without which a text has no such escape, and the function that takes the escapes away."""
