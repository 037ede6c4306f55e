"""The pytest plugin behind the cases: options, fixtures, selection, and what became of each case.

`cases/conftest.py` brings it in, so `pytest --pyargs hokusai_testkit.contract.cases` works as it stands, steered by the
variables `HOKUSAI_TESTKIT_SDK`, `_TARGET`, `_PROFILE` and `_LEVEL`; `-p hokusai_testkit.contract.plugin` adds options
of the same names. Deciding what the outcomes mean is `results`.

PYTEST_DONT_REWRITE
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.contract.case import Case, case_of
from hokusai_testkit.contract.failures import ContractViolation, skip
from hokusai_testkit.contract.isolation import isolated
from hokusai_testkit.contract.opening import open_target
from hokusai_testkit.contract.recorder import Recorder, merged
from hokusai_testkit.contract.results import CaseInfo, Reason, RunResult
from hokusai_testkit.contract.sdk import Sdk, SdkImportError
from hokusai_testkit.contract.targets import Platform, Target, TargetError
from hokusai_testkit.reports import REPORTS, write

_OPTIONS = ("sdk", "target", "profile", "level")
_RECORDER = pytest.StashKey[Recorder]()
_PARTS = pytest.StashKey[list[RunResult]]()
_PLAN = pytest.StashKey[dict[str, CaseInfo]]()
_WORKER_OUTPUT, _WORKER_PLAN = "hokusai_contract", "hokusai_contract_plan"
_INSTALL_NAME = {"sklearn": "scikit-learn"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the contract suite; the runner's own are not documented for users."""
    group = parser.getgroup("hokusai-contract", "Hokusai API contract")
    group.addoption("--sdk", metavar="MODULE", help="the implementation under test (default: hokusai)")
    group.addoption("--target", metavar="TARGET", help="what it runs against (default: mock)")
    group.addoption("--profile", metavar="P", help="profiles of the mock, separated by commas")
    group.addoption("--level", choices=("core", "full"), help="how much to run (default: full, core online)")
    for name, report in REPORTS.items():
        group.addoption(f"--{report.option}", metavar="FILE", help=f"write the result as {name} to FILE")
    group.addoption("--contract-terms", metavar="JSON", help="on what terms a server may be used (for the runner)")
    group.addoption("--contract-events", metavar="FILE", help="append one JSON line per event (for the runner)")
    group.addoption(
        "--contract-skip", metavar="FILE", help="case ids that are done already, one a line (for the runner)"
    )
    group.addoption("--contract-count", action="store_true", help="count the requests of each case (for the runner)")
    group.addoption("--contract-plan", action="store_true", help="plan, and run nothing (for the runner)")


def pytest_configure(config: pytest.Config) -> None:
    """Import the implementation and open the target; a usage error when either cannot be had."""
    if _is_controller(config):
        config.stash[_PARTS], config.stash[_PLAN] = [], {}
        return
    try:
        sdk = Sdk(_setting(config, "sdk", "hokusai"))
        profiles = [name for name in _setting(config, "profile", "").split(",") if name]
        level = _setting(config, "level", "full")
        terms = config.getoption("contract_terms", None)
        target = open_target(_setting(config, "target", "mock"), profiles, level=level, terms=terms)
        recorder = _recorder(config, sdk, target, level)
        if not (target.shared and config.getoption("contract_plan", default=False)):
            target.start()
    except (SdkImportError, TargetError) as problem:
        raise pytest.UsageError(str(problem)) from problem
    config.add_cleanup(target.stop)
    config.stash[_RECORDER] = recorder
    recorder.begin()


def _recorder(config: pytest.Config, sdk: Sdk, target: Target, level: str) -> Recorder:
    skip_file = config.getoption("contract_skip", None)
    return Recorder(
        sdk,
        target,
        {"level": level, "keyword": config.getoption("keyword", "") or None},
        events=config.getoption("contract_events", None),
        done=frozenset(Path(skip_file).read_text("utf-8").split("\n")) if skip_file else frozenset(),
        counting=config.getoption("contract_count", default=False),
    )


@pytest.fixture(scope="session")
def sdk(pytestconfig: pytest.Config) -> Sdk:
    """The implementation under test."""
    return pytestconfig.stash[_RECORDER].sdk


@pytest.fixture
def platform(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Platform]:
    """A platform with nothing in it, and the environment in which the implementation talks to it."""
    platform = request.config.stash[_RECORDER].target.platform(_case(request.node).id)
    with isolated(platform.env, tmp_path, tmp_path_factory.getbasetemp() / "user-data"):
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
    if config.getoption("contract_plan", default=False):
        items.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell the runner which case is about to run, so that a crash can be told from a case that never ran."""
    if _facts(item) is not None:
        item.config.stash[_RECORDER].started(_case(item))
    return (yield)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a case whose packages are not installed, or whose target has had enough; a skip is never a pass."""
    facts = _facts(item)
    if facts is not None and (why := item.config.stash[_RECORDER].target.stopped) is not None:
        skip(f"stopped:{why.code}", why.text)
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
    platform = getattr(item, "funcargs", {}).get("platform")
    item.config.stash[_RECORDER].phase(_case(item), report, problem, platform)
    return report


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is tested against what."""
    recorder = config.stash.get(_RECORDER, None)
    if recorder is None:
        return None
    return f"hokusai contract: {recorder.sdk.module_name} against {recorder.target.describe()['name']}"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the reports that were asked for; a worker hands its part to the process that does."""
    config = session.config
    recorder = config.stash.get(_RECORDER, None)
    if recorder is not None and hasattr(config, "workeroutput"):
        config.workeroutput[_WORKER_OUTPUT] = recorder.result(whole=False).to_json()
        config.workeroutput[_WORKER_PLAN] = [info.to_json() for info in recorder.plan]
        return
    if recorder is not None:
        result = recorder.result()
    elif parts := config.stash.get(_PARTS, []):
        result = merged(parts, config.stash[_PLAN].values())
    else:
        return
    for report in REPORTS.values():
        if file := config.getoption(report.option, None):
            write(report(), result, file)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the part of a worker that has ended."""
    output = getattr(node, "workeroutput", {})
    if _WORKER_OUTPUT in output:
        node.config.stash[_PARTS].append(RunResult.from_json(output[_WORKER_OUTPUT]))
        plan = [CaseInfo.from_json(info) for info in output[_WORKER_PLAN]]
        node.config.stash[_PLAN].update({info.id: info for info in plan})


def _facts(item: pytest.Item) -> Case | None:
    return case_of(getattr(item, "function", None))


def _case(item: pytest.Item) -> Case:
    """The facts of a case that pytest collected, under its own name when it is one of several parametrized ones."""
    facts = _facts(item)
    assert facts is not None
    return replace(facts, name=item.name)


def _is_controller(config: pytest.Config) -> bool:
    """Whether other processes run the cases for this one."""
    return bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")


def _setting(config: pytest.Config, name: str, default: str) -> str:
    assert name in _OPTIONS
    return config.getoption(name, None) or os.environ.get(f"HOKUSAI_TESTKIT_{name.upper()}") or default
