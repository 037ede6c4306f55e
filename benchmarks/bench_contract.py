"""The contract suite, offline: its cases, and their time beside `python -c "import mlflow"` in the same run.

Imports before, between and after the two levels say how fast the machine is just now; their median is the unit. The
levels are run as a user runs them, each in a process of its own, on the installed SDK.
Run: `python benchmarks/bench_contract.py`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

GOALS = {"core": 15.0, "full": 45.0}
"""Imports of MLflow that a level may take."""

IMPORT = [sys.executable, "-c", "import mlflow"]
CONTRACT = [sys.executable, "-c", "from hokusai_testkit.cli import main; main()", "contract", "--json", "-"]


def figures() -> dict[str, dict[str, object]]:
    """The time of each level in imports of MLflow, with its cases."""
    imports = [_seconds(IMPORT)[0] for _ in range(2)]
    rows: dict[str, dict[str, object]] = {}
    for level, goal in GOALS.items():
        took, said = _seconds([*CONTRACT, "--level", level])
        imports += [_seconds(IMPORT)[0] for _ in range(2)]
        counts = json.loads(said)["counts"]
        rows[level] = {"goal": goal, "seconds": round(took, 1), "cases": counts["total"] - counts["disabled"]}
    unit = statistics.median(imports)
    return {f"contract suite, level {level}": _row(row, unit) for level, row in rows.items()}


def _row(row: dict[str, object], unit: float) -> dict[str, object]:
    seconds, cases, goal = float(str(row["seconds"])), int(str(row["cases"])), float(str(row["goal"]))
    value = round(seconds / unit, 1)
    each = round(1000 * seconds / cases)
    of = {"import_mlflow_s": round(unit, 2), "seconds": seconds, "cases": cases, "ms_a_case": each}
    return {"value": value, "unit": "imports of mlflow", "goal": goal, "met": value <= goal, "of": of}


def _seconds(command: list[str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return time.perf_counter() - started, done.stdout


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
