"""Nothing that looks like a real API key is in the tree."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEY = re.compile(rb"hk_(?:live|test)_[A-Za-z0-9]{16,}")


def test_no_file_holds_a_key_of_the_platforms_format():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the files of the tree are not known")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [ROOT / name.decode() for name in listed.split(b"\0") if name]
    assert len(files) > 100
    assert [str(path.relative_to(ROOT)) for path in files if path.is_file() and KEY.search(path.read_bytes())] == []
