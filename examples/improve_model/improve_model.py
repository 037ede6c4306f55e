"""Improve a registered model with contributed data, attest the improvement, and track what the model does in use.

Baseline and candidate are registered; both are asked about the same test data; only when the recommendation is not
REJECT is the candidate promoted and used. Key, endpoint and tracking URI come from the environment.
"""

from __future__ import annotations

import sys
import time

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hokusai import (
    ExperimentManager,
    HokusaiException,
    HokusaiInferencePipeline,
    ModelRegistry,
    ModelVersionManager,
    PerformanceTracker,
)

MODEL_NAME = "tumour_screening"
CONTRIBUTOR = "0x" + "12ab" * 10
OWN_ROWS = 8
"""What the baseline is trained with; the rest is contributed."""


def run() -> None:
    """Register, compare, attest, promote, predict, track; print one line for each."""
    features, labels = load_breast_cancer(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(features, labels, random_state=0, stratify=labels)
    registry = ModelRegistry(mode="online")

    own = _trained(train[:OWN_ROWS], train_labels[:OWN_ROWS])
    baseline_metrics = {"accuracy": accuracy_score(test_labels, own.predict(test))}
    baseline = registry.register_baseline(own, MODEL_NAME, metrics=baseline_metrics)
    print(f"baseline    {baseline.version} accuracy {baseline_metrics['accuracy']:.3f}")

    better = _trained(train, train_labels)  # with the data that was contributed
    improved_metrics = {"accuracy": accuracy_score(test_labels, better.predict(test))}
    tracker = PerformanceTracker(registry=registry)
    delta, attestation = tracker.track_improvement(
        baseline_metrics, improved_metrics, {"contributor": CONTRIBUTOR, "data_size": len(train) - OWN_ROWS}
    )
    candidate = registry.register_improved_model(better, baseline.model_id, delta, CONTRIBUTOR)
    print(f"candidate   {candidate.version} gains {delta['accuracy']:.3f}")
    print(f"attestation {attestation['attestation_hash']}")

    manager = ExperimentManager(registry=registry)
    manager.create_improvement_experiment(baseline.model_id, {"rows": len(train) - OWN_ROWS})
    compared = manager.compare_models(
        baseline.model_id, candidate.model_id, {"features": test, "labels": test_labels, "dataset_name": "held out"}
    )
    print(f"comparison  {compared['recommendation']}")
    if compared["recommendation"] == "REJECT":
        return

    ModelVersionManager(registry).promote_model(MODEL_NAME, candidate.version)
    pipeline = HokusaiInferencePipeline(registry)
    for row in test[:5]:
        started = time.perf_counter()
        pipeline.predict_batch([row], MODEL_NAME, "production")
        latency_ms = 1000 * (time.perf_counter() - started)
        tracker.track_inference({"model_id": MODEL_NAME, "model_version": candidate.version, "latency_ms": latency_ms})
    tracker.flush()
    print(f"tracked     5 inferences of {candidate.version}")


def _trained(features: object, labels: object) -> object:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(features, labels)


def main() -> int:
    """Run, and turn an error of the SDK into what to do about it; the exit code is 1 then."""
    try:
        run()
    except HokusaiException as error:
        print(f"error       {error.code or type(error).__name__}: {error.message}", file=sys.stderr)
        if error.remedy:
            print(f"what to do  {error.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
