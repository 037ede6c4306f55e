"""The pytest plugin `hokusai`: fixtures, markers, options, the report header. PYTEST_DONT_REWRITE

Every pytest run of everyone who has the kit installed loads this module, so it is thin: what a fixture or hook needs is
imported inside of it, from `fixtures/` and `assertions.py`. Nothing happens in tests that did not ask for it.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False  # `typing` is not imported here: type checkers know the name
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from hokusai_testkit.fixtures.cassette import HokusaiCassette
    from hokusai_testkit.fixtures.sandbox import HokusaiSandbox
    from hokusai_testkit.fixtures.server import HokusaiServer

MARKERS = {
    "hokusai": "(scenario=NAME or list, params={}, profile=NAME or list, seed=N): "
    "what the sandbox of this test plays; for a list of scenarios params={NAME: {...}}",
    "hokusai_fault": "(effect=NAME, with_={}, layer=, when=, match={}, after=, times=, every=, probability=, per=, "
    "window={}): a fault that is there from the start of this test; several markers are several faults",
    "hokusai_requires": "(mlflow='>=2.14', capability=NAME): "
    "skip this test unless that MLflow client is installed, and the played version has that capability",
    "hokusai_cassette": "(name): the file in cassettes/ that hokusai_cassette plays; default: <module>/<test>.yaml",
    "hokusai_online": "(reason): this test needs the real service; it runs with --hokusai-target=URL only",
}

OPTIONS = (
    ("profile", "append", "linelist", "NAME", "an MLflow profile (mlflow-3.9) or platform profile, one of each kind"),
    ("scenario", "append", "linelist", "NAME[:k=v,...]", "a scenario that is active in every sandbox from its start"),
    ("seed", "store", "string", "N", "seed of the ids that the mock gives out (default: 0)"),
    (
        "server",
        "store",
        "string",
        "worker|shared|URL",
        "the mock: one a worker, one for all local workers (default), or the one that runs at URL",
    ),
    (
        "target",
        "store",
        "string",
        "mock|URL",
        "what tests marked hokusai_online run against: nothing (mock, default), or the service with this API endpoint",
    ),
    ("block-network", "store_true", "bool", None, "connect to this machine only"),
    ("keep", "store", "string", "DIR", "keep the requests and the state of a failed test's sandbox in DIR"),
    ("record", "store", "string", "none|once|new|rewrite", "what hokusai_cassette records (default: none)"),
    ("report", "store", "string", "DIR", "write what the tests did with the mock to DIR/report.json and played.json"),
)
"""`--hokusai-<name>`, with the ini option `hokusai_<name>` and the variable `HOKUSAI_TESTKIT_<NAME>`."""


DEFAULTS = {
    "profile": (),
    "scenario": (),
    "seed": None,
    "server": "shared",
    "target": "mock",
    "block_network": False,
    "keep": None,
    "record": "none",
    "report": None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options in one group, each with its ini twin."""
    group = parser.getgroup("hokusai", "Hokusai test kit")
    for name, action, ini_type, metavar, help_text in OPTIONS:
        key = name.replace("-", "_")
        twin = f"also: ini hokusai_{key}, variable HOKUSAI_TESTKIT_{key.upper()}"
        shown = {"metavar": metavar} if metavar else {"default": None}
        group.addoption(f"--hokusai-{name}", action=action, help=f"{help_text}; {twin}", **shown)
        parser.addini(f"hokusai_{key}", f"{help_text}; see --hokusai-{name}", type=ini_type)  # type: ignore[arg-type]


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; check the options that were given, before a test is collected."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", name + meaning)
    options = settings(config)
    if options["block_network"]:
        from hokusai_testkit.fixtures.network import guard  # noqa: PLC0415

        config.add_cleanup(guard(options))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist where the mock is that all of them share."""
    from hokusai_testkit.fixtures.shared import hand_over  # noqa: PLC0415

    hand_over(node, settings(node.config))  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take what a worker of pytest-xdist reports."""
    if settings(node.config)["report"] is not None:  # type: ignore[attr-defined]
        from hokusai_testkit.fixtures.reporting import take_over  # noqa: PLC0415

        take_over(node)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report that was asked for."""
    options = settings(session.config)
    if options["report"] is not None:
        from hokusai_testkit.fixtures.reporting import finish  # noqa: PLC0415

        finish(session.config, options)


@pytest.hookimpl(optionalhook=True)
def pytest_recording_configure(vcr: object) -> None:
    """Let the cassettes that pytest-recording records hold no secrets."""
    from hokusai_testkit.cassettes.vcr_hooks import configure  # noqa: PLC0415

    configure(vcr)


def settings(config: pytest.Config) -> dict[str, object]:
    """The options in force by name: command line, then variables, then the ini file, then the defaults."""
    given = {name.replace("-", "_"): _given(config, name) for name, *_ in OPTIONS}
    if not any(given.values()):
        return dict(DEFAULTS)
    from hokusai_testkit.fixtures.options import read  # noqa: PLC0415

    return read(given, DEFAULTS)


def _given(config: pytest.Config, name: str) -> tuple[object, str] | None:
    """The value of an option and where it came from, or `None`."""
    import os  # noqa: PLC0415

    key = name.replace("-", "_")
    variable = f"HOKUSAI_TESTKIT_{key.upper()}"
    if (value := config.getoption(f"hokusai_{key}")) is not None:
        return value, f"--hokusai-{name}"
    if os.environ.get(variable):
        return os.environ[variable], variable
    value = config.getini(f"hokusai_{key}")
    return (value, f"ini option hokusai_{key}") if value else None


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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs what is not here; a test without these markers costs two look-ups."""
    if item.get_closest_marker("hokusai_online") is None and item.get_closest_marker("hokusai_requires") is None:
        return
    from hokusai_testkit.fixtures.requirements import why_not  # noqa: PLC0415

    reason = why_not(item, settings(item.config))
    if reason is not None:
        pytest.skip(reason)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show what a failing test's sandbox has seen, and explain an assertion about its calls.

    No wrapper: it runs after pytest's `unittest` plugin has put the failure of a `TestCase` into `call`, and before the
    report is made of it.
    """
    sandbox = getattr(item, "hokusai_sandbox", None)
    if sandbox is not None and call.excinfo is not None:
        from hokusai_testkit.fixtures.failing import explain_failure  # noqa: PLC0415

        explain_failure(item, call, sandbox, settings(item.config)["keep"])  # type: ignore[arg-type]


# -- fixtures ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def hokusai_server(pytestconfig: pytest.Config) -> Iterator[HokusaiServer]:
    """A running mock of the Hokusai platform, one for the session; the local workers of pytest-xdist share one."""
    from hokusai_testkit.fixtures.server import opened  # noqa: PLC0415

    with opened(pytestconfig, settings(pytestconfig)) as server:
        yield server


@pytest.fixture
def hokusai(request: pytest.FixtureRequest, hokusai_server: HokusaiServer) -> Iterator[HokusaiSandbox]:
    """This test's own platform: a fresh sandbox of the session's mock, gone when the test is over."""
    from hokusai_testkit.fixtures.lifetime import test_sandbox  # noqa: PLC0415

    report = settings(request.config)["report"]
    with test_sandbox(request.node, hokusai_server, report) as sandbox:  # type: ignore[arg-type]
        yield sandbox


@pytest.fixture
def hokusai_env(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str | None]]:
    """The environment in which unmodified code talks to `hokusai`, in force during the test; the value is its table.

    In a test marked `hokusai_online` it leads to the service of `--hokusai-target`.
    """
    from hokusai_testkit.fixtures import environment  # noqa: PLC0415

    if request.node.get_closest_marker("hokusai_online") is not None:
        with environment.online(str(settings(request.config)["target"])) as env:
            yield env
        return
    with environment.applied(request.getfixturevalue("hokusai")) as env:
        yield env


@pytest.fixture
def hokusai_cassette(request: pytest.FixtureRequest) -> Iterator[HokusaiCassette]:
    """This test's cassette, played as a server, or recorded (`--hokusai-record`); unmodified code talks to it."""
    from hokusai_testkit.fixtures import cassette, environment  # noqa: PLC0415

    with cassette.opened(request, settings(request.config)) as opened, environment.led_by(opened.env):
        yield opened


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
