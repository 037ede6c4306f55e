"""The mock as a whole, over real sockets: gateway, sandboxes, admin API, scenarios, journal, safety, start and stop."""

from __future__ import annotations

import socket
import threading

import pytest

from hokusai_mock import MockServer, Sandbox
from hokusai_mock.sandbox import SandboxError
from hokusai_mock.server.mock import ServerError

SEARCH = "/api/2.0/mlflow/experiments/search"
CREATE = "/api/2.0/mlflow/experiments/create"
ONE = {"max_results": 1}


# -- gateway -----------------------------------------------------------------------------------------------------------


def test_health_needs_no_key(sandbox, ask):
    answer = ask(f"{sandbox.url}/health", key=None)
    assert (answer.status, answer.json["status"]) == (200, "healthy")


@pytest.mark.parametrize("mount", ["/api/mlflow", "/mlflow"])
def test_mlflow_is_mounted_behind_the_key(sandbox, ask, mount):
    url = f"{sandbox.url}{mount}{SEARCH}"
    assert ask(url, "POST", json=ONE, key=None).json == {"detail": "API key required"}
    assert ask(url, "POST", json=ONE, key="hk_test_nobody").json == {"detail": "Invalid or expired API key"}
    assert ask(url, "POST", json=ONE, key="hk_test_default").status == 403
    assert ask(url, "POST", json=ONE).json["experiments"][0]["name"] == "Default"


def test_the_documented_platform_keeps_the_prefix_of_the_bare_mount(sandbox, ask):
    assert ask(f"{sandbox.url}{SEARCH}", "POST", json=ONE).status == 200


def test_an_html_404_of_mlflow_becomes_json(sandbox, ask):
    answer = ask(f"{sandbox.tracking_uri}/api/2.0/mlflow/no/such")
    assert answer.status == 404
    assert answer.json == {
        "error_code": "RESOURCE_NOT_FOUND",
        "message": "The requested resource was not found: api/2.0/mlflow/no/such",
    }


def test_an_unknown_path_of_the_platform_is_fastapis_404(sandbox, ask):
    answer = ask(f"{sandbox.url}/api/v1/models/baseline", "POST", json={})
    assert (answer.status, answer.json) == (404, {"detail": "Not Found"})
    assert ask(f"{sandbox.url}/health", "POST", json={}).status == 405


def test_every_answer_says_that_it_is_a_mock(sandbox, ask, mock):
    paths = [
        f"{sandbox.url}/health",
        f"{sandbox.url}/nothing",
        f"{mock.url}/s/b%20d/",
        f"{mock.url}/_testkit/v1/nothing",
    ]
    assert all("x-hokusai-testkit" in ask(path, key=None).headers for path in paths)


def test_a_plain_server_has_mlflow_at_its_root_and_no_gateway(ask):
    with MockServer(plain=True) as server:
        plain = server.sandbox("x")
        assert plain.tracking_uri == plain.url
        assert ask(f"{plain.url}{SEARCH}", "POST", json=ONE, key=None).status == 200
        lost = ask(f"{plain.url}/api/2.0/mlflow/no/such", key=None)
        assert (lost.status, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_a_body_beyond_the_limit_is_refused(sandbox, ask):
    answer = ask(
        f"{sandbox.tracking_uri}{CREATE}",
        "POST",
        headers={"Content-Length": str(17 * 1024 * 1024), "Content-Type": "application/json", "Connection": "close"},
    )
    assert answer.status == 413


# -- sandboxes ---------------------------------------------------------------------------------------------------------


def test_two_sandboxes_share_nothing(mock, ask):
    one, two = mock.sandbox("one"), mock.sandbox("two")
    ask(f"{one.tracking_uri}{CREATE}", "POST", json={"name": "mine"})
    one.scenario("auth.admin_required")
    names = [
        item["name"] for item in ask(f"{two.tracking_uri}{SEARCH}", "POST", json={"max_results": 9}).json["experiments"]
    ]
    assert names == ["Default"]
    assert [entry["path"] for entry in two.journal] == ["/api/mlflow" + SEARCH]
    for used in (one, two):
        used.drop()


def test_many_threads_use_their_own_sandboxes(mock, ask):
    failures = []

    def work(number):
        mine = mock.sandbox(f"thread-{number}")
        for turn in range(5):
            ask(f"{mine.tracking_uri}{CREATE}", "POST", json={"name": f"{number}-{turn}"})
        found = ask(f"{mine.tracking_uri}{SEARCH}", "POST", json={"max_results": 99}).json["experiments"]
        names = {item["name"] for item in found} - {"Default"}
        if names != {f"{number}-{turn}" for turn in range(5)} or len(mine.journal) != 6:
            failures.append((number, names))
        mine.drop()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_reset_returns_to_the_start(sandbox, ask):
    ask(f"{sandbox.tracking_uri}{CREATE}", "POST", json={"name": "gone"})
    sandbox.scenario("auth.admin_required")
    sandbox.reset()
    assert sandbox.journal == []
    found = ask(f"{sandbox.tracking_uri}{SEARCH}", "POST", json={"max_results": 9}).json["experiments"]
    assert [item["name"] for item in found] == ["Default"]


def test_the_same_seed_gives_the_same_ids(ask):
    def run_id(seed):
        with MockServer(seed=seed) as server:
            box = server.sandbox("x")
            made = ask(f"{box.tracking_uri}/api/2.0/mlflow/runs/create", "POST", json={"experiment_id": "0"})
            return made.json["run"]["info"]["run_id"]

    assert run_id(7) == run_id(7) != run_id(8)


@pytest.mark.parametrize("bad", ["b%20d", "x" * 65, ""])
def test_an_impossible_sandbox_id_is_refused(mock, ask, bad):
    answer = ask(f"{mock.url}/s/{bad}/health", key=None)
    assert answer.status == 404
    assert b"healthy" not in answer.body


def test_beyond_the_limit_no_sandbox_is_made(ask):
    with MockServer(max_sandboxes=2) as server:
        assert ask(f"{server.url}/s/one/health", key=None).status == 200
        refused = ask(f"{server.url}/s/two/health", key=None)
        assert refused.status == 503
        assert "--max-sandboxes" in refused.json["error"]


def test_control_cannot_be_reached_through_a_sandbox(sandbox, ask):
    assert ask(f"{sandbox.url}/_testkit/v1/journal", key=None).status == 401
    assert ask(f"{sandbox.url}/_testkit/v1/journal").json == {"detail": "Not Found"}


# -- scenarios and faults ----------------------------------------------------------------------------------------------


def test_a_scenario_takes_rights_and_healthy_gives_them_back(sandbox, ask):
    url = f"{sandbox.tracking_uri}{SEARCH}"
    sandbox.scenario("auth.admin_required")
    assert ask(url, "POST", json=ONE).json["error"] == "REGISTRY_ADMIN_REQUIRED"
    sandbox.scenario("healthy")
    assert ask(url, "POST", json=ONE).status == 200


def test_an_outage_ends_after_its_times(sandbox, ask):
    url = f"{sandbox.tracking_uri}{SEARCH}"
    sandbox.scenario("gateway.lb_error", status=503, times=2)
    answers = [ask(url, "POST", json=ONE) for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].headers["content-type"].startswith("text/html")


def test_an_old_server_has_no_logged_models(sandbox, ask):
    sandbox.scenario("version.server")
    assert sandbox.profile["mlflow"] == "mlflow-2.9"
    answer = ask(f"{sandbox.tracking_uri}/api/2.0/mlflow/logged-models/search", "POST", json={})
    assert (answer.status, answer.json["error_code"]) == (404, "RESOURCE_NOT_FOUND")


def test_a_misspelt_scenario_is_refused_with_the_nearest_name(sandbox):
    with pytest.raises(SandboxError, match=r"auth\.admin_required"):
        sandbox.scenario("auth.admin_requird")
    with pytest.raises(SandboxError, match="status"):
        sandbox.scenario("gateway.lb_error", statu=503)


def test_a_fault_by_hand(sandbox, ask):
    sandbox.fault(layer="edge", effect="status", match={"methods": ["POST"]}, with_={"status": 418, "text": "teapot"})
    url = f"{sandbox.tracking_uri}{SEARCH}"
    assert (ask(url, "POST", json=ONE).status, ask(f"{sandbox.url}/health", key=None).status) == (418, 200)
    with pytest.raises(SandboxError, match="edge"):
        sandbox.fault(layer="egde", effect="status")


def test_a_fault_after_the_endpoint_has_acted_keeps_what_it_did(sandbox, ask):
    sandbox.fault(
        layer="handler",
        when="after",
        effect="status",
        match={"paths": ["@mlflow/experiments/create"]},
        times=1,
        with_={"status": 502, "html": "bad-gateway"},
    )
    url = f"{sandbox.tracking_uri}{CREATE}"
    assert ask(url, "POST", json={"name": "twice"}).status == 502
    again = ask(url, "POST", json={"name": "twice"})
    assert (again.status, again.json["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")


def test_another_version_from_the_next_request_on(sandbox, ask):
    sandbox.use_profile(mlflow="mlflow-2.9")
    assert ask(f"{sandbox.tracking_uri}/version").body == b"2.9.2"
    with pytest.raises(SandboxError, match=r"mlflow-2\.9"):
        sandbox.use_profile(mlflow="mlflow-2.8")
    assert sandbox.profile["mlflow"] == "mlflow-2.9"


# -- journal -----------------------------------------------------------------------------------------------------------


def test_the_journal_knows_who_asked_what_and_how_it_ended(sandbox, ask):
    ask(f"{sandbox.tracking_uri}{SEARCH}", "POST", json=ONE, key="hk_test_default")
    (entry,) = sandbox.calls("POST", "experiments/search")
    assert (entry["status"], entry["fate"]) == (403, "sent")
    assert (entry["auth"]["key"], entry["layer"]) == ("default", "gateway")
    assert entry["body"] == '{"max_results": 1}'
    assert entry["answered_bytes"] > 0


def test_a_foreign_secret_never_leaves_the_journal(sandbox, ask):
    secret = "hk_" + "test_" + "Q7" * 10
    ask(f"{sandbox.tracking_uri}{SEARCH}?api_key={secret}", "POST", json={"api_key": secret}, key=secret)
    assert secret not in str(sandbox.journal)
    assert secret not in str(sandbox.har())
    assert sandbox.calls("POST")[0]["auth"]["key"] == "unknown"


# -- admin API and safety ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Origin": "https://evil.example"}])
def test_web_pages_and_rebound_names_cannot_reach_control(mock, ask, headers):
    answer = ask(f"{mock.url}/_testkit/v1/journal", key=None, headers=headers)
    assert answer.status == 403
    assert "error" in answer.json
    assert answer.headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in answer.headers


def test_control_without_a_sandbox_means_the_default_one(mock, ask):
    ask(f"{mock.url}/health", key=None)
    paths = [entry["path"] for entry in ask(f"{mock.url}/_testkit/v1/journal", key=None).json["entries"]]
    assert "/health" in paths


def test_an_unknown_field_is_refused_with_the_nearest(mock, ask):
    answer = ask(f"{mock.url}/_testkit/v1/profile", "PUT", json={"mlfow": "mlflow-2.9"}, key=None)
    assert answer.status == 400
    assert answer.json["error"].startswith("the body: unknown key 'mlfow'; did you mean 'mlflow'?")


def test_control_says_that_it_wants_json(mock, ask):
    answer = ask(f"{mock.url}/_testkit/v1/scenarios", "POST", body=b'{"name": "auth.admin_required"}', key=None)
    assert answer.status == 415
    assert "Content-Type: application/json" in answer.json["error"]


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_of_control_describes_the_default_sandbox(mock, ask, path):
    assert ask(f"{mock.url}/_testkit/v1{path}", key=None).json["id"] == "default"


def test_a_token_guards_control_and_the_handle_sends_it(ask):
    with MockServer(admin_token="let-me-in") as server:
        assert ask(f"{server.url}/_testkit/v1/journal", key=None).status == 403
        assert server.sandbox().journal == []
        with pytest.raises(SandboxError, match="token"):
            assert Sandbox(server.url, token="wrong").journal


def test_an_open_host_without_a_token_is_refused():
    with pytest.raises(ServerError, match="admin token"):
        MockServer(host="0.0.0.0")


# -- start and stop ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "mlflow-3.8"}, r"mlflow-3\.9"),
        ({"profile": ["mlflow-3.9", "mlflow-2.9"]}, "two mlflow profiles"),
        ({"profile": "platform-documentd"}, "platform-documented"),
        ({"profile": "platform-documented", "plain": True}, "no gateway"),
        ({"scenario": "auth.admin"}, r"auth\.admin_required"),
        ({"scenario": [("gateway.lb_error", {"status": "teapot"})]}, "status"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_opened(options, message):
    with pytest.raises(ServerError, match=message):
        MockServer(**options)


def test_scenarios_from_the_start_hold_in_every_sandbox(ask):
    with MockServer(scenario=[("gateway.lb_error", {"status": "504"})]) as server:
        for name in ("one", "two"):
            assert ask(f"{server.sandbox(name).tracking_uri}{SEARCH}", "POST", json=ONE).status == 504


def test_stop_frees_the_port_at_once():
    server = MockServer().start()
    port = server.port
    server.stop()
    with MockServer(port=port) as again:
        assert again.port == port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=2)


def test_a_handle_on_a_stopped_mock_says_so():
    with MockServer() as server:
        handle = server.sandbox()
    with pytest.raises(SandboxError, match="still running"):
        assert handle.journal
