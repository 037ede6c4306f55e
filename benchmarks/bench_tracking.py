"""`track_inference`: what one call costs the program that makes it, while batches are sent in the background.

The tracker sends to a mock in a process of its own, over a real socket and with the real MLflow client, so that what
the sender takes of the interpreter counts. The reference is the least that keeping a record can cost: a copy of the
dict, put into a queue. Both take turns; the figures are the median of the rounds' means and the median of paired
ratios. At the end every record must have arrived, else there is no figure. Run: `python benchmarks/bench_tracking.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GOAL_MS = 0.1
GOAL_RATIO = 40.0
CALLS = 2000
INFERENCE = {"model_id": "m", "model_version": "1.0.0", "latency_ms": 12.5, "confidence": 0.75, "tokens": 7}


def figures(*, quick: bool = False) -> dict[str, dict[str, object]]:
    """Every figure with its goal: `{name: {value, unit, goal, met}}`."""
    command = [sys.executable, __file__, "--measure", "5" if quick else "15"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured = json.loads(output.splitlines()[-1])
    return {
        "track_inference, for the caller": _row(round(measured["call_ms"], 4), "ms", GOAL_MS, measured),
        "track_inference / copy and queue": _row(round(measured["ratio"], 1), "ratio", GOAL_RATIO, measured),
    }


def _row(value: float, unit: str, goal: float, of: dict[str, float]) -> dict[str, object]:
    return {"value": value, "unit": unit, "goal": goal, "met": value <= goal, "of": of}


def measure(rounds: int) -> dict[str, float]:
    """Mean milliseconds of a call and of the reference, as medians over the rounds, and the median of their ratios."""
    with _platform() as environment, tempfile.TemporaryDirectory() as home:
        os.environ.update({**environment, "HOME": home, "HOKUSAI_LOCAL_STORE": str(Path(home, "store"))})
        from hokusai import PerformanceTracker  # noqa: PLC0415 - reads the environment

        tracker = PerformanceTracker()
        tracker.track_inference(INFERENCE)
        tracker.flush()  # imports, connection and run are no part of a call
        pairs = [(_mean(tracker.track_inference), _reference()) for _ in range(rounds)]
        tracker.flush()
        _check(tracker, rounds * CALLS + 1)
    calls, references = zip(*pairs, strict=True)
    return {
        "call_ms": statistics.median(calls),
        "reference_ms": statistics.median(references),
        "ratio": statistics.median(call / reference for call, reference in pairs),
    }


def _mean(track: Any) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        track(INFERENCE)
    return (time.perf_counter() - started) * 1000 / CALLS


def _reference() -> float:
    kept: queue.Queue[dict[str, Any]] = queue.Queue()
    return _mean(lambda inference: kept.put(dict(inference)))


def _check(tracker: Any, expected: int) -> None:
    client = tracker._backend.client
    experiment = client.get_experiment_by_name("hokusai_inference/m").experiment_id
    (run,) = client.search_runs([experiment])
    arrived = len(client.get_metric_history(run.info.run_id, "latency_ms"))
    if arrived != expected:
        raise SystemExit(f"bench_tracking: {arrived} of {expected} records arrived")


@contextlib.contextmanager
def _platform() -> Iterator[dict[str, str]]:
    """A mock in a process of its own, and the environment that leads to it."""
    with subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield {name: value for name, value in json.loads(process.stdout.readline()).items() if value is not None}
        finally:
            process.stdin.close()
            process.wait()


def serve() -> None:
    """Serve until stdin ends; prints the environment as one line of JSON."""
    from hokusai_mock import MockServer  # noqa: PLC0415 - the measuring process does without

    with MockServer() as server:
        print(json.dumps(server.sandbox().env), flush=True)
        sys.stdin.read()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--measure", type=int, metavar="ROUNDS", help="measure in this process")
    parser.add_argument("--serve", action="store_true", help="be the mock")
    chosen = parser.parse_args()
    if chosen.serve:
        serve()
        return 0
    if chosen.measure:
        print(json.dumps(measure(chosen.measure)))
        return 0
    result = figures(quick=chosen.quick)
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
