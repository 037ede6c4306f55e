#!/usr/bin/env python3
"""Plants every defect in a copy of the SDK and runs the contract suite on it.

    python tests/testkit/contract/mutations/prove_mutations.py [NAME ...]

A defect is caught when a case fails that acts on a method whose promise it breaks, and that passes on the SDK as it is.
Survivors are printed by name. The last line is the proof's JSON: passed when at least 95 % are caught, none of fewer
than 60.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutations.defect import Defect, PatchError, plant
from mutations.defects import DEFECTS

WANTED, SHARE = 60, 0.95
SECONDS = 300
"""Longest run of the cases on one copy."""
WORKERS = max(1, min(4, os.cpu_count() or 1))


def main(names: Sequence[str]) -> int:
    """Run the proof, or the named defects alone."""
    chosen = [defect for defect in DEFECTS if not names or defect.name in names]
    sound = _passing(_contract())
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = list(pool.map(lambda defect: _tried(defect, sound), chosen))
    caught = [defect for defect, how in zip(chosen, outcomes, strict=True) if how == "caught"]
    survivors = [f"{d.name}: {how}" for d, how in zip(chosen, outcomes, strict=True) if how != "caught"]
    for line in survivors:
        _say(f"SURVIVED {line}")
    figures = {
        "defects": len(chosen),
        "caught": len(caught),
        "share": round(len(caught) / len(chosen), 3),
        "by_kind": dict(sorted(Counter(defect.kind for defect in chosen).items())),
        "survivors": survivors,
        "cases": len(sound),
    }
    enough = len(chosen) >= WANTED or bool(names)
    passed = enough and len(caught) >= SHARE * len(chosen) and not any("cannot be planted" in how for how in outcomes)
    _say(json.dumps({"passed": passed, "figures": figures}))
    return 0 if passed else 1


def _tried(defect: Defect, sound: set[str]) -> str:
    """Plant one defect and say what came of it; most are found by the first case that fails."""
    keyword = defect.keyword or " or ".join(defect.promises)
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        try:
            path = plant(defect, Path(folder) / "sdk")
        except PatchError as problem:
            return f"cannot be planted: {problem}"
        own: list[str] = []
        others = 0
        for options in (("-x",), ()):
            failed = [case for case in _with_defect(path, Path(folder), keyword, options) if case["id"] in sound]
            own = [case["id"] for case in failed if case["method"] in defect.promises]
            others = len(failed) - len(own)
            if own:
                break
    how = "caught" if own else f"not noticed ({others} cases of other promises failed)"
    _say(f"{how.partition(' (')[0]:<12} {defect.name:<50} {own[0] if own else ''}")
    return how


def _with_defect(path: Path, folder: Path, keyword: str, options: Sequence[str]) -> list[dict[str, Any]]:
    """Run cases by pytest itself, which can stop at the first failure, and return those that failed."""
    config, file = folder / "pytest.ini", folder / "result.json"
    config.write_text("[pytest]\n", "utf-8")
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "hokusai_testkit.contract.plugin", "-p", "no:cacheprovider", "-q"]
    command += ["-c", str(config), "--rootdir", str(folder), "--basetemp", str(folder / "tmp"), "--json", str(file)]
    command += [*options, "-k", keyword, "--pyargs", "hokusai_testkit.contract.cases"]
    env = {**os.environ, "PYTHONPATH": str(path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        subprocess.run(command, env=env, cwd=folder, capture_output=True, check=False, timeout=SECONDS)
        result = json.loads(file.read_text("utf-8"))
    except (subprocess.TimeoutExpired, OSError):
        return []
    return [case for case in result["cases"] if case["outcome"] == "fail"]


def _contract() -> dict[str, Any]:
    """Run the whole suite on the SDK as it is installed, and return its JSON."""
    command = [sys.executable, "-c", "from hokusai_testkit.cli import main; main()", "contract", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"the suite does not run on the SDK as it is: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _passing(result: dict[str, Any]) -> set[str]:
    wrong = [case["id"] for case in result["cases"] if case["outcome"] in ("fail", "error")]
    for name in wrong:
        _say(f"already failing without a defect, counts for nothing: {name}")
    return {case["id"] for case in result["cases"] if case["outcome"] == "pass"}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
