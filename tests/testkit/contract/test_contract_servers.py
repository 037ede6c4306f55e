"""Servers by URL as targets, with a second mock in their place: what arrives there and what is left there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hokusai_mock import MockServer
from hokusai_testkit.cli.contract import command
from hokusai_testkit.contract.runner import Selection, UsageError, run
from hokusai_testkit.contract.servers.ledger import FILE_NAME, Ledger, RunFacts
from hokusai_testkit.contract.servers.target import Terms
from hokusai_testkit.contract.wire import Tracking

VERSIONS = "versions_are_listed_in_ascending_order or latest_of_an_unknown_model"
UNKNOWN = "latest_of_an_unknown_model or list_of_an_unknown_model"
"""Two cases that only read."""
KEY = "hk_test_admin"


@pytest.fixture
def plain() -> Iterator[MockServer]:
    with MockServer(plain=True) as server:
        yield server


@pytest.fixture
def service() -> Iterator[MockServer]:
    """The platform as observed: registered models cannot be removed, DELETE bodies are lost."""
    with MockServer(profile="platform-2026-06") as server:
        yield server


@pytest.fixture
def terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terms:
    """Terms for the real service: a key in a variable of its own, fast enough for a test."""
    monkeypatch.setenv("STAGING_KEY", KEY)
    return Terms("1a2b3c4d", tmp_path / "report", api_key=KEY, api_key_env="STAGING_KEY", rate=1000.0)


def requests(server: MockServer) -> list[str]:
    return [f"{entry['method']} {entry['path']}" for entry in server.sandbox().journal]


def changing(server: MockServer) -> list[str]:
    return [line for line in requests(server) if not line.startswith("GET") and not line.endswith("/search")]


def outcomes(result) -> dict[str, tuple[str, str | None]]:
    return {
        case.info.id.rpartition("/")[2]: (case.outcome, case.reason and case.reason.code)
        for case in result.cases
        if case.outcome != "disabled"
    }


# -- a plain MLflow server ---------------------------------------------------------------------------------------------


def test_a_plain_server_is_used_and_left_as_it_was(plain, tmp_path):
    mine = Tracking(plain.url, None)
    mine.create_model("fraud")
    result = run(Selection(target=plain.url, keyword=VERSIONS, terms=Terms("1a2b3c4d", tmp_path)))
    assert result.verdict is True
    assert result.target["kind"] == "mlflow"
    assert mine.model_names() == ["fraud"]
    assert [name for name in mine.experiment_names() if name != "Default"] == []
    assert result.target["left"] == result.target["cannot_look"] == []
    assert [what for what in result.target["removed"] if "hkt-1a2b3c4d-" in what]


def test_on_a_plain_server_the_platforms_cases_say_that_they_do_not_apply(plain, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    result = run(Selection(target=plain.url, keyword="ISSUE-3"))
    assert result.target["ledger"].startswith(str(tmp_path))
    reasons = {case.reason.code for case in result.cases if case.outcome == "disabled"}
    assert {"not-applicable:scenarios", "not-applicable:platform", "deselected:keyword"} <= reasons
    assert result.verdict is True


def test_cases_that_write_are_left_out_of_a_run_that_only_reads(plain, tmp_path):
    terms = Terms("1a2b3c4d", tmp_path, read_only=True)
    result = run(Selection(target=plain.url, keyword="ISSUE-3", terms=terms))
    assert changing(plain) == []
    assert result.verdict is True
    assert "deselected:read-only" in {case.reason.code for case in result.cases if case.reason}


# -- the real service --------------------------------------------------------------------------------------------------


def test_the_real_service_is_only_read_at_level_core_unless_more_is_asked_for(service, terms):
    result = run(Selection(target=f"{service.url}/api", terms=terms))
    assert result.selection["level"] == "core"
    assert result.target["limits"] == {"read_only": True, "events": None, "budget": 400, "rate": 1000.0}
    assert changing(service) == []
    assert 0 < len(requests(service)) <= 400
    assert result.target["requests"] == len(requests(service))
    assert result.verdict is True


@pytest.mark.parametrize(
    ("changes", "level", "message"),
    [
        ({"api_key_env": None}, None, "--api-key-env VAR"),
        ({"api_key": None, "api_key_env": "NOT_SET"}, None, "NOT_SET is not set"),
        ({}, "full", "--budget N"),
    ],
)
def test_the_real_service_wants_a_key_by_variable_and_a_limit(service, terms, changes, level, message):
    with pytest.raises(UsageError, match=message):
        run(Selection(target=f"{service.url}/api", level=level, terms=replace(terms, **changes)))
    assert requests(service) == []


def test_the_key_never_goes_over_plain_http_to_another_machine(terms):
    with pytest.raises(UsageError, match="plain http"):
        run(Selection(target="http://registry.hokus.ai/api", terms=terms))


def test_the_first_429_ends_the_run_and_nothing_is_proved(service, terms):
    service.sandbox().fault(effect="status", with_={"status": 429}, after=2)
    result = run(Selection(target=f"{service.url}/api", keyword=UNKNOWN, level="full", terms=replace(terms, budget=99)))
    assert [entry["status"] for entry in service.sandbox().journal].count(429) == 1
    assert result.verdict is None
    codes = {case.reason.code for case in result.cases if case.outcome == "skip"}
    assert codes == {"stopped:rate-limited"}


def test_the_budget_is_the_end_of_the_run(service, terms):
    result = run(Selection(target=f"{service.url}/api", keyword=UNKNOWN, terms=replace(terms, budget=3), level="full"))
    assert len(requests(service)) == 3
    assert result.verdict is None
    assert {case.reason.code for case in result.cases if case.outcome == "skip"} == {"stopped:budget"}


def test_what_cannot_be_removed_is_one_model_and_said_to_be_left(service, terms):
    allowed = replace(terms, read_only=False)
    keyword = "model_name_names_the_registered_model or run_is_finished and ISSUE-2"
    result = run(Selection(target=f"{service.url}/api", keyword=keyword, terms=allowed))
    assert result.verdict is True
    (left,) = [what for what in result.target["left"] if what.startswith("registered model")]
    assert left.startswith("registered model hkt-1a2b3c4d-model")
    tracking = Tracking(service.sandbox().tracking_uri, KEY)
    assert tracking.model_names() == ["hkt-1a2b3c4d-model"]
    assert tracking.versions("hkt-1a2b3c4d-model") == []


def test_an_event_needs_a_token_that_was_named(service, terms):
    result = run(
        Selection(
            target=f"{service.url}/api", terms=replace(terms, read_only=False), keyword="flush_signature or event"
        )
    )
    assert "not-applicable:events" in {case.reason.code for case in result.cases if case.outcome == "disabled"}
    assert [line for line in requests(service) if "registration-events" in line] == []


def test_the_key_stands_in_no_report_and_no_ledger(service, tmp_path, monkeypatch):
    secret = "not-a-real-key-but-long-enough"
    monkeypatch.setenv("STAGING_KEY", secret)
    said = contract(
        "--target", f"{service.url}/api", "--api-key-env", "STAGING_KEY", "-k", "unknown", "--report", tmp_path
    )
    assert f"Run {json.loads((tmp_path / 'result.json').read_text())['target']['run']}" in said.stderr
    for file in tmp_path.iterdir():
        assert secret not in file.read_text("utf-8")
    assert secret not in said.output


# -- the command line --------------------------------------------------------------------------------------------------


def contract(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_a_dry_run_shows_cases_and_requests_and_sends_none(service, monkeypatch):
    monkeypatch.setenv("STAGING_KEY", KEY)
    place = ("--target", f"{service.url}/api", "--api-key-env", "STAGING_KEY")
    said = contract(*place, "--dry-run", "--level", "full", "--budget", 9, "-k", UNKNOWN)
    assert said.exit_code == 0
    lines = said.stdout.splitlines()
    assert lines[0] == f"2 cases would run at level full against {service.url}/api:"
    assert re.fullmatch(r"  reads +[1-9] requests  ModelVersionManager\.\w+/latest_of_an_unknown_model", lines[1])
    assert re.match(r"[1-9] requests in a rehearsal on the mock; the run would make at most 9\. Nothing", lines[-1])
    assert requests(service) == []


def test_limits_are_for_servers(service):
    said = contract("--budget", 3)
    assert said.exit_code == 2
    assert "--budget is for a server by URL" in said.stderr


@pytest.fixture
def killed(service, tmp_path, monkeypatch) -> Path:
    """What a killed run left: a run whose id is known, one that was never answered, an experiment, a model."""
    monkeypatch.setenv("STAGING_KEY", KEY)
    facts = RunFacts("1a2b3c4d", f"{service.url}/api", platform=True, api_key_env="STAGING_KEY")
    ledger, tracking = Ledger(tmp_path / FILE_NAME, facts), Tracking(service.sandbox().tracking_uri, KEY)
    number = ledger.intend("experiment", "one", {"name": "hkt-1a2b3c4d-0-churn"})
    run_ = tracking.create_run("hkt-1a2b3c4d-0-churn")
    ledger.done(number, 200, run_.experiment_id)
    ledger.done(ledger.intend("run", "one", {"experiment_id": run_.experiment_id}), 200, run_.id)
    ledger.intend("run", "two", {"experiment_id": "0"})
    ledger.intend("registered model", "two", {"name": "hkt-1a2b3c4d-model"})
    tracking.create_model("hkt-1a2b3c4d-model")
    tracking.create_version("hkt-1a2b3c4d-model", run=run_)
    tracking.create_run("mine")
    return tmp_path


def test_cleanup_removes_what_it_can_and_lists_the_rest(service, killed):
    said = contract("cleanup", "--run", "1a2b3c4d", "--report", killed, "--json")
    found = json.loads(said.stdout)
    assert said.exit_code == 3
    assert any(what.startswith("experiment hkt-") for what in found["removed"])
    assert any(what.startswith("run ") for what in found["removed"])
    assert [what.partition(":")[0] for what in found["left"]] == [
        "registered model hkt-1a2b3c4d-model",
        "perhaps a run in the experiment 0",
    ]
    tracking = Tracking(service.sandbox().tracking_uri, KEY)
    assert tracking.versions("hkt-1a2b3c4d-model") == []
    assert sorted(tracking.experiment_names()) == ["Default", "mine"]
    assert [one.status for one in tracking.runs("mine")] == ["RUNNING"]


def test_cleanup_says_where_it_cannot_look(service, killed, monkeypatch):
    monkeypatch.setenv("STAGING_KEY", "hk_test_reader")
    said = contract("cleanup", "--run", "1a2b3c4d", "--report", killed)
    assert said.exit_code == 3
    assert "cannot look: registered models: the target answered 403" in said.stdout


@pytest.mark.parametrize(
    ("run_id", "message"), [("zz", "no run id"), ("00000000", "no ledger"), ("1a2b3c4e", "belongs")]
)
def test_cleanup_of_no_such_run_is_wrong_usage(killed, tmp_path_factory, run_id, message):
    folder = tmp_path_factory.mktemp("empty") if run_id == "00000000" else killed
    said = contract("cleanup", "--run", run_id, "--report", folder)
    assert said.exit_code == 2
    assert message in said.stderr


def test_diff_finds_what_got_worse(tmp_path, write_sdk):
    good = write_sdk("good_sdk", "class PerformanceTracker:\n    def flush(self): ...\n")
    bad = write_sdk("bad_sdk", "class PerformanceTracker:\n    def flush(self, now): ...\n")
    for sdk in (good, bad):
        contract("--sdk", sdk, "-k", "flush_signature", "--json", tmp_path / f"{sdk}.json")
    said = contract("diff", tmp_path / "good_sdk.json", tmp_path / "bad_sdk.json")
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == "WORSE   PerformanceTracker.flush/flush_signature: pass -> fail"
    assert contract("diff", tmp_path / "bad_sdk.json", tmp_path / "good_sdk.json").exit_code == 0
    assert contract("diff", tmp_path / "bad_sdk.json", __file__).exit_code == 2
