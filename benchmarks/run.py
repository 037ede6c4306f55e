"""Runs every benchmark and prints one JSON line for `proofs/prove.py`: `{"passed": ..., "figures": {...}}`.

These machines are noisy: what is compared is measured in the same run, and figures are medians of pairs.
"""

from __future__ import annotations

import json

import bench_contract
import bench_import
import bench_isolation
import bench_listeners
import bench_plugin
import bench_predicting
import bench_registering
import bench_server
import bench_tracking


def main() -> int:
    figures = {
        **bench_server.figures(),
        **bench_isolation.figures(),
        **bench_listeners.figures(),
        **bench_plugin.figures(),
        **bench_import.figures(),
        **bench_tracking.figures(),
        **bench_predicting.figures(),
        **bench_registering.figures(),
        **bench_contract.figures(),
    }
    for name, row in figures.items():
        print(f"{'ok  ' if row['met'] else 'MISS'} {name}: {row['value']} {row['unit']} (goal: at most {row['goal']})")
    passed = all(row["met"] for row in figures.values())
    print(json.dumps({"passed": passed, "figures": figures}))
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main())
