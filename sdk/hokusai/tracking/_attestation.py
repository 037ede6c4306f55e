"""Attestations of improvements: what was better, by whose data, and a hash that anyone can compute again.

Pure functions of what the caller gave and the time; `performance.py` records the result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hokusai.exceptions import InvalidParameterError
from hokusai.tracking._contributors import contributor_of
from hokusai.tracking._numbers import checked_metrics, finite, rounded

__all__ = ["attest", "canonical", "checked_contribution", "deltaone_value", "improvement", "recomputed_hash"]

VERSION = "1.0"
_WEIGHTS = {"accuracy": 1.0, "auroc": 0.8, "f1_score": 0.9, "precision": 0.7, "recall": 0.7}
"""How much a change of each metric counts for the DeltaOne value (`platform.md` 3.7); others do not."""
_OUTSIDE = ("attestation_hash", "signature")
"""What the hash does not cover: itself, and the signature over it."""


def improvement(baseline_metrics: object, improved_metrics: object) -> dict[str, float]:
    """Return improved minus baseline for every metric of the baseline, rounded to six digits.

    Raises:
        InvalidParameterError: empty or malformed metrics, or a metric of the baseline that was not measured again.
    """
    before = checked_metrics(baseline_metrics, "baseline_metrics")
    after = checked_metrics(improved_metrics, "improved_metrics")
    missing = [name for name in before if name not in after]
    if missing:
        raise InvalidParameterError(
            f"improved_metrics lacks {', '.join(map(repr, missing))}, which baseline_metrics has: measure the same."
        )
    return {name: rounded(after[name] - before[name]) for name in before}


def checked_contribution(data_contribution: object) -> tuple[dict[str, str | None], dict[str, Any]]:
    """Return the contributor, and what was contributed: `dataset_hash`, `data_size`, `quality_score` or `None` each.

    Raises:
        InvalidParameterError: no dict, or a value of the wrong kind, named.
    """
    if not isinstance(data_contribution, Mapping):
        raise InvalidParameterError(f"data_contribution must be a dict, not {type(data_contribution).__name__}.")
    digest, size = data_contribution.get("dataset_hash"), data_contribution.get("data_size")
    if digest is not None and not isinstance(digest, str):
        raise InvalidParameterError(f"data_contribution['dataset_hash'] must be a text, not {digest!r}.")
    if size is not None:
        number = finite(size, "data_contribution['data_size']")
        if number < 0 or number != int(number):
            raise InvalidParameterError(f"data_contribution['data_size'] must be a number of rows, not {size!r}.")
        size = int(number)
    quality = data_contribution.get("quality_score")
    if quality is not None:
        quality = finite(quality, "data_contribution['quality_score']")
    data = {"dataset_hash": digest, "data_size": size, "quality_score": quality}
    return contributor_of(data_contribution), data


def deltaone_value(delta: Mapping[str, float]) -> float:
    """Return the weighted sum of the changes in percentage points, at least 0, rounded to two digits."""
    points = sum(_WEIGHTS[name] * change for name, change in delta.items() if name in _WEIGHTS) * 100
    return round(max(0.0, points), 2) + 0.0


def attest(
    delta: Mapping[str, float], contributor: Mapping[str, str | None], data: Mapping[str, Any], timestamp: str
) -> dict[str, Any]:
    """Return the attestation; `signature` is `None`: the SDK has no key to sign with."""
    attestation: dict[str, Any] = {
        "version": VERSION,
        "timestamp": timestamp,
        "delta_metrics": dict(delta),
        "contributor_info": dict(contributor),
        "data_contribution": dict(data),
        "deltaone_value": deltaone_value(delta),
    }
    return {**attestation, "attestation_hash": recomputed_hash(attestation), "signature": None}


def recomputed_hash(attestation: Mapping[str, Any]) -> str:
    """Return the hash that an attestation must bear: `0x` and the SHA-256 of its canonical form."""
    return "0x" + hashlib.sha256(canonical(attestation).encode()).hexdigest()


def canonical(attestation: Mapping[str, Any]) -> str:
    """Return what the hash covers: JSON with sorted keys, without the hash itself and the signature."""
    return json.dumps({name: value for name, value in attestation.items() if name not in _OUTSIDE}, sort_keys=True)
