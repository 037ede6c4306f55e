"""The pytest plugin, installed and unused: what it adds to a run of one test that asks for nothing.

Runs with the plugin and without it take turns in one process, which forgets the plugin's modules in between; wall-clock
times of whole processes vary more than the plugin costs. The figure is the difference of the minima. Other plugins are
off in both. The run without it names an empty plugin in its place: to find a plugin by its name pytest reads the entry
points of every installed package, which a usual run does anyway. Run: `python benchmarks/bench_plugin.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_MS = 10.0
EMPTY = "plugin_without_content"
WITHOUT = ("-p", "no:cacheprovider", "-p", EMPTY)
WITH = ("-p", "no:cacheprovider", "-p", "hokusai_testkit.plugin")


def figures(rounds: int = 40) -> dict[str, dict[str, object]]:
    """Milliseconds that the idle plugin adds, measured in a fresh process."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, __file__, "--measure", str(rounds)]
    output = subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout
    measured = json.loads(output.splitlines()[-1])
    value = round(measured["with"] - measured["without"], 2)
    row = {"value": value, "unit": "ms", "goal": GOAL_MS, "met": value <= GOAL_MS, "of": measured}
    return {"idle plugin": row}


def measure(rounds: int) -> dict[str, float]:
    """The fastest run of each kind, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder, "test_nothing.py")
        test.write_text("def test_nothing():\n    pass\n")
        Path(folder, f"{EMPTY}.py").write_text('"""Nothing. PYTEST_DONT_REWRITE"""\n')
        sys.path.insert(0, folder)
        fastest = {"without": float("inf"), "with": float("inf")}
        for number in range(rounds + 2):
            for name, arguments in (("without", WITHOUT), ("with", WITH)):
                took = _run(arguments, test)
                if number >= 2:  # the first ones fill the caches of both kinds
                    fastest[name] = min(fastest[name], took)
    return {name: round(value, 2) for name, value in fastest.items()}


def _run(arguments: tuple[str, ...], test: Path) -> float:
    import pytest  # noqa: PLC0415 - imported by the measuring process only

    for name in [name for name in sys.modules if name.startswith("hokusai") or name in (EMPTY, test.stem)]:
        del sys.modules[name]
    with contextlib.redirect_stdout(io.StringIO()):
        started = time.perf_counter()
        code = pytest.main([*arguments, str(test)])
        took = time.perf_counter() - started
    if code != 0 or ("hokusai_testkit.plugin" in sys.modules) != (arguments is WITH):
        raise SystemExit(f"bench_plugin: the run with {arguments} did not do what it should, exit code {code}")
    return took * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", type=int, metavar="ROUNDS", help="measure in this process")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.measure) if chosen.measure else figures()))
