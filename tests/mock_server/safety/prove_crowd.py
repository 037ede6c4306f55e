"""Prove that 500 tests on 8 workers share one server and nothing else; for `proofs/prove.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from crowd import run_crowd

TESTS, WORKERS, SEEDS = 500, 8, (1, 2)


def main() -> int:
    """Run them in two random orders."""
    outcomes = [run_crowd(TESTS, WORKERS, seed) for seed in SEEDS]
    passed = all((one.passed, one.failed, one.sandboxes_left) == (TESTS, 0, 1 + TESTS // 2) for one in outcomes)
    if not passed:
        sys.stdout.write("".join(one.output for one in outcomes))
    figures = {
        "tests": TESTS,
        "workers": WORKERS,
        "random orders": len(SEEDS),
        "passed": [one.passed for one in outcomes],
        "failed": [one.failed for one in outcomes],
        "seconds": [round(one.seconds, 1) for one in outcomes],
        "requests in the sandboxes that were kept": [one.requests for one in outcomes],
    }
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
