"""The shipped scenario files: complete, consistent with each other, and cheap to look up."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections import Counter

import pytest
from zygote import calls

from hokusai_mock import scenarios
from hokusai_mock.scenarios import CALLS, ScenarioError


@pytest.mark.parametrize("name", scenarios.names())
def test_a_shipped_file_has_every_required_field(name: str) -> None:
    assert scenarios.load(name).missing() == []


@pytest.mark.parametrize("name", scenarios.names())
def test_a_shipped_file_resolves_with_its_defaults(name: str) -> None:
    resolved = scenarios.load(name).resolve()

    assert any(signature.weight == "decides" for signature in resolved.signatures)
    assert resolved.remedy is not None
    assert len(resolved.remedy.commands.posix) == len(resolved.remedy.commands.powershell)


INCIDENTS = {
    "A": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20),
    "B": (1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14),
    "C": (1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15),
    "D": (1, 2, 3, 4, 5, 6, 7, 9, 10),
    "E": (1, 2, 3, 4, 5),
    "F": (1, 2, 3, 4, 5),
    "G": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
}
"""The incidents of the catalogue, by family; numbers that are missing were never given, or merged with another."""


def test_every_incident_of_the_catalogue_has_a_situation() -> None:
    wanted = {f"{family}{number:02}" for family, numbers in INCIDENTS.items() for number in numbers}

    assert {scenarios.load(name).id for name in scenarios.names()} == wanted


@pytest.mark.parametrize("name", scenarios.names())
def test_a_shipped_file_can_be_played(name: str) -> None:
    assert scenarios.load(name).resolve().unplayable() == []


@pytest.mark.parametrize("name", scenarios.names())
def test_commands_that_help_are_commands(name: str) -> None:
    remedy = scenarios.load(name).remedy
    lines = remedy.commands.posix if remedy else ()

    assert all(isinstance(shlex.split(line, comments=True), list) for line in lines)


def test_the_calls_that_a_file_may_name_are_those_that_the_player_makes() -> None:
    assert {call for _, call in calls()} == CALLS


def test_incident_and_variant_are_unique() -> None:
    files = [scenarios.load(name) for name in scenarios.names()]
    doubled = [key for key, count in Counter((file.id, file.variant) for file in files).items() if count > 1]

    assert doubled == []


def test_the_first_six_situations_are_shipped() -> None:
    assert {
        "auth.admin_required",
        "auth.key_required",
        "gateway.lb_error",
        "net.dns_fail",
        "net.refuse",
        "version.server",
    } <= set(scenarios.names())


def test_healthy_has_no_file_and_says_so() -> None:
    with pytest.raises(ScenarioError, match="'healthy' is the platform without any scenario"):
        scenarios.load("healthy")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match=r"did you mean 'auth.admin_required'\?"):
        scenarios.load("auth.admin_require")


def test_a_file_is_parsed_once() -> None:
    assert scenarios.load("version.server") is scenarios.load("version.server")


def test_names_are_known_without_flask_and_without_parsing() -> None:
    code = (
        "import sys; from hokusai_mock import scenarios; from hokusai_mock.scenarios import loader;"
        "names = scenarios.names();"
        "assert names and loader.load.cache_info().currsize == 0;"
        "sys.exit(any(name.split('.')[0] in ('flask', 'werkzeug', 'click') for name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False)

    assert result.returncode == 0
