"""Control over HTTP: every route does what it says, refuses what makes no sense, and changes nothing then."""

from __future__ import annotations

import itertools
import threading
from datetime import datetime, timedelta, timezone

import pytest

from hokusai_mock import MockServer
from hokusai_mock.messages import MAX_BODY
from hokusai_mock.sandbox import SandboxError

SEARCH = "/api/2.0/mlflow/experiments/search"
START = 1_750_000_000_000


@pytest.fixture
def control(mock, sandbox, ask):
    """Ask control about this test's sandbox: `control("PUT", "/clock", {...})`."""

    def send(method: str, path: str = "", body: object = None, **options: object):
        return ask(f"{mock.url}/_testkit/v1/sandboxes/{sandbox.id}{path}", method, json=body, key=None, **options)

    return send


def search(sandbox, ask, key: str = "hk_test_admin") -> int:
    return ask(f"{sandbox.tracking_uri}{SEARCH}", "POST", json={"max_results": 1}, key=key).status


# -- sandboxes ---------------------------------------------------------------------------------------------------------


def test_a_sandbox_is_made_with_options_of_its_own(mock, ask):
    wanted = {
        "id": "made",
        "mlflow": "mlflow-2.9",
        "seed": 5,
        "time_scale": 0.5,
        "scenarios": [{"name": "auth.admin_required"}],
    }
    answer = ask(f"{mock.url}/_testkit/v1/sandboxes", "POST", json=wanted, key=None)
    assert answer.status == 201
    assert (answer.json["profiles"]["mlflow"], answer.json["seed"]) == ("mlflow-2.9", 5)
    made = mock.sandbox("made")
    assert made.clock.time_scale == 0.5
    made.scenario("healthy")
    made.reset()
    assert [item["name"] for item in made.describe()["scenarios"]] == ["auth.admin_required"], "its own start"
    assert ask(f"{mock.url}/_testkit/v1/sandboxes", "POST", json=wanted, key=None).status == 409
    made.drop()


def test_a_sandbox_without_an_id_gets_a_free_one(mock, ask):
    made = [ask(f"{mock.url}/_testkit/v1/sandboxes", "POST", key=None).json["id"] for _ in range(2)]
    assert len(set(made)) == 2
    listed = ask(f"{mock.url}/_testkit/v1/sandboxes", key=None).json
    assert set(made) <= {item["id"] for item in listed["sandboxes"]}
    for name in made:
        mock.sandbox(name).drop()


def test_the_list_counts_what_is_in_a_sandbox(mock, sandbox, ask):
    sandbox.scenario("gateway.lb_error", times=1)
    search(sandbox, ask)
    listed = ask(f"{mock.url}/_testkit/v1/sandboxes", key=None).json["sandboxes"]
    (mine,) = [item for item in listed if item["id"] == sandbox.id]
    assert (mine["requests"], mine["scenarios"], mine["faults"], mine["errors"]) == (1, ["gateway.lb_error"], 1, 0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"id": "a b"}, "letters, digits"),
        ({"mlflow": "mlflow-9"}, "mlflow-"),
        ({"sede": 1}, "did you mean 'seed'"),
        ({"plain": True, "platform": "platform-documented"}, "no gateway"),
        ({"scenarios": [{"name": "no.such"}]}, "no.such"),
        ({"seed": 1.5}, "whole number"),
        ({"time_scale": -1}, "between 0 and 1000"),
    ],
)
def test_a_sandbox_that_makes_no_sense_is_not_made(mock, ask, body, message):
    before = mock.worlds.ids()
    answer = ask(f"{mock.url}/_testkit/v1/sandboxes", "POST", json=body, key=None)
    assert answer.status == 400
    assert message in answer.json["error"]
    assert mock.worlds.ids() == before


def test_beyond_the_limit_no_sandbox_is_made(ask):
    with MockServer(max_sandboxes=1) as server:
        answer = ask(f"{server.url}/_testkit/v1/sandboxes", "POST", key=None)
        assert answer.status == 409
        assert "--max-sandboxes" in answer.json["error"]


# -- what a sandbox is set to ------------------------------------------------------------------------------------------


def test_the_clock_is_frozen_set_advanced_and_let_go(sandbox):
    clock = sandbox.clock
    clock.freeze(datetime.fromtimestamp(START / 1000, timezone.utc))
    assert (clock.frozen, clock.now_ms) == (True, START)
    for step in (1.5, "1m", timedelta(hours=1)):
        clock.advance(step)
    assert clock.now_ms == START + 1_500 + 60_000 + 3_600_000
    clock.thaw()
    assert not clock.frozen
    assert clock.now.timestamp() * 1000 >= START + 3_661_500
    clock.time_scale = 0
    assert clock.time_scale == 0


def test_a_clock_is_frozen_at_the_moment_that_was_said_however_slow_the_machine(sandbox, monkeypatch):
    ticks = itertools.count(START, 7)
    monkeypatch.setattr("hokusai_mock.clock._real_ms", lambda: next(ticks))
    sandbox.clock.freeze(START + 3)
    assert sandbox.clock.now_ms == START + 3


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", {"frozen": "yes"}),
        ("PUT", {"now_ms": -1}),
        ("PUT", {"advance": 1}),
        ("POST", {"advance": "soon"}),
        ("POST", {"advance": -1}),
        ("POST", {"advance": 1e300}),
        ("POST", {"advance": "1h", "now_ms": 253_402_300_799_999}),
        ("PUT", None),
    ],
)
def test_a_clock_that_makes_no_sense_is_refused_and_unchanged(sandbox, control, method, body):
    sandbox.clock.freeze(START)
    assert control(method, "/clock", body).status == 400
    assert control("GET", "/clock").json == {"frozen": True, "now_ms": START, "time_scale": 1.0}


def test_rights_of_a_key_are_changed_and_its_secret_is_not(sandbox, control, ask):
    assert search(sandbox, ask, "hk_test_reader") == 403
    changed = control("PUT", "/keys/reader", {"admin": True}).json
    assert (changed["key"], changed["admin"], changed["scopes"]) == ("hk_test_reader", True, ["model:read"])
    assert search(sandbox, ask, "hk_test_reader") == 200
    control("PATCH", "/keys/admin", {"valid": False})
    assert search(sandbox, ask) == 401
    assert control("GET", "/keys/admin").json["valid"] is False


def test_a_new_role_gets_a_key(sandbox, control, ask):
    assert control("GET", "/keys/auditor").status == 404
    control("PUT", "/keys/auditor", {"admin": True})
    assert search(sandbox, ask, "hk_test_auditor") == 200
    assert control("PUT", "/keys/No%20role", {}).status == 400


def test_the_same_seed_begins_the_same_ids_and_meets_none_twice(sandbox, control, ask):
    def run() -> str:
        url = f"{sandbox.tracking_uri}/api/2.0/mlflow/runs/create"
        return ask(url, "POST", json={"experiment_id": "0"}).json["run"]["info"]["run_id"]

    control("PUT", "/seed", {"seed": 11})
    first = run()
    control("PUT", "/seed", {"seed": 11})
    assert run() != first, "an id that is taken is not given again"
    sandbox.reset(seed=11)
    assert run() == first
    assert control("GET", "/seed").json == {"seed": 11}


def test_profiles_are_told_and_chosen(sandbox, control):
    assert control("PUT", "/profile", {"mlflow": "mlflow-2.9"}).json["profiles"]["mlflow"] == "mlflow-2.9"
    assert control("GET", "/profile").json == {"mlflow": "mlflow-2.9", "platform": "platform-documented"}


def test_what_goes_wrong_is_listed_and_ended(sandbox, control):
    sandbox.scenario("gateway.lb_error", status=503)
    sandbox.fault(layer="edge", effect="status", with_={"status": 418})
    assert [item["name"] for item in control("GET", "/scenarios").json["scenarios"]] == ["gateway.lb_error"]
    names = [item["name"] for item in control("GET", "/faults").json["faults"]]
    assert names == ["gateway.lb_error", "status#1"]
    assert control("DELETE", "/faults").json == {"faults": []}
    assert control("DELETE", "/scenarios").json["scenarios"] == []


# -- what was recorded -------------------------------------------------------------------------------------------------


def test_the_journal_is_chosen_by_every_filter(sandbox, control, ask):
    sandbox.fault(layer="edge", effect="status", match={"paths": ["/health"]}, times=1, with_={"status": 503})
    for _ in range(2):
        ask(f"{sandbox.url}/health", key=None)
    search(sandbox, ask)

    def found(query: str) -> list[int]:
        return [entry["n"] for entry in control("GET", f"/journal?{query}").json["entries"]]

    assert found("method=get") == [1, 2]
    assert found("path=/health&status=503") == [1]
    assert found("path=experiments/search") == [3]
    assert found("fault=status%231") == [1]
    assert found("fate=sent&since=1") == [2, 3]
    assert found("limit=1") == [3]
    assert found("limit=0") == []
    har = control("GET", "/journal?format=har&status=503").json
    assert [item["response"]["status"] for item in har["log"]["entries"]] == [503]
    counted = control("GET", "/journal?limit=0").json
    assert (counted["requests"], counted["kept"], counted["under_way"]) == (3, 3, 0)
    assert counted["fates"]["sent"] == 3


@pytest.mark.parametrize("query", ["statsu=200", "status=many", "fate=lost", "format=xml", "limit=-1"])
def test_a_filter_that_makes_no_sense_is_refused(control, query):
    assert control("GET", f"/journal?{query}").status == 400


def test_near_misses_are_ranked_with_their_differences(sandbox, ask):
    search(sandbox, ask)
    ask(f"{sandbox.url}/health", key=None)
    near = sandbox.near_misses("POST", "experiments/search", body={"max_results": 5})
    assert near[0]["entry"]["path"].endswith("/experiments/search")
    assert near[0]["differences"] == [{"field": "body.max_results", "expected": 5, "actual": 1, "present": True}]
    assert 1 > near[0]["score"] > near[1]["score"]
    with pytest.raises(SandboxError, match="did you mean 'status'"):
        sandbox.near_misses(statsu=200)


def test_what_matches_is_no_near_miss(sandbox, control, ask):
    search(sandbox, ask)
    found = control("POST", "/near-misses", {"path": "experiments/search", "headers": {"authorization": "Bearer *"}})
    assert found.json == {"matches": 1, "near_misses": []}
    missing = control("POST", "/near-misses", {"headers": {"X-Trace": "*"}, "query": {"page": 2}}).json
    assert [item["present"] for item in missing["near_misses"][0]["differences"]] == [False, False]
    assert control("POST", "/near-misses", {}).status == 400


def test_calls_may_ask_for_headers_and_parameters(sandbox, ask):
    ask(f"{sandbox.url}/health?probe=1&probe=2", key=None, headers={"X-Trace": "abc-1"})
    assert len(sandbox.calls(headers={"x-trace": "abc-*"}, query={"probe": 2})) == 1
    assert sandbox.calls(headers={"x-trace": "b*"}) == []


def test_a_client_in_the_background_is_waited_for(sandbox, ask):
    sandbox.fault(layer="edge", effect="delay", with_={"delay": "50ms"})
    client = threading.Thread(target=lambda: [ask(f"{sandbox.url}/health", key=None) for _ in range(2)])
    client.start()
    found = sandbox.wait_for("GET", "/health", count=2)
    client.join()
    assert [entry["fate"] for entry in found] == ["sent", "sent"]
    with pytest.raises(SandboxError, match="0 of 1"):
        sandbox.wait_for("PUT", timeout=0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"match": {"key": "amdin"}}, r"no key has the role 'amdin'; did you mean 'admin'\?"),
        ({"match": {"paths": ["@mlflow/runs/creat"]}}, r"'@mlflow/runs/creat'; did you mean '@mlflow/runs/create'\?"),
        ({"match": {"paths": ["@mlflow/zzzz"]}}, "no version of MLflow has the endpoint '@mlflow/zzzz'$"),
        ({"effect": "redirect", "with_": {"location": "{listener.main.url}"}}, "no listener 'main' is open; .* first"),
    ],
)
def test_rule_that_could_never_act_is_refused(sandbox, fields, message, control):
    with pytest.raises(SandboxError, match=message):
        sandbox.fault(**{"effect": "reset", **fields})
    assert control("GET", "/faults").json == {"faults": []}


def test_rule_may_name_what_the_sandbox_has(sandbox):
    paths = ["@mlflow/runs/create", "@mlflow/runs/*", "@mlflow/logged-models/m-1"]
    assert sandbox.fault(effect="reset", match={"key": "reader", "paths": paths})
    sandbox.scenario("net.refuse")
    assert sandbox.fault(effect="redirect", with_={"location": "{listener.main.url}"})


def test_healthy_has_no_parameters(sandbox, control):
    sandbox.scenario("gateway.lb_error")
    with pytest.raises(SandboxError, match=r"'healthy' is the platform without any scenario: it has .* no parameters"):
        sandbox.scenario("healthy", times=1)
    assert len(control("GET", "/scenarios").json["scenarios"]) == 1  # it has ended nothing


def test_misspelt_name_of_the_clock_is_refused(sandbox):
    with pytest.raises(AttributeError):
        sandbox.clock.time_scal = 0.01


def test_errors_of_the_mock_are_told_and_forgotten(mock, sandbox, control):
    mock.worlds.get(sandbox.id).errors.append("Traceback: it broke")
    assert sandbox.errors == ["Traceback: it broke"]
    assert control("DELETE", "/errors").json == {"errors": []}
    assert sandbox.errors == []


# -- bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"now_ms": NaN}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"frozen": true}', "text/plain", 415),
        (b'{"frozen": true}', "application/x-www-form-urlencoded", 415),
        (b" " * (MAX_BODY + 1), "application/json", 413),
    ],
)
def test_a_body_that_is_none_is_refused(sandbox, ask, *, body, kind, status):
    url = f"{sandbox.server_url}/_testkit/v1/sandboxes/{sandbox.id}/clock"
    answer = ask(url, "PUT", body=body, headers={"Content-Type": kind}, key=None)
    assert answer.status == status
    assert set(answer.json) == {"error"}
    assert not sandbox.clock.frozen


def test_what_takes_nothing_takes_nothing(control):
    assert control("DELETE", "/journal", {"all": True}).status == 400
    assert control("GET", "/clock?format=har").status == 400
    assert control("POST", "/journal", {}).status == 405
