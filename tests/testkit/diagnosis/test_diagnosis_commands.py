"""The commands `doctor` and `scenarios` of `hokusai-testkit`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from hokusai_mock import scenarios
from hokusai_testkit.cli import main


@pytest.fixture
def run() -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return invoke


def test_doctor_hands_its_flags_and_exit_code_through(run: Callable[..., Result]) -> None:
    result = run("doctor", "--json", "--only", "uri.lint")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["verdict"]["state"] == "incomplete"


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["--onlin"], 2)])
def test_doctor_explains_itself(arguments: list[str], code: int, run: Callable[..., Result]) -> None:
    result = run("doctor", *arguments)

    assert result.exit_code == code
    assert "usage: hokusai-testkit doctor" in result.output


def test_the_list_has_every_scenario_with_the_documented_fields(run: Callable[..., Result]) -> None:
    result = run("scenarios", "list", "--json")
    listed = json.loads(result.stdout)

    assert set(listed) == {"schema_version", "scenarios"}
    assert tuple(entry["name"] for entry in listed["scenarios"]) == scenarios.names()
    assert all(set(entry) >= {"name", "id", "variant", "title", "family", "params"} for entry in listed["scenarios"])


def test_the_list_for_people_has_a_line_each(run: Callable[..., Result]) -> None:
    lines = run("scenarios", "list").stdout.splitlines()

    assert sorted(line.split()[1] for line in lines if line[:1] not in "#*") == list(scenarios.names())


@pytest.mark.parametrize("name", scenarios.names())
def test_show_tells_what_is_seen_and_what_helps(name: str, run: Callable[..., Result]) -> None:
    result = run("scenarios", "show", name)

    assert result.exit_code == 0
    assert f"{name} ({scenarios.load(name).id})" in result.stdout
    assert "What helps" in result.stdout


@pytest.mark.parametrize("reference", ["A05", "a05"])
def test_show_finds_a_scenario_by_its_incident(reference: str, run: Callable[..., Result]) -> None:
    assert run("scenarios", "show", reference).stdout == run("scenarios", "show", "auth.admin_required").stdout


def test_an_incident_without_a_file_is_wrong_usage_in_words(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenarios, "names", lambda: ("auth.admin_required",))
    result = run("scenarios", "show", "A06")

    assert result.exit_code == 2
    assert "no scenario of this version plays the incident A06" in result.output


def test_an_incident_with_several_files_asks_which(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    first = scenarios.load("auth.admin_required")
    second = dataclasses.replace(first, name="auth.other")
    monkeypatch.setattr(scenarios, "names", lambda: (first.name, second.name))
    monkeypatch.setattr(scenarios, "load", {first.name: first, second.name: second}.__getitem__)
    result = run("scenarios", "show", "A05")

    assert result.exit_code == 2
    assert "A05 is played by several scenarios: auth.admin_required, auth.other" in result.output


def test_what_cannot_be_played_is_marked_and_explained(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hokusai_mock.scenarios.scenario.PLAYABLE_SETTINGS", frozenset())
    name = "auth.admin_required"
    needed = "the platform setting 'registry_admin_scopes'"
    listed = run("scenarios", "list").stdout.splitlines()
    line = next(line for line in listed if name in line)

    assert line.endswith(f"; cannot be played yet: it would need {needed}")
    assert f"This version cannot play it: it would need {needed}" in run("scenarios", "show", name).stdout
    shown = json.loads(run("scenarios", "show", name, "--json").stdout)
    assert shown["scenario"]["unplayable"][0].startswith(needed)
    assert "cannot play" not in run("scenarios", "show", "gateway.lb_error").stdout


def test_the_list_goes_by_family_and_says_what_the_client_needs(run: Callable[..., Result]) -> None:
    lines = run("scenarios", "list").stdout.splitlines()
    heads = [line.split(":")[0] for line in lines if line.startswith("# ")]
    netrc = next(line for line in lines if " client.netrc " in line)

    assert heads == ["# auth", "# routing", "# outage", "# network", "# version", "# artifact", "# sdk"]
    assert netrc.startswith("A13* client.netrc ")
    assert netrc.endswith("; the client needs files in its home")
    assert lines[-1] == "* the doctor cannot name it yet: a check that would decide is not there"


def test_show_says_what_the_client_is_given_and_what_cannot_be_seen_yet(run: Callable[..., Result]) -> None:
    page = run("scenarios", "show", "sdk.predict_batch").stdout

    assert "an SDK without HokusaiInferencePipeline.predict_batch" in page
    assert "sdk.api.HokusaiInferencePipeline.predict_batch  (cannot be seen yet)" in page


def test_show_lists_the_common_parameters_where_there_are_faults(run: Callable[..., Result]) -> None:
    page = run("scenarios", "show", "gateway.lb_error").stdout

    assert [name for name in scenarios.COMMON if f"\n  {name} " not in page] == []
    assert "probability" not in run("scenarios", "show", "auth.key_required").stdout


def test_a_look_alike_without_a_file_is_marked(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "names", lambda: ("auth.key_invalid", "client.key_quotes"))
    head = " ".join(run("scenarios", "show", "auth.key_invalid").stdout.split())

    assert "looks like A14 (not in this version's catalogue: A04, A09, A11)" in head


def test_show_as_json_holds_the_whole_file(run: Callable[..., Result]) -> None:
    shown = json.loads(run("scenarios", "show", "net.refuse", "--json").stdout)

    assert shown["schema_version"] == 1
    assert shown["scenario"]["file"]["listener"] == [{"name": "main", "kind": "refuse"}]


def test_an_unknown_scenario_is_wrong_usage_with_the_nearest_name(run: Callable[..., Result]) -> None:
    result = run("scenarios", "show", "net.refused")

    assert result.exit_code == 2
    assert "did you mean 'net.refuse'?" in result.output
