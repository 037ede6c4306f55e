"""`PerformanceTracker`: what a model does in production, as MLflow runs.

Checking a record is in `_records.py`, sending in `_outbox.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.config._resolver import resolve
from hokusai.exceptions import InvalidParameterError
from hokusai.tracking._outbox import Outbox
from hokusai.tracking._records import checked_record

if TYPE_CHECKING:
    from hokusai.core.registry import ModelRegistry

__all__ = ["PerformanceTracker"]


class PerformanceTracker:
    """Records inferences of registered models. Making one sends nothing.

    Raises:
        ConfigurationError: no key where one is needed (A01), an unusable key (A14) or URI (B08).
    """

    def __init__(self, *, registry: ModelRegistry | None = None) -> None:
        """Use the registry's connection, or the resolved one."""
        shared = getattr(registry, "_backend", None)
        if registry is not None and shared is None:
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        _mlflow.require()
        self._outbox = Outbox(shared or Backend(resolve()))

    def track_inference(self, metrics: Mapping[str, Any]) -> None:
        """Record one inference. Costs well below 0.1 ms: it is sent later, in batches, by `flush()` and at exit.

        `metrics` needs `model_id`, `model_version` and `latency_ms` (milliseconds); further numbers become metrics
        under their own names, texts become tags. The dict is copied, never changed. Records go to the experiment
        `hokusai_inference/<model_id>`, one run per process and model version, tagged `model_id` and `model_version`.

        Raises:
            InvalidParameterError: a missing key, named; or a value that is not a finite number.
        """
        self._outbox.put(checked_record(metrics, time.time_ns() // 1_000_000))

    def flush(self) -> None:
        """Send everything that was tracked; afterwards the tracker's runs are FINISHED.

        Raises:
            MLflowAuthenticationError, MLflowConnectionError, ...: the first failure since the last `flush()`. What was
                not sent is kept, and sent by the next one.
        """
        failure = self._outbox.send()
        if failure is not None:
            raise failure
