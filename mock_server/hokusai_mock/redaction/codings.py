"""Content codings: opening a compressed body, so that it can be searched, and closing it again as it was.

gzip and deflate always; `br` and `zstd` where a library for them is installed. What cannot be opened is not searched,
and what is not searched does not leave: that decision is in `bodies`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["Coding", "UnopenedError", "coding_of", "inflate"]

LARGEST = 64 * 1024 * 1024
"""Bytes that a body may grow to when it is opened; a larger one counts as unreadable."""

_GZIP = b"\x1f\x8b"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ZSTD = b"\x28\xb5\x2f\xfd"
_EITHER = 47
"""zlib's way to say: gzip or deflate, find out which (32), with any window (15)."""
_PLAIN = frozenset({"", "identity"})


class UnopenedError(ValueError):
    """A body says that it is compressed, or begins as if it were, and cannot be opened here."""


class Coding(NamedTuple):
    """How a body is opened and closed again."""

    name: str
    opened: bytes
    close: Callable[[bytes], bytes]


def coding_of(data: bytes, header: str | None = None) -> Coding | None:
    """What `data` is compressed with, opened; `None` when it is not. `header` is its `Content-Encoding`.

    Raises `UnopenedError` for a body that is compressed and cannot be read. A header that says what the body does not
    bear out (gzip, and the body is text) is not believed: the body is read as it stands.
    """
    named = [name.strip().lower() for name in (header or "").split(",") if name.strip().lower() not in _PLAIN]
    if len(named) > 1:
        return _several(data, named)
    if data.startswith(_GZIP):
        return Coding("gzip", _inflated(data, "gzip"), lambda plain: gzip.compress(plain, mtime=0))
    if data.startswith(_ZLIB) and (plain := inflate(data)) is not None:  # two bytes may be text by accident (`x^...`)
        return Coding("deflate", plain, zlib.compress)
    if data.startswith(_ZSTD):
        return _by_library(data, "zstd")
    if not data or not named or named[0] in ("gzip", "x-gzip", "deflate", "zstd"):
        return _raw_deflate(data) if named == ["deflate"] else None
    return _by_library(data, named[0])


def inflate(data: bytes) -> bytes | None:
    """The content of a gzip or deflate body, as far as it goes if it was cut; `None` when it is neither, or too big."""
    return _decompressed(data, _EITHER)


def _decompressed(data: bytes, wbits: int) -> bytes | None:
    content = b""
    while True:  # gzip may come in several members, one behind the other
        reader = zlib.decompressobj(wbits=wbits)
        try:
            content += reader.decompress(data, LARGEST + 1 - len(content))
        except zlib.error:
            return None
        if len(content) > LARGEST or (not content and not reader.eof):
            return None
        data = reader.unused_data
        if not (reader.eof and wbits == _EITHER and data.startswith(_GZIP)):
            return content


def _inflated(data: bytes, name: str) -> bytes:
    plain = inflate(data)
    if plain is None:
        raise UnopenedError(f"{name} that cannot be read")
    return plain


def _raw_deflate(data: bytes) -> Coding | None:
    """Deflate without zlib's two bytes in front, as some servers send it."""
    plain = _decompressed(data, -15)
    if plain is None:
        return None
    return Coding("deflate", plain, _deflated)


def _deflated(plain: bytes) -> bytes:
    writer = zlib.compressobj(wbits=-15)
    return writer.compress(plain) + writer.flush()


def _several(data: bytes, names: list[str]) -> Coding:
    """Codings one upon the other; the last name was applied last."""
    closers: list[Callable[[bytes], bytes]] = []
    for name in reversed(names):
        one = coding_of(data, name)
        if one is None:
            raise UnopenedError(f"it is not {name}")
        data = one.opened
        closers.append(one.close)

    def close(plain: bytes) -> bytes:
        for closer in reversed(closers):
            plain = closer(plain)
        return plain

    return Coding(",".join(names), data, close)


_LIBRARIES = {"br": ("brotli", "brotlicffi"), "zstd": ("compression.zstd", "zstandard")}


def _by_library(data: bytes, name: str) -> Coding:
    library = next((found for module in _LIBRARIES.get(name, ()) if (found := _imported(module)) is not None), None)
    if library is None:
        raise UnopenedError(f"{name}: no library that opens it is installed")
    try:
        plain = bytes(library.decompress(data))
    except Exception as error:  # each library has its own
        raise UnopenedError(f"{name} that cannot be read") from error
    if len(plain) > LARGEST:
        raise UnopenedError(f"{name} that is too large")
    return Coding(name, plain, lambda content: bytes(library.compress(content)))


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        return None
