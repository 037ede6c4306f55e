"""The markers `hokusai` and `hokusai_fault` are checked at collection, with the nearest valid name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hokusai_testkit.fixtures.markers import Wishes, wishes_of

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("alone")


def wishes(pytester: pytest.Pytester, *markers: str) -> Wishes:
    lines = "\n".join(f"@pytest.mark.hokusai({marker})" for marker in markers)
    return wishes_of(pytester.getitem(f"import pytest\n{lines}\ndef test_func(): pass"))


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("scenario='auth.admin_requird'", r"no scenario is called '.*'; did you mean 'auth.admin_required'\?"),
        ("scenario=['healthy', 'gateway.lb_eror']", r"did you mean 'gateway.lb_error'\?"),
        ("scenaro='healthy'", r"no keyword 'scenaro'; did you mean 'scenario'\?"),
        ("'auth.admin_required'", r"keywords only: write hokusai\(scenario='auth.admin_required'\)"),
        ("scenario=['gateway.lb_error'], params={'gateway.lb_error': 3}", "'gateway.lb_error' must be a dict"),
        ("scenario=3", "scenario must be a name or a list of names, not 3"),
        ("scenario='gateway.lb_error', params={'tims': 1}", "tims.*times"),
        ("scenario='gateway.lb_error', params=[1]", "params must be a dict, not list"),
        ("params={'times': 1}", "params without a scenario"),
        ("scenario=['gateway.lb_error'], params={'times': 1}", "'times', which is not among the scenarios"),
        ("profile='mlflow-3.8'", r"no profile is called 'mlflow-3.8'; did you mean"),
        ("profile='platform-documentd'", r"did you mean 'platform-documented'\?"),
        ("profile=['mlflow-3.9', 'mlflow-2.9']", "two mlflow profiles"),
        ("seed='1'", "seed must be a whole number, not '1'"),
        ("seed=True", "seed must be a whole number, not True"),
    ],
)  # fmt: skip
def test_marker_that_cannot_be_followed(pytester: pytest.Pytester, marker: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wishes(pytester, marker)


@pytest.mark.parametrize("names", ["'auth.admin_required'", "['healthy', 'auth.admin_required']"])
def test_a_scenario_that_this_version_cannot_play_is_refused(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    monkeypatch.setattr("hokusai_mock.scenarios.scenario.PLAYABLE_SETTINGS", frozenset())
    with pytest.raises(ValueError, match=r"cannot play the scenario 'auth.admin_required' yet: it needs .*'registry"):
        wishes(pytester, f"scenario={names}")


def test_closest_marker_wins_and_the_others_add_to_it(pytester: pytest.Pytester) -> None:
    # the marker next to the function is the closest
    found = wishes(
        pytester, "scenario='auth.admin_required', profile='mlflow-2.9', seed=1", "scenario='healthy', seed=2"
    )
    assert found == Wishes((("healthy", {}),), {"mlflow": "mlflow-2.9"}, 2)


def test_parameters_belong_to_the_scenario_that_they_stand_beside(pytester: pytest.Pytester) -> None:
    found = wishes(pytester, "scenario='gateway.lb_error', params={'times': 1}", "scenario='auth.admin_required'")
    assert found.scenarios == (("auth.admin_required", {}),)


def test_no_marker_asks_nothing(pytester: pytest.Pytester) -> None:
    assert wishes(pytester) == Wishes()


def test_wrong_markers_end_the_run_before_the_first_test(run_apart: Run) -> None:
    result = run_apart(
        """
import pytest

@pytest.mark.hokusai(scenario=["auth.admin_requird", "net.refused"], seed="1")
def test_one(hokusai): pass

@pytest.mark.hokusai(profil="x")
def test_two(): pass

def test_fine(): pass
""",
        "-p",
        "no:randomly",
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: *::test_one: no scenario is called 'auth.admin_requird'; did you mean 'auth.admin_required'?",
            "*::test_one: no scenario is called 'net.refused'; did you mean 'net.refuse'?",
            "*::test_one: seed must be a whole number, not '1'",
            "*::test_two: the marker hokusai has no keyword 'profil'; did you mean 'profile'?",
            "*::test_two: the marker hokusai does nothing here: *'hokusai' and 'hokusai_env'*",
        ]
    )
    result.stdout.no_fnmatch_line("*passed*")


def test_marker_is_registered_with_its_signature(run: Run) -> None:
    result = run("", "--markers", "--strict-markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.hokusai(scenario=NAME or list, params={}, profile=NAME or list, seed=N): *"]
    )


INERT = "marker hokusai does nothing here: the test uses neither of the fixtures 'hokusai' and 'hokusai_env'"


@pytest.mark.parametrize(
    "test",
    [
        "@asks\ndef test_one(): pass",
        "@asks\ndef test_one(hokusai_session): pass",
        "@asks\ndef test_one(tmp_path): pass",
        "import unittest\nclass TestOne(unittest.TestCase):\n    @asks\n    def test_one(self): pass",
    ],
)
def test_marker_on_a_test_without_a_sandbox_is_refused(run: Run, test: str) -> None:
    result = run("import pytest\nasks = pytest.mark.hokusai(scenario='auth.admin_required')\n" + test)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *test_one: the {INERT}*"])


def test_marker_on_a_test_that_reaches_a_sandbox_in_any_way_is_followed(run: Run) -> None:
    result = run(
        """
import pytest
pytestmark = pytest.mark.hokusai(profile="mlflow-2.9")
asks = pytest.mark.hokusai(scenario="auth.admin_required")

@pytest.fixture
def client(hokusai_env): pass

@pytest.fixture
def late(request):
    return request.getfixturevalue("hokusai")

@asks
def test_through_a_fixture(client): pass

@asks
@pytest.mark.usefixtures("hokusai")
def test_by_usefixtures(): pass

@asks
def test_by_name(request): assert request.getfixturevalue("hokusai").profile["mlflow"] == "mlflow-2.9"

@asks
def test_by_name_in_a_fixture(late): assert late.profile["mlflow"] == "mlflow-2.9"

def test_that_inherits_the_module_s_marker(): pass
"""
    )
    result.assert_outcomes(passed=5)


def test_marker_that_the_mock_refuses_is_one_line(run: Run) -> None:
    result = run(
        """
import pytest
from hokusai_mock.sandbox import SandboxError
@pytest.mark.hokusai(scenario="auth.admin_required")
def test_one(hokusai): pass

@pytest.fixture(scope="session")
def hokusai_server(hokusai_server):
    def refuse(*_, **__): raise SandboxError("refused by the mock")
    patch = pytest.MonkeyPatch()
    patch.setattr("hokusai_mock.sandbox.Sandbox.scenario", refuse)
    yield hokusai_server
    patch.undo()
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the sandbox cannot be made as its markers ask: refused by the mock"])
    result.stdout.no_fnmatch_line("*lifetime.py*")
    result.stdout.no_fnmatch_line("*During handling*")


@pytest.mark.parametrize(
    "call", ["scenario('auth.admin_requird')", "fault(effct='status')", "use_profile(mlflow='x')", "calls(statsu=1)"]
)
def test_errors_of_the_handle_point_at_the_test(run: Run, call: str) -> None:
    result = run(f"def test_one(hokusai):\n    hokusai.{call}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["test_errors_of_the_handle_point_at_the_test.py:2: *Error"])
    result.stdout.no_fnmatch_line("*sandbox.py:*")


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("effect='reste'", r"marker hokusai_fault: no effect is called 'reste'; did you mean 'reset'\?"),
        ("effect='reset', tims=1", r"unknown key 'tims'; did you mean 'times'\?"),
        ("effect='reset', after_bytes=3", "unknown key 'after_bytes'; it belongs into 'with'"),
        ("effect='reset', with_={'after_byte': 3}", r"did you mean 'after_bytes'\?"),
        ("'reset'", r"keywords only: write hokusai_fault\(effect='reset'\)"),
        ("layer='edge'", "'effect' is missing"),
        ("effect='truncate', with_={'sent': 9, 'declared': 9}", "is not truncated"),
    ],
)
def test_a_fault_that_cannot_be_played_is_refused(pytester: pytest.Pytester, marker: str, message: str) -> None:
    item = pytester.getitem(f"import pytest\n@pytest.mark.hokusai_fault({marker})\ndef test_func(): pass")
    with pytest.raises(ValueError, match=message):
        wishes_of(item)


def test_faults_of_markers_are_there_from_the_start_and_after_a_reset(run: Run) -> None:
    result = run(
        """
import pytest
from client import search

pytestmark = pytest.mark.hokusai_fault(effect="status", with_={"status": 502}, times=1)

@pytest.mark.hokusai_fault(effect="status", with_={"status": 503}, times=1)
@pytest.mark.hokusai_fault(effect="status", layer="edge", with_={"status": 504}, times=1)
def test_in_order(hokusai, hokusai_env):
    assert [search() for _ in range(4)] == [502, 503, 504, 200]
    hokusai.reset()
    assert search() == 502
    hokusai.scenario("healthy")
    assert search() == 200

def test_those_of_the_module_alone(hokusai_env):
    assert [search() for _ in range(2)] == [502, 200]
"""
    )
    result.assert_outcomes(passed=2)


def test_a_wrong_or_idle_fault_ends_the_run_before_the_first_test(run_apart: Run) -> None:
    result = run_apart(
        """
import pytest

@pytest.mark.hokusai_fault(effect="hagn")
def test_one(hokusai): pass

@pytest.mark.hokusai_fault(effect="hang")
def test_two(): pass
""",
        "-p",
        "no:randomly",
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: *::test_one: *no effect is called 'hagn'; did you mean 'hang'?*",
            "*::test_two: the marker hokusai_fault does nothing here: *'hokusai' and 'hokusai_env'*",
        ]
    )
