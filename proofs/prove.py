#!/usr/bin/env python3
"""Heavy proofs: run them, keep their results, and say when a result no longer speaks of the code that is here.

    python proofs/prove.py run [NAME ...]     run proofs (all by default) and write proofs/NAME.json
    python proofs/prove.py check              fail when a result is missing or red; list those that are stale

A proof is a command in `catalogue.json` that prints one JSON object `{"passed": bool, "figures": {...}}` as the last
line of its output. A result is stale when a file that the proof covers has changed since. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def catalogue() -> dict[str, dict[str, Any]]:
    """The proofs by name: `command`, `covers` (globs), `title`."""
    proofs: dict[str, dict[str, Any]] = json.loads((HERE / "catalogue.json").read_text("utf-8"))
    return proofs


def fingerprint(globs: list[str]) -> str:
    """A hash of the names and contents of all files that the globs match."""
    digest = hashlib.sha256()
    files = {
        path for pattern in globs for path in ROOT.glob(pattern) if path.is_file() and "__pycache__" not in path.parts
    }
    for path in sorted(files):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def run(names: list[str]) -> int:
    """Run the named proofs; every result is written, red ones too."""
    proofs = catalogue()
    if unknown := sorted(set(names) - set(proofs)):
        sys.stderr.write(f"no proof {unknown[0]!r}; there are: {', '.join(proofs)}\n")
        return 2
    passed = [_run_one(name, proofs[name]) for name in names or proofs]
    return 0 if all(passed) else 1


def _run_one(name: str, proof: dict[str, Any]) -> bool:
    print(f"{name}: {proof['title']} ...", flush=True)
    before = fingerprint(proof["covers"])
    started = time.monotonic()
    command = [sys.executable if part == "python" else part for part in proof["command"]]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    outcome = _last_json(done.stdout)
    result = {
        "name": name,
        "title": proof["title"],
        "passed": bool(outcome.get("passed")) and done.returncode == 0,
        "figures": outcome.get("figures", {}),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_s": round(time.monotonic() - started, 1),
        "commit": _commit(),
        "covers": proof["covers"],
        "hash": before,
    }
    (HERE / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(f"{name}: {'passed' if result['passed'] else 'FAILED'} {json.dumps(result['figures'])}", flush=True)
    return bool(result["passed"])


def _last_json(output: str) -> dict[str, Any]:
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    return {}


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def check() -> int:
    """Judge the results that are committed."""
    bad = False
    for name, proof in catalogue().items():
        path = HERE / f"{name}.json"
        if not path.exists():
            print(f"proof {name}: MISSING; run `tox -m slow -- {name}`")
            bad = True
            continue
        result = json.loads(path.read_text("utf-8"))
        if not result["passed"]:
            print(f"proof {name}: RED since {result['date']}")
            bad = True
        elif result["hash"] != fingerprint(proof["covers"]):
            print(f"proof {name}: stale (proved {result['date']}); rerun with `tox -m slow -- {name}`")
        else:
            print(f"proof {name}: current ({result['date']}, {result['commit']})")
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        raise SystemExit(run(sys.argv[2:]))
    if sys.argv[1:] == ["check"]:
        raise SystemExit(check())
    sys.stderr.write(f"{__doc__}\n")
    raise SystemExit(2)
