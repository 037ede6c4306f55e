"""Paths of artifacts cannot leave their sandbox: `watched_artifact_paths.py`, in a process with an audit hook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

WATCHED = Path(__file__).with_name("watched_artifact_paths.py")


def test_no_path_leaves_its_sandbox() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_", "PYTEST_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(WATCHED)],
        cwd=WATCHED.parents[3],
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^\d\d passed", ran.stdout, re.MULTILINE), ran.stdout
