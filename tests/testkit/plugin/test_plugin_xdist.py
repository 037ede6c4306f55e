"""Many workers, any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

MANY = """
from client import *
@pytest.mark.parametrize("n", range(12))
def test_alone(hokusai, hokusai_env, n):
    assert hokusai.journal == []
    for _ in range(n):
        assert search() == 200
    assert len(hokusai.calls("POST", "experiments/search")) == n
"""


@pytest.mark.parametrize("mode", ["load", "loadscope", "each"])
def test_two_workers(run_apart: Run, mode: str) -> None:
    result = run_apart(MANY, "-n2", f"--dist={mode}")
    result.assert_outcomes(passed=24 if mode == "each" else 12)
    headers = [line for line in result.outlines if "hokusai-testkit" in line and line.startswith("hokusai")]
    assert len(headers) == 1


def test_random_order(run_apart: Run) -> None:
    pytest.importorskip("pytest_randomly")
    run_apart(MANY, "-p", "randomly", "-p", "no:xdist").assert_outcomes(passed=12)


def test_wrong_marker_is_told_through_xdist(run_apart: Run) -> None:
    result = run_apart(
        "import pytest\n@pytest.mark.hokusai(scenario='auth.admin_requird')\ndef test_one(): pass",
        "-n2",
    )
    assert result.ret != 0
    assert "did you mean 'auth.admin_required'?" in result.stdout.str() + result.stderr.str()
