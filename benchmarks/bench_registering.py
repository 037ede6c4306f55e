"""`register_baseline` beside the same calls made by hand with `MlflowClient`: what being checked and resumable costs.

By hand: save the model with the same `pip_requirements`, read the versions, find the experiment, create a run with
tags, log the metrics, upload the files, end the run, create the registered model (it exists from the second time on)
and the version with the same tags, and read the versions again to see that the semantic version is nobody else's. What
the SDK does besides is its own cost: the check of the connection, the checks of the arguments, the journal with its
syncs to the disk, the digest of the call. Both register the same estimator under names of their own, in turns, at a
mock in a process of its own; the figure compares the quickest of each, because whole calls vary more than what is
measured.

Run: `python benchmarks/bench_registering.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_tracking import _platform

GOAL = 1.2
METRICS = {"auc": 0.75, "recall": 0.5}


def figures(*, quick: bool = False) -> dict[str, dict[str, object]]:
    """Every figure with its goal: `{name: {value, unit, goal, met}}`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HOKUSAI_", "MLFLOW_"))}
    command = [sys.executable, "-W", "ignore", __file__, "--measure", "10" if quick else "60"]
    output = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout
    measured = json.loads(output.splitlines()[-1])
    value = round(measured["ratio"], 3)
    unit = "of the time by hand"
    return {"registering a version": {"value": value, "unit": unit, "goal": GOAL, "met": value <= GOAL, "of": measured}}


def measure(rounds: int) -> dict[str, float]:
    """Milliseconds of the quickest call of either way and of the median one, and the ratio of the quickest."""
    with _platform() as environment, tempfile.TemporaryDirectory() as home:
        store = str(Path(home, "store"))
        os.environ.update(
            {**environment, "HOME": home, "HOKUSAI_LOCAL_STORE": store, "MLFLOW_DISABLE_TELEMETRY": "true"}
        )
        from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - imported by the measuring process

        from hokusai import ModelRegistry  # noqa: PLC0415

        registry = ModelRegistry(mode="online")
        model = LinearRegression().fit([[0, 0], [1, 0], [0, 1], [2, 3]], [0, 1, 1, 5])
        by_hand = _ByHand(environment, model)

        def ours() -> None:
            registry.register_baseline(model, model_name="ours", metrics=METRICS, metadata={"team": "risk"})

        for way in (ours, by_hand.register) * 2:  # imports, connections and the registered models are no part of it
            way()
        pairs = []
        for number in range(rounds):
            ways = (ours, by_hand.register) if number % 2 else (by_hand.register, ours)
            took = {way: _seconds(way) for way in ways}
            pairs.append((took[by_hand.register], took[ours]))
        by_hand.check(rounds + 2)
    theirs, ours_took = zip(*pairs, strict=True)
    return {
        "by_hand_ms": round(min(theirs) * 1000, 1),
        "ours_ms": round(min(ours_took) * 1000, 1),
        "by_hand_median_ms": round(statistics.median(theirs) * 1000, 1),
        "ours_median_ms": round(statistics.median(ours_took) * 1000, 1),
        "ratio": min(ours_took) / min(theirs),
    }


class _ByHand:
    """The same calls, in the order and with the arguments of the SDK."""

    def __init__(self, environment: dict[str, str], model: Any) -> None:
        from importlib.metadata import version  # noqa: PLC0415

        from mlflow import MlflowClient  # noqa: PLC0415

        os.environ["MLFLOW_TRACKING_TOKEN"] = environment["HOKUSAI_API_KEY"]
        uri = environment["MLFLOW_TRACKING_URI"]
        self.client, self.model, self.number = MlflowClient(uri, uri), model, 0
        names = ("mlflow", "scikit-learn", "numpy", "scipy", "cloudpickle")
        self.requirements = [f"{name}=={version(name)}" for name in names]

    def register(self) -> None:
        import mlflow.sklearn  # noqa: PLC0415
        from mlflow.entities import Metric  # noqa: PLC0415
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        client = self.client
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "model"))
            mlflow.sklearn.save_model(
                self.model, path, serialization_format="cloudpickle", pip_requirements=self.requirements
            )
            known = client.search_model_versions("name='by-hand'", max_results=1000)
            semantic = f"1.{len(known)}.0"
            experiment = client.get_experiment_by_name("hokusai_registrations").experiment_id
            tags = {"mlflow.runName": "register by-hand", "registration": f"{self.number:032x}"}
            run_id = client.create_run(experiment, tags=tags).info.run_id
            moment = int(time.time() * 1000)
            client.log_batch(run_id, [Metric(name, value, moment, 0) for name, value in METRICS.items()])
            client.log_artifacts(run_id, path, "model")
        with contextlib.redirect_stdout(sys.stderr):  # newer clients print a link
            client.set_terminated(run_id)
        try:
            client.create_registered_model("by-hand")
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        tags = {
            "model_id": f"by-hand-{self.number}",
            "model_type": "by-hand",
            "version": semantic,
            "is_baseline": "true",
            "metrics": json.dumps(METRICS),
            "metadata": '{"team": "risk"}',
            "timestamp": str(moment),
            "registration": f"{self.number:032x}",
        }
        client.create_model_version("by-hand", f"runs:/{run_id}/model", run_id, tags=tags)
        found = client.search_model_versions("name='by-hand'", max_results=1000)
        if sum(version.tags["version"] == semantic for version in found) != 1:
            raise SystemExit("bench_registering: a semantic version was given twice")
        self.number += 1

    def check(self, expected: int) -> None:
        """Both ways must have made every version, or there is no figure."""
        counts = [len(self.client.search_model_versions(f"name='{name}'")) for name in ("ours", "by-hand")]
        if counts != [expected, expected]:
            raise SystemExit(f"bench_registering: {counts} versions where {expected} were registered")


def _seconds(way: Any) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--measure", type=int, metavar="ROUNDS", help="measure in this process")
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure)))
        return 0
    result = figures(quick=chosen.quick)
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
