"""Private listeners: what it costs to open and to close one, in milliseconds and in file descriptors.

Run: `python benchmarks/bench_listeners.py`.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from pathlib import Path

from hokusai_mock import MockServer
from hokusai_mock.scenarios import parse

SCENARIO = 'schema = 1\nid = "D02"\nname = "bench.listener"\n[[listener]]\nname = "main"\n'
DESCRIPTORS = Path("/proc/self/fd")


def figures(rounds: int = 300) -> dict[str, dict[str, object]]:
    """Every figure with its goal: `{name: {value, unit, goal, met}}`."""
    specs = parse(SCENARIO, "bench.listener").resolve().listeners
    opened, closed, held = [], [], []
    with MockServer() as server:
        world = server.worlds.get("bench")
        for _ in range(rounds):
            before = _descriptors()
            started = time.perf_counter()
            with world.listeners.opening(world, specs):
                pass
            opened.append((time.perf_counter() - started) * 1000)
            held.append(_descriptors() - before)
            started = time.perf_counter()
            world.listeners.close()
            closed.append((time.perf_counter() - started) * 1000)
    rows = {
        "private listener opened": (statistics.median(opened), "ms", 1.0),
        "private listener closed": (statistics.median(closed), "ms", 1.0),
        "descriptors of a private listener": (max(held), "descriptors", 2),
    }
    return {
        name: {"value": round(value, 3), "unit": unit, "goal": goal, "met": value <= goal}
        for name, (value, unit, goal) in rows.items()
    }


def _descriptors() -> int:
    return len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.is_dir() else 0


def main() -> int:
    result = figures()
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
