"""Prove that the SDK installed here keeps every promise on every profile of the mock; print one line of JSON.

Each MLflow profile is played with the documented platform, each further platform with the MLflow version that it
deploys, at level full. A case is disabled only where the selection or the target rules it out, and the mock rules
nothing out. For `proofs/prove.py`; `python prove_contract_on_profiles.py [PROFILE ...]` takes these alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from hokusai_mock import profiles

COMMAND = [sys.executable, "-c", "from hokusai_testkit.cli import main; main()", "contract", "--json", "-"]


def main(names: Sequence[str]) -> int:
    """Prove the profiles one after the other."""
    figures = {}
    for name in names:
        figures[name] = _proved(name)
        sys.stdout.write(f"{name}: {json.dumps(figures[name])}\n")
        sys.stdout.flush()
    passed = bool(figures) and all(one["verdict"] is True for one in figures.values())
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


def _proved(profile: str) -> dict[str, Any]:
    done = subprocess.run([*COMMAND, "--profile", profile], capture_output=True, text=True, check=False)
    if not done.stdout:
        return {"verdict": None, "said": done.stderr[-1000:]}
    result = json.loads(done.stdout)
    wrong = [case["id"] for case in result["cases"] if case["outcome"] not in ("pass", "disabled")]
    return {
        "verdict": result["verdict"],
        "counts": result["counts"],
        "wrong": wrong,
        "client": result["implementation"]["mlflow"],
        "python": result["implementation"]["python"],
        "seconds": result["duration_s"],
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or [*profiles.mlflow_names(), *profiles.platform_names()]))
