#!/usr/bin/env python3
"""Set up and run, from a fresh clone, on a machine that has only Python and pip.

    python3 dev.py contract      the contract suite, offline, against the embedded mock
    python3 dev.py test          the fast tier: lint, types, import contracts, tests, documents

What it installs goes into `.venv` here and into tox's own environments; nothing else is touched. More arguments are
passed on: `python3 dev.py contract --level full`, `python3 dev.py test -e lint`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLDEST = (3, 10)
TESTED = ("310", "313")
"""Python versions of the fast tier; without them the tests run on the Python at hand, and the summary says so."""


def main(arguments: list[str]) -> int:
    """Run one of the two jobs; returns its exit code."""
    if sys.version_info < OLDEST:
        sys.stderr.write(
            f"dev.py: Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}\n"
        )
        return 2
    jobs = {"contract": contract, "test": test}
    if not arguments or arguments[0] not in jobs:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    return jobs[arguments[0]](arguments[1:])


def contract(arguments: list[str]) -> int:
    """Install the kit and the SDK, run the contract suite."""
    # scikit-learn: one case registers an estimator of it, and a skipped case would leave the verdict open.
    _install(str(ROOT), f"{ROOT / 'sdk'}[skinny]", "scikit-learn")
    return _call(BIN / "hokusai-testkit", "contract", *arguments)


def test(arguments: list[str]) -> int:
    """Install tox, run the fast tier; on CI every Python of it must be there."""
    _install("tox>=4.24", "tox-uv>=1.23")
    chosen = arguments or ["--skip-missing-interpreters", "false" if os.environ.get("CI") else "true"]
    code = _call(BIN / "tox", "run", *chosen, env=_environment())
    if code == 0 and not arguments:
        code = _call(sys.executable, ROOT / "proofs" / "prove.py", "check")
    return code


def _install(*packages: str) -> None:
    if not (VENV / "pyvenv.cfg").exists():
        venv.create(VENV, with_pip=True)
    print(f"setting up {VENV.name} ...", flush=True)
    subprocess.run([BIN / "python", "-m", "pip", "install", "--quiet", *packages], check=True)


def _call(*command: object, env: dict[str, str] | None = None) -> int:
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False).returncode


def _environment() -> dict[str, str]:
    """The environment with the interpreters that pyenv holds at the end of PATH, where tox finds them by name."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [str(path) for path in sorted(root.glob("versions/3.*/bin"), reverse=True)]
    return {**os.environ, "PATH": os.pathsep.join([os.environ.get("PATH", ""), *found])}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
