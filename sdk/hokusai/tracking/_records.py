"""What one inference record holds: checked and copied when it is tracked, so that sending it cannot fail on its form.

No MLflow and no clock here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from hokusai.exceptions import InvalidParameterError
from hokusai.tracking._numbers import is_metric_name

__all__ = ["REQUIRED", "Record", "checked_record"]

REQUIRED = ("model_id", "model_version", "latency_ms")
_MOST_KEYS = 500
"""A record goes in one request, in which MLflow's servers take 1,000 metrics and 100 tags."""
_MOST_TEXTS = 90
_TAG_LIMIT = 5000
"""Characters of a tag's value that every MLflow server accepts (2.9.2 refuses more)."""
_ID_LIMIT = 250


@dataclass(frozen=True, slots=True)
class Record:
    """One inference: which model version served it, when (ms since the epoch), its numbers, its texts."""

    model_id: str
    model_version: str
    timestamp: int
    metrics: tuple[tuple[str, float], ...]
    tags: tuple[tuple[str, str], ...]


def checked_record(metrics: object, timestamp: int) -> Record:
    """Return what is kept of the caller's dict, or raise `InvalidParameterError` that names the key at fault."""
    if not isinstance(metrics, Mapping):
        raise InvalidParameterError(f"metrics must be a dict, not {type(metrics).__name__}.")
    for key in REQUIRED:
        if metrics.get(key) is None or metrics[key] == "":
            raise _lacks(metrics, key)
    numbers, texts = [], []
    for name, value in metrics.items():
        if name in ("model_id", "model_version") or value is None:
            continue
        if not is_metric_name(name):
            raise InvalidParameterError(f"metrics has the key {name!r}, which MLflow does not accept as a name.")
        if name == "latency_ms" or _is_number(value):
            numbers.append((name, _number(name, value)))
        else:
            texts.append((name, str(value)[:_TAG_LIMIT]))
    if len(numbers) > _MOST_KEYS or len(texts) > _MOST_TEXTS:
        raise InvalidParameterError(
            f"metrics has {len(numbers)} numbers and {len(texts)} texts; at most {_MOST_KEYS} and {_MOST_TEXTS} "
            "can be recorded of one inference."
        )
    model_id, version = _identity("model_id", metrics), _identity("model_version", metrics)
    return Record(model_id, version, timestamp, tuple(numbers), tuple(texts))


def _lacks(metrics: Mapping[Any, Any], key: str) -> InvalidParameterError:
    others = [str(name) for name in metrics if name not in REQUIRED]
    near = get_close_matches(key, others, 1)
    hint = f" Did you mean it by {near[0]!r}?" if near else ""
    return InvalidParameterError(f"metrics lacks {key!r}; required are {', '.join(REQUIRED)}.{hint}")


def _identity(key: str, metrics: Mapping[Any, Any]) -> str:
    """Return the id or version of the model as the text that the tag of its run gets."""
    text = str(metrics[key])
    if len(text) > _ID_LIMIT or not text.strip():
        raise InvalidParameterError(f"metrics[{key!r}] must be a name of 1 to {_ID_LIMIT} characters.")
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) or (hasattr(value, "__float__") and not isinstance(value, (str, bytes)))


def _number(name: str, value: Any) -> float:
    """Return a finite float; `latency_ms` must not be negative."""
    try:
        number = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or (name == "latency_ms" and number < 0):
        raise InvalidParameterError(f"metrics[{name!r}] must be a finite number, not {value!r}.")
    return number
