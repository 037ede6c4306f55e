"""Tests that run at the same time against one shared server, each in its own sandbox, see only their own data."""

from __future__ import annotations

import pytest

from .crowd import run_crowd


@pytest.mark.parametrize(
    ("tests", "workers"), [(40, 2), pytest.param(500, 8, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])]
)
def test_many_tests_share_a_server_and_nothing_else(tests: int, workers: int) -> None:
    pytest.importorskip("xdist")
    pytest.importorskip("pytest_randomly")
    outcome = run_crowd(tests, workers, seed=tests)
    assert (outcome.passed, outcome.failed) == (tests, 0), outcome.output
    assert outcome.sandboxes_left == 1 + tests // 2, "every second test drops its sandbox; the default one is there"
