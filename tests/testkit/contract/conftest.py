"""Implementations to test the suite with: modules written for one test, found by the runner's child interpreter."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hokusai_testkit.contract.results import CaseInfo, CaseResult, Outcome, Reason


@pytest.fixture
def write_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Return a function that writes a module `name` with `source` and makes it importable; it returns the name."""
    folder = tmp_path / "implementations"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))

    def write(name: str, source: str) -> str:
        (folder / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        return name

    return write


@pytest.fixture(scope="session")
def result() -> Callable[..., CaseResult]:
    """Return a function that makes a case result with what a test is about."""

    def make(
        outcome: Outcome, *, issue: str | None = None, criteria: tuple[str, ...] = ("C1",), name: str = "a"
    ) -> CaseResult:
        reason = None if outcome == "pass" else Reason("because", f"{name} ended as {outcome}")
        info = CaseInfo(f"ModelRegistry/{name}", "ModelRegistry", issue, criteria, "core")
        return CaseResult(info, outcome, reason, 0.25)

    return make
