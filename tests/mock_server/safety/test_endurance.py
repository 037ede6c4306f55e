"""Many requests: every one is answered and counted, and memory stays where it is once everything has been used."""

from __future__ import annotations

import sys

import pytest

from .endurance import endure

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory where Linux tells it")


@pytest.mark.parametrize("total", [5_000, pytest.param(200_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_no_request_is_lost_and_none_is_counted_twice(total: int) -> None:
    report = endure(total, (total // 10, total // 2, total))
    assert report.wrong == 0
    assert (report.counted, report.sent) == (report.requests, report.requests)
    assert report.requests == total
    assert report.kept == 1000
    if total > 100_000:
        first, *_, last = report.memory.values()
        assert last - first < 8, report.memory
