"""The pytest plugin `hokusai`: fixtures, markers, options, the report header. PYTEST_DONT_REWRITE

Every pytest run of everyone who has the kit installed loads this module, so it is thin: what a fixture or hook needs is
imported inside of it, from `fixtures/` and `assertions.py`. Nothing happens in tests that did not ask for it.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False  # `typing` is not imported here: type checkers know the name
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from hokusai_testkit.fixtures.sandbox import HokusaiSandbox
    from hokusai_testkit.fixtures.server import HokusaiServer

MARKERS = {
    "hokusai": "(scenario=NAME or list, params={}, profile=NAME or list, seed=N): "
    "what the sandbox of this test plays; for a list of scenarios params={NAME: {...}}",
    "hokusai_fault": "(effect=NAME, with_={}, layer=, when=, match={}, after=, times=, every=, probability=, per=, "
    "window={}): a fault that is there from the start of this test; several markers are several faults",
}

OPTIONS = (
    ("profile", "append", "linelist", "NAME", "an MLflow profile (mlflow-3.9) or platform profile, one of each kind"),
    ("scenario", "append", "linelist", "NAME[:k=v,...]", "a scenario that is active in every sandbox from its start"),
    ("seed", "store", "string", "N", "seed of the ids that the mock gives out (default: 0)"),
)
"""`--hokusai-<name>`, with the ini option `hokusai_<name>` and the variable `HOKUSAI_TESTKIT_<NAME>`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options in one group, each with its ini twin."""
    group = parser.getgroup("hokusai", "Hokusai test kit")
    for name, action, ini_type, metavar, help_text in OPTIONS:
        twin = f"also: ini hokusai_{name}, variable HOKUSAI_TESTKIT_{name.upper()}"
        group.addoption(f"--hokusai-{name}", action=action, metavar=metavar, help=f"{help_text}; {twin}")
        parser.addini(f"hokusai_{name}", f"{help_text}; see --hokusai-{name}", type=ini_type)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; check the options that were given, before a test is collected."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", name + meaning)
    settings(config)


def settings(config: pytest.Config) -> dict[str, object]:
    """The options in force as arguments for `MockServer`: command line, then variables, then the ini file."""
    given = {name: _given(config, name) for name, *_ in OPTIONS}
    if not any(given.values()):
        return {"profile": (), "scenario": (), "seed": 0}
    from hokusai_testkit.fixtures.options import read  # noqa: PLC0415

    return read(given)


def _given(config: pytest.Config, name: str) -> tuple[object, str] | None:
    """The value of an option and where it came from, or `None`."""
    import os  # noqa: PLC0415

    variable = f"HOKUSAI_TESTKIT_{name.upper()}"
    if (value := config.getoption(f"hokusai_{name}")) is not None:
        return value, f"--hokusai-{name}"
    if os.environ.get(variable):
        return os.environ[variable], variable
    value = config.getini(f"hokusai_{name}")
    return (value, f"ini option hokusai_{name}") if value else None


def pytest_report_header(config: pytest.Config) -> str:
    """One line that tells what is tested against; pytest leaves it out under `-q`."""
    from hokusai_testkit.fixtures.options import header  # noqa: PLC0415

    return header(settings(config))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a marker that cannot be followed, before any test runs."""
    problems = _wrong_markers(items)
    if problems:
        raise pytest.UsageError("\n".join(problems))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same in a worker of pytest-xdist, whose usage errors would reach the user as an internal error."""
    report = yield
    if hasattr(collector.config, "workerinput"):
        problems = _wrong_markers(report.result)
        if problems:
            report.outcome, report.longrepr, report.result = "failed", "\n".join(problems), []
    return report


def _wrong_markers(items: Sequence[pytest.Item | pytest.Collector]) -> list[str]:
    marked = [item for item in items if isinstance(item, pytest.Item) and any(map(item.get_closest_marker, MARKERS))]
    if not marked:
        return []
    from hokusai_testkit.fixtures.markers import problems_of  # noqa: PLC0415

    return problems_of(marked)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show what a failing test's sandbox has seen, and explain an assertion about its calls.

    No wrapper: it runs after pytest's `unittest` plugin has put the failure of a `TestCase` into `call`, and before the
    report is made of it.
    """
    sandbox = getattr(item, "hokusai_sandbox", None)
    if sandbox is not None and call.excinfo is not None:
        from hokusai_testkit.fixtures.failing import explain_failure  # noqa: PLC0415

        explain_failure(item, call, sandbox)


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def hokusai_server(pytestconfig: pytest.Config) -> Iterator[HokusaiServer]:
    """A running mock of the Hokusai platform, one for the session (with pytest-xdist: one for each worker)."""
    from hokusai_testkit.fixtures.server import HokusaiServer  # noqa: PLC0415

    with HokusaiServer(**settings(pytestconfig)) as server:  # type: ignore[arg-type]
        yield server


@pytest.fixture
def hokusai(request: pytest.FixtureRequest, hokusai_server: HokusaiServer) -> Iterator[HokusaiSandbox]:
    """This test's own platform: a fresh sandbox of the session's mock, gone when the test is over."""
    from hokusai_testkit.fixtures.lifetime import test_sandbox  # noqa: PLC0415

    with test_sandbox(request.node, hokusai_server) as sandbox:
        yield sandbox


@pytest.fixture
def hokusai_env(hokusai: HokusaiSandbox) -> Iterator[Mapping[str, str | None]]:
    """The environment in which unmodified code talks to `hokusai`, in force during the test; the value is its table."""
    from hokusai_testkit.fixtures.environment import applied  # noqa: PLC0415

    with applied(hokusai) as env:
        yield env


@pytest.fixture(scope="session")
def hokusai_session(hokusai_server: HokusaiServer) -> Iterator[HokusaiSandbox]:
    """A sandbox that lasts for the session, for fixtures of wider scope; tests that use it share its state."""
    from hokusai_testkit.fixtures.lifetime import session_sandbox  # noqa: PLC0415

    with session_sandbox(hokusai_server) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def hokusai_session_env(hokusai_session: HokusaiSandbox) -> Iterator[Mapping[str, str | None]]:
    """The environment that leads to `hokusai_session`, in force until the session ends."""
    from hokusai_testkit.fixtures.environment import applied  # noqa: PLC0415

    with applied(hokusai_session) as env:
        yield env
