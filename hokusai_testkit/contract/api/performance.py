"""What models do in use, what improved them, and who contributed: `PerformanceTracker`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import OwnModelRegistry

__all__ = [
    "PerformanceTracker",
    "PerformanceTrackerClass",
]


class PerformanceTracker(Protocol):
    """Records what models do in use. Documented import: `from hokusai.tracking import PerformanceTracker`.

    No method touches the caller's active run, leaves one active, changes a dict that it is given, or writes to stdout.
    """

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
        """

    def flush(self) -> None:
        """Write what is still kept, and raise the first failure; afterwards the tracker's runs are FINISHED.

        What was not written waits on, and is written by the next `flush`.
        """

    def log_contribution_impact(self, address: str, model_id: str, delta: Mapping[str, float]) -> None:
        """Record what the contributor at an Ethereum address did for a model: `delta`, changes by metric.

        Recorded at once in the experiment `hokusai_contributions`: a FINISHED run with the tags `contributor_address`
        (in lower case) and `model_id` and the metrics `delta_<name>`.

        Raises:
            InvalidParameterError: an address that is not `0x` and 40 hexadecimal digits, or a delta that is no number.
            MLflowAuthenticationError, MLflowConnectionError: it could not be recorded.
        """

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


class PerformanceTrackerClass(Protocol):
    """The class `PerformanceTracker` itself."""

    def __call__(self, *, registry: OwnModelRegistry | None = None) -> PerformanceTracker:
        """Record to the tracking server of `registry`, or to the configured one."""
