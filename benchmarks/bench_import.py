"""What `import hokusai` costs, beside an interpreter that starts and imports nothing, in the same run.

Both take turns, so that a busy machine slows both; the ratio is the median over the pairs, the absolute figure the
fastest import as the process itself measures it. Run: `python benchmarks/bench_import.py`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

GOAL_MS = 60.0
GOAL_RATIO = 1.3
_BARE = "pass"
_IMPORT = "import time; t = time.perf_counter(); import hokusai; print(1000 * (time.perf_counter() - t))"


def figures(rounds: int = 21) -> dict[str, dict[str, object]]:
    """The ratio of two whole processes, and the milliseconds of the import alone."""
    bare, whole, alone = [], [], []
    for number in range(rounds + 1):
        start_ms, _ = _run(_BARE)
        import_ms, said = _run(_IMPORT)
        if number:  # the first pair fills the caches of both
            bare.append(start_ms)
            whole.append(import_ms)
            alone.append(float(said))
    ratio = round(statistics.median(one / other for one, other in zip(whole, bare, strict=True)), 2)
    fastest = round(min(alone), 2)
    of = {"start_ms": round(statistics.median(bare), 1), "start_and_import_ms": round(statistics.median(whole), 1)}
    return {
        "import hokusai": {
            "value": ratio,
            "unit": "of a start",
            "goal": GOAL_RATIO,
            "met": ratio <= GOAL_RATIO,
            "of": of,
        },
        "import hokusai alone": {"value": fastest, "unit": "ms", "goal": GOAL_MS, "met": fastest <= GOAL_MS},
    }


def _run(code: str) -> tuple[float, str]:
    """Run `code` in a fresh interpreter that reads bytecode; its milliseconds and what it said."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True)
    return 1000 * (time.perf_counter() - start), done.stdout


if __name__ == "__main__":
    for name, row in figures().items():
        print(f"{name}: {row['value']} {row['unit']} (goal: at most {row['goal']})")
