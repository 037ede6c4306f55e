"""Scenarios with parameters, the way a test of a user asks for them: by marker, and from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]

MARKED = """
import pytest
from client import search

pytestmark = pytest.mark.usefixtures("hokusai_env")

def statuses(count):
    return [search() for _ in range(count)]

@pytest.mark.hokusai(scenario="gateway.lb_error", params={"times": 2})
def test_recovers():
    assert statuses(4) == [502, 502, 200, 200]

@pytest.mark.hokusai(scenario="gateway.lb_error", params={"status": 503, "every": 2})
def test_every_second():
    assert statuses(4) == [200, 503, 200, 503]

@pytest.mark.hokusai(scenario=["gateway.upstream_unreachable", "latency.cache_miss"],
                     params={"gateway.upstream_unreachable": {"times": 1}})
def test_two_scenarios(hokusai):
    hokusai.clock.time_scale = 0
    assert statuses(2) == [502, 200]

@pytest.mark.hokusai(scenario="auth.service_down", params={"down_for_s": "5m"})
def test_an_outage_ends_on_the_virtual_clock(hokusai):
    assert search() == 503
    hokusai.clock.advance("5m")
    assert search() == 200

@pytest.mark.hokusai(scenario="net.reset", params={"times": 1})
def test_a_reset_hurts_its_own_request_only():
    with pytest.raises(OSError):
        search()
    assert search() == 200
"""

CHANCE = """
import pytest
from client import search

@pytest.mark.hokusai(scenario="gateway.lb_error", params={"probability": 0.5}, seed=3)
def test_chance(hokusai_env):
    print("CHANCE", [search() for _ in range(12)])
"""

FROM_THE_COMMAND_LINE = """
from client import search

def test_one(hokusai_env):
    assert [search() for _ in range(3)] == [504, 504, 200]
"""


def test_parameters_in_markers(run: Run) -> None:
    run(MARKED).assert_outcomes(passed=5)


def test_a_seed_gives_the_same_chance_in_every_run(run: Run) -> None:
    first, second = (
        next(line for line in run(CHANCE, "-s").outlines if "CHANCE" in line).partition("CHANCE")[2] for _ in range(2)
    )

    assert first == second
    assert "200" in first
    assert "502" in first


def test_parameters_on_the_command_line(run: Run) -> None:
    run(FROM_THE_COMMAND_LINE, "--hokusai-scenario=gateway.lb_error:status=504,times=2").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("gateway.lb_error:status=404", "*'status' cannot be '404'*"),
        ("gateway.lb_error:every=2,probability=0.5", "*'every' and 'probability' exclude each other*"),
        ("tls.expired:times=2", "*has no parameter 'times'*"),
    ],
)
def test_impossible_parameters_are_refused_before_a_test_runs(run: Run, reference: str, message: str) -> None:
    result = run(FROM_THE_COMMAND_LINE, f"--hokusai-scenario={reference}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])
