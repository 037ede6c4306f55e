"""What a run may do to a server, decided without a socket: effects of requests, limits, rate, ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hokusai_testkit.contract.servers.ledger import FILE_NAME, Ledger, LedgerError, RunFacts, read
from hokusai_testkit.contract.servers.limits import Guard, Limits, Pace
from hokusai_testkit.contract.servers.target import is_platform
from hokusai_testkit.contract.servers.traffic import Action, action_of, created_by, identity

API = "/api/mlflow/api/2.0/mlflow"
READ, WRITE, EVENT = Action("read"), Action("write"), Action("event")
FACTS = RunFacts("1a2b3c4d", "https://registry.hokus.ai/api", platform=True, api_key_env="STAGING_KEY")


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", f"{API}/runs/get", READ),
        ("HEAD", "/health", READ),
        ("POST", f"{API}/runs/search", READ),
        ("POST", f"{API}/registered-models/get-latest-versions", READ),
        ("POST", "/api/v1/keys/validate", READ),
        ("POST", f"{API}/runs/create", Action("create", "run")),
        ("POST", "/api/2.0/mlflow/experiments/create", Action("create", "experiment")),
        ("POST", "/ajax-api/2.0/mlflow/registered-models/create", Action("create", "registered model")),
        ("POST", f"{API}/model-versions/create", Action("create", "model version")),
        ("POST", f"{API}/logged-models", Action("create", "logged model")),
        ("POST", f"{API}/runs/log-batch", WRITE),
        ("DELETE", f"{API}/registered-models/delete", WRITE),
        ("PUT", "/api/mlflow/api/2.0/mlflow-artifacts/artifacts/1/x", WRITE),
        ("POST", "/api/mlflow/api/2.0/mlflow-artifacts/artifacts/search", WRITE),
        ("POST", "/api/v1/models/30/predict", WRITE),
        ("POST", "/api/models/tokenized-registration-events", EVENT),
        ("POST", "/api/webhooks/model-registration", EVENT),
        ("POST", "/something/new", WRITE),
    ],
)
def test_what_a_request_does_is_read_from_its_method_and_path(method, path, action):
    assert action_of(method, path) == action


def test_a_creation_is_known_by_its_request_and_by_its_answer():
    assert identity("run", {"experiment_id": 3, "run_name": "a", "tags": []}) == {"experiment_id": "3", "run_name": "a"}
    assert created_by("run", {"run": {"info": {"run_id": "abc"}}}) == "abc"
    assert created_by("model version", {"model_version": {"version": 4}}) == "4"
    assert created_by("experiment", {"unexpected": True}) is None


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://registry.hokus.ai", True),
        ("https://registry.hokus.ai/api/mlflow", True),
        ("http://127.0.0.1:8765/api", True),
        ("http://127.0.0.1:8765/s/mine/api/", True),
        ("http://127.0.0.1:5000", False),
        ("https://mlflow.example/team", False),
        ("https://hokus.ai.example", False),
    ],
)
def test_the_platform_is_known_by_its_host_or_its_mounts(url, platform):
    assert is_platform(url) is platform


def refusal(limits: Limits, action: Action, name: str | None = None) -> str | None:
    found = Guard(limits).admit(action, "POST /x", name)
    return None if found is None else found.code


def test_nothing_but_reading_passes_unless_it_is_allowed():
    assert refusal(Limits(), READ) is None
    assert refusal(Limits(), WRITE) == "read-only"
    assert refusal(Limits(), Action("create", "run")) == "read-only"
    assert refusal(Limits(read_only=False), WRITE) is None


def test_events_pass_for_the_named_token_alone():
    assert refusal(Limits(read_only=False), EVENT, "OURS") == "events"
    assert refusal(Limits(read_only=False, events="OURS"), EVENT, "OURS") is None
    assert refusal(Limits(read_only=False, events="OURS"), EVENT, "THEIRS") == "events"
    assert refusal(Limits(read_only=True, events="OURS"), EVENT, "OURS") == "read-only"


def test_where_models_cannot_be_removed_one_is_made():
    limits = Limits(read_only=False, model="hkt-1-model")
    assert refusal(limits, Action("create", "registered model"), "hkt-1-model") is None
    assert refusal(limits, Action("create", "registered model"), "another") == "fresh"
    assert refusal(limits, Action("create", "experiment"), "another") is None


def test_the_budget_counts_over_interpreters_and_ends_the_run():
    guard = Guard(Limits(budget=3), spent=1)
    assert [guard.admit(READ, "GET /x") for _ in range(2)] == [None, None]
    assert guard.stopped is None
    assert guard.admit(READ, "GET /x").code == "budget"
    assert guard.stopped.code == "budget"
    assert guard.spent == 3


def test_the_first_429_is_the_last_answer():
    guard = Guard(Limits())
    guard.saw(200, "/a")
    assert guard.admit(READ, "GET /a") is None
    guard.saw(429, "/b")
    assert guard.admit(READ, "GET /a").code == "rate-limited"
    assert "/b" in guard.stopped.text


def test_what_is_refused_is_not_counted():
    guard = Guard(Limits())
    guard.admit(WRITE, "POST /x")
    assert guard.spent == 0


def test_requests_leave_at_the_rate_and_not_in_bursts():
    waited: list[float] = []
    pace = Pace(5.0, now=lambda: 100.0, wait=waited.append)
    for _ in range(4):
        pace.take()
    assert waited == pytest.approx([0.2, 0.4, 0.6])


def test_a_ledger_tells_what_was_answered_from_what_was_not(tmp_path: Path):
    ledger = Ledger(tmp_path / FILE_NAME, FACTS)
    first = ledger.intend("run", "case-1", {"experiment_id": "3"})
    ledger.intend("experiment", "case-2", {"name": "hkt-1a2b3c4d-x"})
    ledger.done(first, 200, "abc")
    facts, made = read(tmp_path, "1a2b3c4d")
    assert facts == FACTS
    assert facts.prefix == "hkt-1a2b3c4d-"
    assert [(one.what, one.case, one.id, one.status) for one in made] == [
        ("run", "case-1", "abc", 200),
        ("experiment", "case-2", None, None),
    ]
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_ledger_goes_on_where_a_killed_interpreter_left_it(tmp_path: Path):
    Ledger(tmp_path / FILE_NAME, FACTS).intend("run", "one", {"experiment_id": "1"})
    with (tmp_path / FILE_NAME).open("a") as file:
        file.write('{"n": 2, "what": "ru')
    again = Ledger(tmp_path / FILE_NAME, FACTS)
    again.done(again.intend("run", "two", {"experiment_id": "2"}), 200, "id-2")
    _, made = read(tmp_path, "1a2b3c4d")
    assert [(one.case, one.id) for one in made] == [("one", None), ("two", "id-2")]


def test_the_ledger_of_an_earlier_run_in_the_same_folder_is_kept(tmp_path: Path):
    Ledger(tmp_path / FILE_NAME, FACTS).intend("run", "one", {"experiment_id": "1"})
    Ledger(tmp_path / FILE_NAME, replace(FACTS, run="5e6f7081")).intend("run", "two", {"experiment_id": "2"})
    assert [one.case for one in read(tmp_path, "1a2b3c4d")[1]] == ["one"]
    assert [one.case for one in read(tmp_path, "5e6f7081")[1]] == ["two"]


@pytest.mark.parametrize("content", [None, "", "not json\n", json.dumps({"run": "x"}) + "\n"])
def test_what_is_no_ledger_is_said_to_be_none(tmp_path, content):
    if content is not None:
        (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(LedgerError, match=FILE_NAME):
        read(tmp_path, "1a2b3c4d")
