"""What one inference record holds: checked and copied when it is tracked, so that sending it cannot fail on its form.

No MLflow and no clock here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hokusai.exceptions import InvalidParameterError

__all__ = ["REQUIRED", "Record", "checked_record"]

REQUIRED = ("model_id", "model_version", "latency_ms")
_NAME = re.compile(r"[\w.\- :/]{1,250}")


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
            raise InvalidParameterError(f"metrics lacks {key!r}; required are {', '.join(REQUIRED)}.")
    numbers, texts = [], []
    for name, value in metrics.items():
        if name in ("model_id", "model_version"):
            continue
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidParameterError(f"metrics has the key {name!r}, which MLflow does not accept as a name.")
        if name == "latency_ms" or _is_number(value):
            numbers.append((name, _number(name, value)))
        else:
            texts.append((name, str(value)[:5000]))
    return Record(str(metrics["model_id"]), str(metrics["model_version"]), timestamp, tuple(numbers), tuple(texts))


def _is_number(value: Any) -> bool:
    return not isinstance(value, (str, bytes)) and hasattr(value, "__float__")


def _number(name: str, value: Any) -> float:
    """Return a finite float; `latency_ms` must not be negative."""
    try:
        number = math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or (name == "latency_ms" and number < 0):
        raise InvalidParameterError(f"metrics[{name!r}] must be a finite number, not {value!r}.")
    return number
