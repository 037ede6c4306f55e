"""The numbers that callers give: names that MLflow takes, values that are finite, differences that read well.

No MLflow here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from hokusai.exceptions import InvalidParameterError

__all__ = ["checked_metrics", "finite", "is_metric_name", "rounded"]

_NAME = re.compile(r"[\w.\- :/]{1,250}")
_DIGITS = 6


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    # MLflow's servers refuse what is no plain relative path: "a//b", "a/../b", "/a".
    return bool(_NAME.fullmatch(name)) and all(part not in ("", ".", "..") for part in name.split("/"))


def is_metric_name(name: object) -> bool:
    """Tell whether MLflow's servers, from 2.9 on, take `name` for a metric, parameter or tag."""
    return isinstance(name, str) and _is_name(name)


def checked_metrics(metrics: object, parameter: str) -> dict[str, float]:
    """Return a copy of `metrics` with finite floats, or raise `InvalidParameterError` that names what is wrong."""
    if not isinstance(metrics, Mapping):
        raise InvalidParameterError(f"{parameter} must be a dict of numbers by name, not {type(metrics).__name__}.")
    if not metrics:
        raise InvalidParameterError(f"{parameter} is empty: it needs at least one metric.")
    checked: dict[str, float] = {}
    for name, value in metrics.items():
        if not is_metric_name(name):
            raise InvalidParameterError(f"{parameter} has the key {name!r}, which MLflow does not accept as a name.")
        checked[name] = finite(value, f"{parameter}[{name!r}]")
    return checked


def finite(value: Any, what: str) -> float:
    """Return `value` as a finite float, or raise `InvalidParameterError` that says `what` it is."""
    try:
        number = math.nan if isinstance(value, (str, bytes, bool)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InvalidParameterError(f"{what} must be a finite number, not {value!r}.")
    return number


def rounded(number: float) -> float:
    """Round to six digits, as all differences of metrics are; never minus zero."""
    return round(number, _DIGITS) + 0.0
