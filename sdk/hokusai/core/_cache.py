"""Keeping predictions: the key of a question, what is kept, and the cache in this process.

What is kept is JSON text, never a pickle: whoever can write to a shared cache can at most give wrong numbers, and never
run code. The key holds the resolved version, so that an alias that moves, or a new version, is never answered from what
the old one said. The cache in Redis is in `_redis_cache.py`, what configures both in `_cache_config.py`.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import chain
from typing import Any, Protocol

from hokusai.core._requests import Question
from hokusai.core._versions import ModelVersion

__all__ = ["MAX_ROWS", "MemoryCache", "Store", "decoded", "encoded", "key_of"]

MAX_ROWS = 1000
"""Above this number of rows nothing is kept: making the key would cost more than it saves."""

_FORMAT = 1
_EXACT = {bool, bytes, float, int, str, type(None)}
_OVERHEAD = 300
"""Bytes that an entry costs beside its text: key, objects, the place in the table."""


class Store(Protocol):
    """Where texts are kept by key, for a while."""

    def get(self, key: str) -> str | None:
        """Return what is kept under `key`; `None` when there is nothing."""

    def put(self, key: str, text: str) -> None:
        """Keep `text` under `key`."""

    def close(self) -> None:
        """Give back connections and memory."""


class MemoryCache:
    """Texts in this process, each for `ttl` seconds, at most `limit` bytes; the least recently used goes first."""

    def __init__(self, limit: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `clock` tells seconds."""
        self._limit, self._ttl, self._clock = limit, ttl, clock
        self._texts: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        """Return what is kept under `key` and has not expired."""
        with self._lock:
            expires, text = self._texts.get(key, (0.0, ""))
            if not text:
                return None
            if self._clock() >= expires:
                self._drop(key)
                return None
            self._texts.move_to_end(key)
            return text

    def put(self, key: str, text: str) -> None:
        """Keep `text`, unless it alone is more than fits."""
        with self._lock:
            if key in self._texts:
                self._drop(key)
            if _size(text) > self._limit:
                return
            self._texts[key] = (self._clock() + self._ttl, text)
            self._size += _size(text)
            while self._size > self._limit:
                self._drop(next(iter(self._texts)))

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._texts.clear()
            self._size = 0

    def _drop(self, key: str) -> None:
        self._size -= _size(self._texts.pop(key)[1])


def _size(text: str) -> int:
    return len(text) + _OVERHEAD  # JSON of `encoded` is ASCII: a character is a byte


# --- what is kept -----------------------------------------------------------------------------------------------------


def encoded(predictions: list[Any]) -> str | None:
    """Return predictions as JSON; `None` for those that JSON would give back as something else (NaN, dates, bytes)."""
    try:
        text = json.dumps({"format": _FORMAT, "predictions": predictions}, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
    return text if decoded(text, len(predictions)) == predictions else None


def decoded(text: str, rows: int) -> list[Any] | None:
    """Return the predictions in what `encoded` made; `None` for anything else, or another number of rows."""
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.get("format") != _FORMAT:
        return None
    predictions = kept.get("predictions")
    return predictions if isinstance(predictions, list) and len(predictions) == rows else None


# --- the key ----------------------------------------------------------------------------------------------------------


def key_of(uri: str, version: ModelVersion, question: Question) -> str | None:
    """Return the key of a question to a version at a registry; `None` when it has none: too many rows, odd values.

    A version is not only its number: a model that was deleted and made again counts from 1 again.
    """
    if question.rows > MAX_ROWS:
        return None
    about = (_FORMAT, uri, version.name, version.number, version.source, version.created)
    how = (question.preprocess, question.postprocess)
    digest = hashlib.sha256(json.dumps([about, how]).encode())
    try:
        _feed(digest.update, question.data)
    except (TypeError, ValueError, RecursionError):
        return None
    return f"inference:{digest.hexdigest()}"


def _feed(update: Callable[[bytes], None], data: Any) -> None:
    """Feed data into a digest: its shape and types too, because 1, 1.0 and "1" may be predicted differently."""
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        _feed_frame(update, data)
    elif hasattr(data, "dtype"):
        _feed_array(update, data.to_numpy() if hasattr(data, "to_numpy") else data)
    elif isinstance(data, dict):
        for name, column in data.items():
            update(json.dumps([type(name).__name__, str(name)]).encode())
            _feed(update, column)
    else:
        update(_packed(data) or _json(data))


def _feed_frame(update: Callable[[bytes], None], frame: Any) -> None:
    columns = list(zip(frame.columns, frame.dtypes, strict=True))
    update(json.dumps([[type(name).__name__, str(name), str(dtype)] for name, dtype in columns]).encode())
    _feed_array(update, frame.index.to_numpy())
    if len({dtype for _, dtype in columns}) == 1:
        _feed_array(update, frame.to_numpy())
        return
    for place in range(len(columns)):
        _feed_array(update, frame.iloc[:, place].to_numpy())


def _feed_array(update: Callable[[bytes], None], array: Any) -> None:
    update(f"array {array.dtype} {array.shape}".encode())
    update(array.tobytes() if array.dtype.kind in "biufUSM" else _json(array.tolist()))


def _packed(rows: Any) -> bytes | None:
    """Return rows of Python's own values as bytes, which tell every type apart; `None` for other rows.

    Ten times as fast as JSON. Never read again, and version 2 of the format has no references: equal rows, equal bytes.
    """
    kinds = set(map(type, rows))
    if kinds <= {list, tuple, dict}:
        tables = [row for row in rows if type(row) is dict]
        kinds = set(map(type, chain(chain.from_iterable(rows), *(table.values() for table in tables))))
    return marshal.dumps(rows, 2) if kinds <= _EXACT else None


def _json(value: Any) -> bytes:
    if isinstance(value, (list, tuple)):
        _check_keys(value)
    return json.dumps(value, default=_described).encode()


def _described(value: Any) -> Any:
    """Describe an array or numpy scalar among the rows; TypeError for what the key cannot tell apart."""
    if hasattr(value, "dtype") and hasattr(value, "tolist") and value.dtype.kind in "biufUS":
        return {"dtype": str(value.dtype), "values": value.tolist()}
    raise TypeError(f"no key for {type(value).__name__}")


def _check_keys(rows: Any) -> None:
    """Refuse dicts with keys that are no texts: JSON would make 1 and "1" the same."""
    if any(not isinstance(name, str) for row in rows if isinstance(row, dict) for name in row):
        raise TypeError("no key for names that are no texts")
