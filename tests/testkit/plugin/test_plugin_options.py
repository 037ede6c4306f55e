"""Options, their ini twins and variables, and the line in the report header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hokusai_mock import __version__

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

SHOW = """
def test_show(hokusai):
    print(hokusai.profile, [s["name"] for s in hokusai._describe()["scenarios"]])
"""


def test_header_is_one_line_without_a_secret(run_apart: Run) -> None:
    result = run_apart("def test_one(): pass")
    lines = [line for line in result.outlines if "hokusai-testkit" in line and not line.startswith("plugins:")]
    assert lines == [f"hokusai-testkit {__version__}: mock, mlflow-3.9, platform-documented, seed 0"]


def test_quiet_run_has_no_header(run: Run) -> None:
    assert "hokusai" not in run("def test_one(): pass", "-q").stdout.str()


def test_options_reach_sandbox_and_header(run: Run) -> None:
    result = run(
        SHOW, "-s", "--hokusai-profile=mlflow-2.9", "--hokusai-scenario=gateway.lb_error:times=1", "--hokusai-seed=5"
    )
    result.stdout.fnmatch_lines(
        [
            "hokusai-testkit *: mock, mlflow-2.9, platform-documented, seed 5, scenario gateway.lb_error:times=1",
            "*{'mlflow': 'mlflow-2.9', 'platform': 'platform-documented'} [[]'gateway.lb_error'[]]*",
        ]
    )


def test_command_line_wins_over_variable_over_ini(
    run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nhokusai_seed = 1\nhokusai_profile = mlflow-2.9\n")
    run(SHOW).stdout.fnmatch_lines(["hokusai-testkit *mlflow-2.9, * seed 1"])
    monkeypatch.setenv("HOKUSAI_TESTKIT_SEED", "2")
    run(SHOW).stdout.fnmatch_lines(["hokusai-testkit *mlflow-2.9, * seed 2"])
    run(SHOW, "--hokusai-seed=0", "--hokusai-profile=mlflow-3.9").stdout.fnmatch_lines(
        ["hokusai-testkit *mlflow-3.9, * seed 0"]
    )


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--hokusai-profile=mlflow-2.8", "--hokusai-profile: *mlflow-2.8*did you mean*"),
        ("--hokusai-scenario=auth.admin_requird", "--hokusai-scenario: *did you mean 'auth.admin_required'?*"),
        ("--hokusai-scenario=gateway.lb_error:tims=1", "--hokusai-scenario: *tims*times*"),
        ("--hokusai-seed=many", "--hokusai-seed: 'many' is no whole number*"),
    ],
)
def test_wrong_option_is_refused_with_the_nearest_name(run: Run, argument: str, message: str) -> None:
    result = run("def test_one(): pass", argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_scenario_that_this_version_cannot_play_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hokusai_mock.scenarios.scenario.PLAYABLE_SETTINGS", frozenset())
    result = run("def test_one(): pass", "--hokusai-scenario=auth.admin_required")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --hokusai-scenario: *cannot play the scenario 'auth.admin_required' yet*"])


def test_wrong_variable_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_TESTKIT_SEED", "many")
    run("def test_one(): pass").stderr.fnmatch_lines(["ERROR: HOKUSAI_TESTKIT_SEED: 'many' is no whole number*"])


def test_marker_replaces_the_scenario_of_the_options(run: Run) -> None:
    source = "import pytest\n@pytest.mark.hokusai(scenario='auth.admin_required')" + SHOW
    run(source, "-s", "--hokusai-scenario=gateway.lb_error").stdout.fnmatch_lines(["*[[]'auth.admin_required'[]]*"])


def test_help_shows_the_options_in_one_group(run_apart: Run) -> None:
    result = run_apart("", "--help")
    result.stdout.fnmatch_lines(
        ["Hokusai test kit:", "  --hokusai-profile*", "  --hokusai-scenario*", "  --hokusai-seed*"], consecutive=False
    )


def test_fixtures_are_described(run: Run) -> None:
    result = run("", "--fixtures")
    for name in ("hokusai_server", "hokusai", "hokusai_env", "hokusai_session", "hokusai_session_env"):
        result.stdout.fnmatch_lines([f"{name}*-- *plugin.py:*", "    [!n]*"], consecutive=True)


def test_plugin_can_be_switched_off(run_apart: Run) -> None:
    result = run_apart("def test_one(): pass", "-p", "no:hokusai")
    result.assert_outcomes(passed=1)
    assert f"hokusai-testkit {__version__}: mock" not in result.stdout.str()


def test_plugin_can_be_named_where_autoload_is_off(run_apart: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run_apart("def test_one(hokusai): assert hokusai.journal == []", "-p", "hokusai_testkit.plugin").assert_outcomes(
        passed=1
    )
