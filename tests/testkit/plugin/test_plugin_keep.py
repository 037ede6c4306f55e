"""`--hokusai-keep=DIR`: what a failed test's sandbox saw and held is there afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hokusai_mock import MockServer

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

SOURCE = """
from client import *
def test_good(hokusai, hokusai_env):
    assert search() == 200
def test_bad(hokusai, hokusai_env):
    assert search(key="hk_live_not_this_one_please") == 200
"""


def test_requests_and_state_of_a_failed_test_are_kept(run: Run, pytester: pytest.Pytester) -> None:
    result = run(SOURCE, "--hokusai-keep=kept")
    result.assert_outcomes(passed=1, failed=1)
    (folder,) = (pytester.path / "kept").iterdir()
    assert folder.name.startswith("test_bad.")
    result.stdout.fnmatch_lines([f"kept in {folder}: journal.har, snapshot.json*"])
    har = json.loads((folder / "journal.har").read_text("utf-8"))
    assert har["log"]["entries"][0]["response"]["status"] == 401
    assert "not_this_one" not in (folder / "journal.har").read_text("utf-8")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    with MockServer() as server:
        server.sandbox().restore(json.loads((folder / "snapshot.json").read_text("utf-8")))


def test_a_folder_that_cannot_be_written_is_told_and_hides_nothing(run: Run, pytester: pytest.Pytester) -> None:
    result = run(SOURCE, "--hokusai-keep=/proc/nowhere")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*assert 401 == 200*", "nothing is kept in /proc/nowhere/*"])
