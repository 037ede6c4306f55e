"""The marker `hokusai` is checked at collection, with the nearest valid name."""

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


def test_names_are_checked_without_reading_a_scenario(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(name: str) -> None:
        raise AssertionError(f"{name} was read")

    monkeypatch.setattr("hokusai_mock.scenarios.load", read)
    assert wishes(pytester, "scenario='auth.admin_required'").scenarios == (("auth.admin_required", {}),)


def test_wrong_markers_end_the_run_before_the_first_test(run_apart: Run) -> None:
    result = run_apart(
        """
import pytest

@pytest.mark.hokusai(scenario="auth.admin_requird")
def test_one(): pass

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
            "*::test_two: the marker hokusai has no keyword 'profil'; did you mean 'profile'?",
        ]
    )
    result.stdout.no_fnmatch_line("*passed*")


def test_marker_is_registered_with_its_signature(run: Run) -> None:
    result = run("", "--markers", "--strict-markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.hokusai(scenario=NAME or list, params={}, profile=NAME or list, seed=N): *"]
    )
