"""Register a scikit-learn model with Hokusai, read its versions back, and predict a batch.

Key, endpoint and tracking URI come from the environment (HOKUSAI_API_KEY, HOKUSAI_API_ENDPOINT, MLFLOW_TRACKING_URI).
The registry is asked to stay online: an outage ends the program, it does not keep the model locally.
"""

from __future__ import annotations

import sys

from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from hokusai import HokusaiException, HokusaiInferencePipeline, ModelRegistry, ModelVersionManager

MODEL_NAME = "iris_species"


def run() -> None:
    """Train, register, read back, predict; print one line for each."""
    features, labels = load_iris(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(features, labels, random_state=0, stratify=labels)

    registry = ModelRegistry(mode="online")
    model = LogisticRegression(max_iter=500).fit(train, train_labels)
    entry = registry.register_baseline(
        model=model,
        model_name=MODEL_NAME,
        metrics={"accuracy": model.score(test, test_labels)},
        metadata={"data": "scikit-learn iris"},
    )
    print(f"registered  {entry.model_name} {entry.version} (MLflow version {entry.mlflow_version})")

    versions = ModelVersionManager(registry)
    print(f"versions    {', '.join(versions.list_versions(MODEL_NAME))}")
    print(f"latest      {versions.get_latest_version(MODEL_NAME)}")

    pipeline = HokusaiInferencePipeline(registry, versions)
    print(f"predictions {pipeline.predict_batch(test[:5], MODEL_NAME, entry.version)}")


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
