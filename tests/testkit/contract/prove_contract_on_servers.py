"""Prove the contract suite against real MLflow servers by URL; print one line of JSON.

Every version is started once, from the environments of the proof `fidelity`, and gets the whole suite at level full
from the SDK and the client installed here. Proved are a true verdict, that the platform's cases say that they do not
apply, and that nothing is left but what is listed. For `proofs/prove.py`; `python prove_contract_on_servers.py
[VERSION ...]` takes these versions alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "fidelity"))

import prove_fidelity  # noqa: E402
from record import server  # noqa: E402
from servers import VERSIONS, NotInstallable, mlflow_of  # noqa: E402

COMMAND = [sys.executable, "-c", "from hokusai_testkit.cli import main; main()", "contract", "--json", "-"]


def main(versions: Sequence[str]) -> int:
    """Prove the versions one after the other."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        environments = Path(os.environ.get(prove_fidelity.ENVIRONMENTS) or Path(temporary) / "environments")
        for version in versions:
            try:
                with server(mlflow_of(version, environments)) as port:
                    figures[version] = _proved(
                        version, f"http://127.0.0.1:{port}", Path(temporary) / f"report-{version}"
                    )
            except NotInstallable as error:
                figures[version] = {"passed": False, "not installed": str(error).splitlines()[0]}
            sys.stdout.write(f"MLflow {version}: {json.dumps(figures[version])}\n")
            sys.stdout.flush()
    passed = bool(figures) and all(one.pop("passed") for one in figures.values())
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


def _proved(version: str, url: str, report: Path) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "--target", url, "--report", str(report)], capture_output=True, text=True, check=False
    )
    if not done.stdout:
        return {"passed": False, "said": done.stderr[-1000:]}
    result = json.loads(done.stdout)
    target = result["target"]
    wrong = [
        f"{case['id']}: {case['reason']['text'][-300:]}"
        for case in result["cases"]
        if case["outcome"] in ("fail", "error", "skip")
    ]
    not_applicable = [
        case for case in result["cases"] if (case["reason"] or {}).get("code") == "not-applicable:platform"
    ]
    unnamed = [what for what in target["left"] if not what.startswith("experiment hokusai_")]
    return {
        "passed": result["verdict"] is True
        and target["version"] == version
        and bool(not_applicable)
        and not unnamed
        and not target["cannot_look"],
        "client": result["implementation"]["mlflow"],
        "counts": result["counts"],
        "wrong": wrong,
        "requests": target["requests"],
        "removed": len(target["removed"]),
        "left": target["left"],
        "cannot_look": target["cannot_look"],
        "seconds": result["duration_s"],
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or list(VERSIONS)))
