"""Paths of artifacts and snapshots that lie cannot reach a file of the machine.

The tests are in `watched_*.py`; `watch.py` says why each runs in a process of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("watched", ["watched_artifact_paths.py", "watched_snapshots.py"])
def test_nothing_but_temporary_files_is_opened(watched: str) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_", "PYTEST_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(HERE / watched)],
        cwd=HERE.parents[2],
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^\d+ passed", ran.stdout, re.MULTILINE), ran.stdout
