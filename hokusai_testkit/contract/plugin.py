"""The pytest plugin behind the cases: options, fixtures, selection, and what became of each case.

`cases/conftest.py` brings it in, so `pytest --pyargs hokusai_testkit.contract.cases` works as it stands, steered by the
variables `HOKUSAI_TESTKIT_SDK`, `_TARGET`, `_PROFILE` and `_LEVEL`; `-p hokusai_testkit.contract.plugin` adds options
of the same names. Deciding what the outcomes mean is `results`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.contract.case import Case, case_of
from hokusai_testkit.contract.failures import ArrangementError, ContractViolation, describe_exception, skip
from hokusai_testkit.contract.isolation import isolated
from hokusai_testkit.contract.results import CaseInfo, CaseResult, Outcome, Reason, RunResult
from hokusai_testkit.contract.sdk import Sdk, SdkImportError
from hokusai_testkit.contract.targets import Platform, Target, TargetError, open_target
from hokusai_testkit.reports import JsonReport, write

_OPTIONS = ("sdk", "target", "profile", "level")
_RECORDER = pytest.StashKey["Recorder"]()
_INSTALL_NAME = {"sklearn": "scikit-learn"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the contract suite; the runner's own are not documented for users."""
    group = parser.getgroup("hokusai-contract", "Hokusai API contract")
    group.addoption("--sdk", metavar="MODULE", help="the implementation under test (default: hokusai)")
    group.addoption("--target", metavar="TARGET", help="what it runs against (default: mock)")
    group.addoption("--profile", metavar="P", help="profiles of the mock, separated by commas")
    group.addoption("--level", choices=("core", "full"), help="how much to run (default: full)")
    group.addoption("--json", metavar="FILE", help="write the result as JSON to FILE")
    group.addoption("--contract-events", metavar="FILE", help="append one JSON line per event (for the runner)")
    group.addoption(
        "--contract-skip", metavar="FILE", help="case ids that are done already, one a line (for the runner)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Import the implementation and open the target; a usage error when either cannot be had."""
    if config.getoption("json", None) and config.getoption("numprocesses", None):
        raise pytest.UsageError("--json needs all cases in one process: leave -n out")
    try:
        sdk = Sdk(_setting(config, "sdk", "hokusai"))
        profiles = [name for name in _setting(config, "profile", "").split(",") if name]
        target = open_target(_setting(config, "target", "mock"), profiles)
        target.start()
    except (SdkImportError, TargetError) as problem:
        raise pytest.UsageError(str(problem)) from problem
    config.add_cleanup(target.stop)
    config.stash[_RECORDER] = Recorder(config, sdk, target)


@pytest.fixture(scope="session")
def sdk(pytestconfig: pytest.Config) -> Sdk:
    """The implementation under test."""
    return pytestconfig.stash[_RECORDER].sdk


@pytest.fixture
def platform(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Platform]:
    """A platform with nothing in it, and the environment in which the implementation talks to it."""
    platform = pytestconfig.stash[_RECORDER].target.platform()
    with isolated(platform.env, tmp_path):
        yield platform
    platform.close()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `-k` select by issue, criterion and method as well as by name."""
    if (facts := _facts(item)) is not None:
        item.extra_keyword_matches.update({*facts.criteria, facts.promise.name, facts.promise.issue or "no-issue"})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Take out what the level, the target and `-k` exclude, and remember each as disabled with its reason."""
    recorder = config.stash[_RECORDER]
    cases = [item for item in items if _facts(item) is not None]
    for item in cases:
        if reason := recorder.excluded(_case(item)):
            items.remove(item)
            recorder.disabled(_case(item), reason)
    left = set(items)
    yield
    for item in cases:
        if item in left and item not in items:
            keyword = config.getoption("keyword", "") or config.getoption("markexpr", "")
            recorder.disabled(_case(item), Reason("deselected:keyword", f"not selected by {keyword!r}"))
    done = recorder.already_done
    items[:] = [item for item in items if _facts(item) is None or _case(item).id not in done]
    recorder.planned([_case(item).info for item in items if _facts(item) is not None])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell the runner which case is about to run, so that a crash can be told from a case that never ran."""
    if _facts(item) is not None:
        item.config.stash[_RECORDER].started(_case(item))
    return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a case whose packages are not installed; a skip is never a pass."""
    facts = _facts(item)
    for need in sorted(facts.needs) if facts is not None else ():
        kind, _, name = need.partition(":")
        if kind == "package" and importlib.util.find_spec(name) is None:
            skip("missing-package", f"needs the package {name}: pip install {_INSTALL_NAME.get(name, name)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show a violation as its message alone, and keep what became of the case."""
    report = yield
    if _facts(item) is None:
        return report
    problem = None if call.excinfo is None else call.excinfo.value
    if isinstance(problem, ContractViolation):
        report.longrepr = str(problem)
    item.config.stash[_RECORDER].phase(_case(item), report, problem)
    return report


def pytest_report_header(config: pytest.Config) -> str:
    """Say what is tested against what."""
    recorder = config.stash[_RECORDER]
    return f"hokusai contract: {recorder.sdk.module_name} against {recorder.target.describe()['name']}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the JSON result when it was asked for."""
    if file := session.config.getoption("json", None):
        write(JsonReport(), session.config.stash[_RECORDER].result(), file)


class Recorder:
    """What is known about this session: implementation, target, selection, and the outcome of every case so far."""

    def __init__(self, config: pytest.Config, sdk: Sdk, target: Target) -> None:
        """Record for the session of `config`."""
        self.sdk, self.target = sdk, target
        self._level = _setting(config, "level", "full")
        self._keyword = config.getoption("keyword", "") or None
        self._events = config.getoption("contract_events", None)
        self._results: dict[str, CaseResult] = {}
        skip_file = config.getoption("contract_skip", None)
        self.already_done = frozenset(Path(skip_file).read_text("utf-8").split("\n")) if skip_file else frozenset[str]()
        self._event("session", target=target.describe(), implementation=sdk.describe(), selection=self._selection())

    def excluded(self, facts: Case) -> Reason | None:
        """Why `facts` does not belong to this run, None when it does."""
        if self._level == "core" and facts.level == "full":
            return Reason("deselected:level", "belongs to level full; this run is level core")
        for need in sorted(facts.needs):
            if ":" not in need and need not in self.target.capabilities:
                return Reason(f"not-applicable:{need}", f"the target has no {need}")
        return None

    def disabled(self, facts: Case, reason: Reason) -> None:
        """Keep a case that was excluded."""
        self._finished(CaseResult(facts.info, "disabled", reason))

    def planned(self, cases: list[CaseInfo]) -> None:
        """Announce the cases that will run."""
        self._event("plan", cases=[case.to_json() for case in cases])

    def started(self, facts: Case) -> None:
        """Announce that a case begins."""
        self._event("start", id=facts.id)

    def phase(self, facts: Case, report: pytest.TestReport, problem: BaseException | None) -> None:
        """Take the report of one phase (set-up, call, tear-down); the worst of the three is the outcome."""
        before = self._results.get(facts.id)
        duration = report.duration + (before.duration_s if before is not None else 0.0)
        outcome, reason = _outcome(report, problem)
        if outcome == "pass" and before is not None:
            outcome, reason = before.outcome, before.reason
        result = CaseResult(facts.info, outcome, reason, duration)
        self._results[facts.id] = result
        if report.when == "teardown":
            self._finished(result)

    def result(self) -> RunResult:
        """Everything so far as one result."""
        return RunResult(self.target.describe(), self.sdk.describe(), self._selection(), tuple(self._results.values()))

    def _finished(self, result: CaseResult) -> None:
        self._results[result.info.id] = result
        self._event("finish", case=result.to_json())

    def _selection(self) -> dict[str, Any]:
        return {"level": self._level, "keyword": self._keyword}

    def _event(self, kind: str, **fields: Any) -> None:
        if self._events:
            with Path(self._events).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": kind, **fields}) + "\n")


def _outcome(report: pytest.TestReport, problem: BaseException | None) -> tuple[Outcome, Reason | None]:
    if report.outcome == "passed":
        return "pass", None
    if report.outcome == "skipped":
        return "skip", Reason(getattr(problem, "code", "skipped"), str(problem))
    if isinstance(problem, ContractViolation):
        return "fail", Reason(problem.code, problem.message)
    code = "arrangement" if isinstance(problem, ArrangementError) else "suite"
    return "error", Reason(code, describe_exception(problem) if problem is not None else str(report.longrepr))


def _facts(item: pytest.Item) -> Case | None:
    return case_of(getattr(item, "function", None))


def _case(item: pytest.Item) -> Case:
    """The facts of a case that pytest collected, under its own name when it is one of several parametrized ones."""
    facts = _facts(item)
    assert facts is not None
    return replace(facts, name=item.name)


def _setting(config: pytest.Config, name: str, default: str) -> str:
    assert name in _OPTIONS
    return config.getoption(name, None) or os.environ.get(f"HOKUSAI_TESTKIT_{name.upper()}") or default
