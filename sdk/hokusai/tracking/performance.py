"""`PerformanceTracker`: what models do in production, what improved them, and who contributed, as MLflow runs.

Checking an inference is in `_records.py`, sending it in `_outbox.py`; attestations are in `_attestation.py`, the runs
of improvements and contributions in `_contributions.py`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.config._resolver import resolve
from hokusai.exceptions import HokusaiException, InvalidParameterError
from hokusai.tracking._attestation import attest, checked_contribution, improvement
from hokusai.tracking._contributions import checked_delta, contribution_run, impact_of, improvement_run
from hokusai.tracking._contributors import checked_address
from hokusai.tracking._history import checked_id
from hokusai.tracking._numbers import checked_metrics
from hokusai.tracking._outbox import Outbox
from hokusai.tracking._records import checked_record
from hokusai.tracking._times import now
from hokusai.tracking._writing import write_run

if TYPE_CHECKING:
    from hokusai.core.registry import ModelRegistry

__all__ = ["PerformanceTracker"]


class PerformanceTracker:
    """Records inferences, improvements and contributions. Making one sends nothing.

    It never touches the caller's active run nor the caller's dicts, and writes nothing to stdout. `registry` is a
    `ModelRegistry`; without one the resolved configuration is used.

    Raises:
        ConfigurationError: no key where one is needed (A01), an unusable key (A14) or URI (B08).
    """

    def __init__(self, *, registry: ModelRegistry | None = None) -> None:
        """Record to the tracking server of `registry`, or to the configured one."""
        shared: object = getattr(registry, "_backend", None)
        if registry is not None and not isinstance(shared, Backend):
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        _mlflow.require()
        self._backend = cast("Backend | None", shared) or Backend(resolve())
        self._outbox = Outbox(self._backend)

    def track_improvement(
        self,
        baseline_metrics: Mapping[str, float],
        improved_metrics: Mapping[str, float],
        data_contribution: Mapping[str, Any],
    ) -> tuple[dict[str, float], dict[str, Any]]:
        """Record by how much a contribution improved a model; return `(delta, attestation)`.

        `delta` is improved minus baseline for every metric of the baseline, rounded to six digits. `data_contribution`
        may have `contributor_id`, `contributor_address`, or `contributor` for either, and `dataset_hash`, `data_size`
        (rows) and `quality_score`.

        The attestation is a dict that can be written as JSON: `version` `"1.0"`, `timestamp` (ISO 8601, UTC, with a
        `Z`), `delta_metrics`, `contributor_info` (`id`, `address`), `data_contribution` (`dataset_hash`, `data_size`,
        `quality_score`), `deltaone_value` (100 times the sum of the changes of accuracy, auroc, f1_score, precision and
        recall, weighted 1.0, 0.8, 0.9, 0.7 and 0.7; at least 0, two digits), `attestation_hash` and `signature`. The
        hash is `"0x"` and the SHA-256 of `json.dumps(..., sort_keys=True)` of the attestation without
        `attestation_hash` and `signature`, so that anyone can compute it.

        Recorded at once in the experiment `hokusai_improvements`: a FINISHED run with the tag `attestation_hash`, the
        metrics `delta_<name>` and the artifact `attestation.json`.

        Raises:
            InvalidParameterError: metrics that are empty, no dict or no numbers; a metric of the baseline that
                `improved_metrics` lacks, named; a malformed address.
            MLflowAuthenticationError, MLflowConnectionError: it could not be recorded.
        """
        delta = improvement(baseline_metrics, improved_metrics)
        contributor, data = checked_contribution(data_contribution)
        attestation = attest(delta, contributor, data, now())
        before = checked_metrics(baseline_metrics, "baseline_metrics")
        after = checked_metrics(improved_metrics, "improved_metrics")
        write_run(self._backend, "record an improvement", improvement_run(before, after, attestation))
        return delta, attestation

    def track_inference(self, metrics: Mapping[str, Any]) -> None:
        """Record one inference in the experiment `hokusai_inference/<model_id>`.

        `metrics` has `model_id`, `model_version`, `latency_ms` (milliseconds) and any further numbers. One run per
        process and model version carries the tags `model_id` and `model_version`; metrics keep their own names. Calls
        are batched: under 0.1 ms for the caller. The caller's dict and active run are never touched. What waits when
        the process ends is sent then; what cannot be sent is kept in the local store where the rules of fallback allow
        it, and a loss is named once, on stderr.

        Raises:
            InvalidParameterError: a missing key, named, or a value that is no finite number.

        Source: ISSUE-5.

        Note:
            In an outage up to 50,000 records wait in memory and are sent when the server is back; from 25,000 on
            they are moved to the local store, where the rules of fallback allow that. What is lost all the same is
            named by `flush()`, or when the process ends. Texts become tags; of several the last one counts.
        """
        self._outbox.put(checked_record(metrics, time.time_ns() // 1_000_000))

    def flush(self) -> None:
        """Write what is still kept, and raise the first failure; afterwards the tracker's runs are FINISHED.

        What was not written waits on, and is written by the next `flush`.
        """
        failure = self._outbox.send()
        if failure is not None:
            raise failure

    def log_contribution_impact(self, address: str, model_id: str, delta: Mapping[str, float] | float) -> None:
        """Record what the contributor at an Ethereum address did for a model: `delta`, changes by metric.

        Recorded at once in the experiment `hokusai_contributions`: a FINISHED run with the tags `contributor_address`
        (in lower case) and `model_id` and the metrics `delta_<name>`.

        Raises:
            InvalidParameterError: an address that is not `0x` and 40 hexadecimal digits, or a delta that is no number.
            MLflowAuthenticationError, MLflowConnectionError: it could not be recorded.
        """
        contributor = checked_address(address, "address")
        run = contribution_run(contributor, checked_id(model_id, "model_id"), checked_delta(delta))
        write_run(self._backend, f"record a contribution to {model_id!r}", run)

    def get_contributor_impact(self, contributor_address: str) -> dict[str, Any]:
        """Return what was logged for a contributor; upper and lower case of the address are the same.

        A dict: `total_models_improved` (models whose changes add up to more than 0), `total_improvement_score` (the sum
        of all changes), `contributions` (a list, oldest first, of dicts with `model_id`, `delta`, `improvement_score`
        and `timestamp`), `first_contribution` and `last_contribution` (ISO 8601, UTC). Where nothing was logged: 0,
        0.0, `[]`, None and None; an outage raises, it never looks like that.

        Raises:
            InvalidParameterError: a malformed address.
            MLflowAuthenticationError, MLflowConnectionError: the contributions could not be read.
        """
        address = checked_address(contributor_address, "contributor_address")
        with self._backend.calling(f"read the contributions of {address}", HokusaiException):
            return impact_of(self._backend, address)
