"""Installed but unused, the plugin imports nothing heavy and does nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import hokusai_testkit

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

HEAVY = (
    "flask",
    "werkzeug",
    "vcr",
    "mlflow",
    "pandas",
    "requests",
    "click",
    "jinja2",
    "http.client",
    "tomllib",
    "tomli",
)


def test_unused_plugin_imports_nothing_heavy(run_apart: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        f"""
import sys

def pytest_unconfigure():
    heavy = [name for name in {HEAVY!r} if name in sys.modules]
    own = sorted(name for name in sys.modules if name.startswith("hokusai"))
    print("heavy:", heavy)
    print("own:", own)
"""
    )
    result = run_apart("def test_one(): pass", "-q", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:timeout")
    heavy = next(line for line in result.outlines if line.startswith("heavy:"))
    own = next(line for line in result.outlines if line.startswith("own:"))
    assert own == "own: ['hokusai_testkit', 'hokusai_testkit.plugin']"
    without = pytester.runpytest_subprocess("-q", "-p", "no:hokusai", "-p", "no:cacheprovider")
    assert heavy == next(line for line in without.outlines if line.startswith("heavy:"))


def test_report_header_of_an_unused_plugin_reads_one_small_module(run_apart: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print('own:', sorted(name for name in sys.modules if name.startswith('hokusai_testkit.fixtures.')))"
    )
    result = run_apart("def test_one(): pass")
    result.stdout.fnmatch_lines(["own: [[]'hokusai_testkit.fixtures.options'[]]"])


def test_importing_the_package_is_cheap(pytester: pytest.Pytester) -> None:
    code = "import sys; before = set(sys.modules); import hokusai_testkit; print(sorted(set(sys.modules) - before))"
    result = pytester.run(sys.executable, "-I", "-c", code)
    (line,) = result.outlines
    assert set(eval(line)) <= {"hokusai_testkit", "__future__"}


def test_exported_names_are_found_late() -> None:
    assert dir(hokusai_testkit) == ["HokusaiCassette", "HokusaiSandbox", "HokusaiServer", "__version__"]
    assert hokusai_testkit.HokusaiSandbox.__name__ == "HokusaiSandbox"
    with pytest.raises(AttributeError, match="no attribute 'HokusaiSandbx'"):
        _ = hokusai_testkit.HokusaiSandbx  # type: ignore[attr-defined]


def test_no_fixture_is_automatic(run_apart: Run) -> None:
    result = run_apart("def test_one(request): assert not [n for n in request.fixturenames if 'hokusai' in n]")
    result.assert_outcomes(passed=1)
