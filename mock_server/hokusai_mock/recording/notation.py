"""YAML as far as a cassette needs it: double-quoted and binary scalars, one value a line.

Written here so that recording needs no YAML library; JSON would need none either, but vcrpy's JSON cassettes cannot
hold binary bodies.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["body", "items", "quoted"]

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def quoted(text: str) -> str:
    """`text` as a double-quoted scalar on one line; what YAML calls unprintable is escaped."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


def body(data: bytes) -> str:
    """A body as a scalar: text where it is UTF-8, so that it can be read and compared, else base64."""
    try:
        return quoted(data.decode())
    except UnicodeDecodeError:
        return f'!!binary "{b64encode(data).decode()}"'


def items(indent: str, values: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The lines of a mapping of names to lists of texts."""
    for name, texts in values.items():
        listed = [f"{indent}- {quoted(text)}" for text in texts]
        yield f"{indent}{quoted(name)}:" + ("" if listed else " []")
        yield from listed
