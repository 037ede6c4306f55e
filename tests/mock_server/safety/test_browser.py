"""A page in a real browser on another origin can neither read nor change control, nor can a rebound host name."""

from __future__ import annotations

import pytest

from .browser import attack, chromium


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_page_of_another_origin_reads_or_changes_control() -> None:
    pytest.importorskip("playwright", reason="needs playwright (dependency group browser)")
    executable = chromium()
    if executable is None:
        pytest.skip("needs a Chromium, as Debian's package `chromium` installs it")
    report = attack(executable)
    assert report.own_page_reads, "the attacks work where they may"
    assert report.own_page_changes
    assert len(report.arrived) > report.attempts / 2, "attacks that never arrive prove nothing"
    assert report.read == []
    assert report.changed == []
    assert report.let_in == []
