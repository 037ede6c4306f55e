"""`predict_batch` beside the bare pyfunc model: what finding the version, checking the data and the cache cost.

Both answer the same rows in turns, in one process; what is compared are the quickest answers of each, because times
of whole calls vary more than what is measured. The rows are new in every round, so that nothing is answered from the
cache; all else is as a user has it. The mock runs in the same process: its time counts as the SDK's. The slow model
multiplies matrices on one thread, for 250 ms on the machine that measures.

Run: `python benchmarks/bench_predicting.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

SLOW_RATIO = 1.05
QUICK_MS = 10.0
SLOW_S = 0.25
LEAST_S = 0.2
"""What counts as a slow model; the bare one must take as long, or the ratio says nothing."""

COLUMNS = 20
Row = dict[str, object]


def figures() -> dict[str, Row]:
    """Every figure with its goal, measured in a fresh process in which numpy computes on one thread."""
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HOKUSAI_", "MLFLOW_"))}
    command = [sys.executable, "-W", "ignore", __file__, "--measure"]
    output = subprocess.run(command, env={**environ, **single}, check=True, capture_output=True, text=True).stdout
    measured: dict[str, Row] = json.loads(output.splitlines()[-1])
    return measured


def measure() -> dict[str, Row]:
    """Register both models on a mock and time them."""
    from hokusai import HokusaiInferencePipeline, ModelRegistry  # noqa: PLC0415 - imported by the measuring process
    from hokusai_mock import MockServer  # noqa: PLC0415

    with MockServer() as server, tempfile.TemporaryDirectory() as home:
        sandbox = server.sandbox()
        os.environ.update({"HOME": home, "MLFLOW_DISABLE_TELEMETRY": "true"})
        registry = ModelRegistry(sandbox.tracking_uri, sandbox.api_key, sandbox.api_endpoint, mode="online")
        repeats = _repeats()
        with HokusaiInferencePipeline(registry) as pipeline:
            bare = {name: _registered(sandbox, name, work) for name, work in (("quick", 0), ("slow", repeats))}
            rows = _quick_rows(bare["quick"], pipeline)
            return {**rows, "predict_batch of a slow model": _slow_row(bare["slow"], pipeline)}


def _quick_rows(bare: Any, pipeline: Any) -> dict[str, Row]:
    import pandas as pd  # noqa: PLC0415

    kinds: dict[str, tuple[int, Callable[[Any], Any]]] = {
        "one row": (1, lambda array: array.tolist()),
        "1,000 rows": (1000, lambda array: array.tolist()),
        "a DataFrame of 1,000": (1000, lambda array: pd.DataFrame(array, columns=[f"c{n}" for n in range(COLUMNS)])),
        "an array of 100,000": (100_000, lambda array: array),
    }
    rows: dict[str, Row] = {}
    for name, (count, shaped) in kinds.items():
        theirs, ours = _quickest(bare, pipeline, "quick", count, shaped, rounds=40)
        extra, bare_ms = round((ours - theirs) * 1000, 2), round(theirs * 1000, 2)
        rows[f"predict_batch above the bare model, {name}"] = {
            "value": extra, "unit": "ms", "goal": QUICK_MS, "met": extra <= QUICK_MS, "of": {"bare_ms": bare_ms},
        }  # fmt: skip
    return rows


def _slow_row(bare: Any, pipeline: Any) -> Row:
    theirs, ours = _quickest(bare, pipeline, "slow", 100, lambda array: array.tolist(), rounds=20)
    ratio = round(ours / theirs, 3)
    met = ratio <= SLOW_RATIO and theirs >= LEAST_S
    of = {"bare_ms": round(theirs * 1000, 1)}
    return {"value": ratio, "unit": "of the bare model's time", "goal": SLOW_RATIO, "met": met, "of": of}


def _quickest(
    bare: Any, pipeline: Any, name: str, count: int, shaped: Callable[[Any], Any], *, rounds: int
) -> tuple[float, float]:
    """Seconds of the bare model and of `predict_batch` for the same rows, in turns; the quickest of each."""
    import numpy as np  # noqa: PLC0415

    random = np.random.default_rng(1)
    pairs = []
    for _ in range(rounds):
        array = random.random((count, COLUMNS))
        data = shaped(array)
        started = time.perf_counter()
        expected = bare.predict(array)
        between = time.perf_counter()
        found = pipeline.predict_batch(data, name)
        ended = time.perf_counter()
        if found != expected.tolist():
            raise SystemExit(f"bench_predicting: {name} answered otherwise than the bare model")
        pairs.append((between - started, ended - between))
    return min(theirs for theirs, _ in pairs), min(ours for _, ours in pairs)


def _registered(sandbox: Any, name: str, repeats: int) -> Any:
    """Register a model with MLflow's own client; returns the same artifact as a bare pyfunc model."""
    import mlflow.pyfunc  # noqa: PLC0415
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    class Summing(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]  # noqa: ARG002 - MLflow's names
            import numpy  # noqa: PLC0415 - pickled by value: it brings its imports along

            matrix = numpy.ones((200, 200))
            for _ in range(repeats):
                matrix = (matrix @ matrix) / 200
            return numpy.asarray(model_input).sum(axis=1) * matrix[0, 0]

    os.environ["MLFLOW_TRACKING_TOKEN"] = sandbox.api_key
    client = MlflowClient(sandbox.tracking_uri, sandbox.tracking_uri)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "model"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mlflow.pyfunc.save_model(path, python_model=Summing(), pip_requirements=["mlflow"])
        run_id = client.create_run(client.create_experiment(name)).info.run_id
        client.log_artifacts(run_id, path, "model")
        client.create_registered_model(name)
        client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags={"version": "1.0.0"})
        return mlflow.pyfunc.load_model(path)


def _repeats() -> int:
    """How many multiplications take `SLOW_S` seconds here when nothing else is going on."""
    import numpy as np  # noqa: PLC0415

    matrix, took = np.ones((200, 200)), []
    for _ in range(200):
        started = time.perf_counter()
        matrix = (matrix @ matrix) / 200
        took.append(time.perf_counter() - started)
    return int(SLOW_S / min(took)) + 1


def main() -> int:
    result = figures()
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        print(json.dumps(measure()))
        raise SystemExit(0)
    raise SystemExit(main())
