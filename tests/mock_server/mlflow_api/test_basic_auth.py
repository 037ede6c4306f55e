"""A server that runs with `--app-name basic-auth`; statuses and bodies are those of real servers.

Asked of MLflow 2.9.2, 2.22.5, 3.4.0, 3.9.0 and 3.17.2 with an administrator and one user.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hokusai_mock import MockServer
from hokusai_mock.messages import Response
from hokusai_mock.schema import SchemaError, read
from hokusai_mock.store.contents import Contents, dump, load
from hokusai_mock.users import BasicAuth, Grant

from .conftest import Server, content
from .test_switches import serve

USERS = {"admin": "root-pw", "bob": "bob-pw"}
TEXT = (
    b"You are not authenticated. Please see "
    b"https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate."
)
FORBIDDEN = (403, b"Permission denied")


def with_users(*grants: Grant, default: str = "READ", **options: Any) -> Server:
    server = serve({"basic_auth": BasicAuth(USERS, default, grants)}, **options)  # type: ignore[arg-type]
    as_user(server, "admin", "POST", "experiments/create", {"name": "shared"})
    as_user(server, "admin", "POST", "registered-models/create", {"name": "m"})
    return server


def as_user(server: Server, user: str, method: str, target: str, payload: Any = None, **more: Any) -> Response:
    credentials = base64.b64encode(f"{user}:{USERS[user]}".encode()).decode()
    return server.ask(method, target, payload, headers={"Authorization": f"Basic {credentials}"}, **more)


def facts(response: Response) -> tuple[int, bytes]:
    return response.status, content(response)


def a_run(server: Server) -> str:
    made = as_user(server, "admin", "POST", "runs/create", {"experiment_id": "1", "start_time": 1})
    return str(json.loads(content(made))["run"]["info"]["run_id"])


@pytest.mark.parametrize(
    "authorization", [None, "Bearer abc", "Basic " + base64.b64encode(b"admin:wrong").decode(), "Basic !", "Basic"]
)
def test_no_password_a_wrong_one_and_a_key_are_refused_alike(authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = with_users().ask("POST", "experiments/search", {"max_results": 1}, headers=headers)

    assert facts(response) == (401, TEXT)
    assert response.header("WWW-Authenticate") == 'Basic realm="mlflow"'


@pytest.mark.parametrize(("path", "status"), [("/health", 200), ("/version", 401), ("/nope", 401), ("/", 401)])
def test_only_health_is_open(path: str, status: int) -> None:
    assert with_users().ask("GET", path).status == status


def test_hosts_are_checked_before_names() -> None:
    assert with_users().ask("GET", "/nope", headers={"Host": "evil.example"}).status == 403


def test_who_may_read_may_not_write() -> None:
    server = with_users()
    run_id = a_run(server)

    def bob(*request: Any) -> tuple[int, bytes]:
        return facts(as_user(server, "bob", *request))

    assert bob("GET", "experiments/get?experiment_id=1")[0] == 200
    assert bob("GET", "runs/get?run_id=" + run_id)[0] == 200
    assert bob("POST", "runs/create", {"experiment_id": "1", "start_time": 1}) == FORBIDDEN
    assert bob("POST", "runs/log-metric", {"run_id": run_id, "key": "a", "value": 1, "timestamp": 1}) == FORBIDDEN
    assert bob("PUT", f"/api/2.0/mlflow-artifacts/artifacts/1/{run_id}/artifacts/a") == FORBIDDEN
    assert bob("POST", "model-versions/create", {"name": "m", "source": "s3://a/b"}) == FORBIDDEN
    assert bob("POST", "logged-models", {"experiment_id": "1"}) == FORBIDDEN
    assert bob("POST", "registered-models/create", {"name": "m"})[0] == 400


def test_what_a_user_makes_is_his_own() -> None:
    server = with_users()
    made = as_user(server, "bob", "POST", "experiments/create", {"name": "own"})
    in_own = {"experiment_id": json.loads(content(made))["experiment_id"], "start_time": 1}
    as_user(server, "bob", "POST", "registered-models/create", {"name": "own"})

    assert as_user(server, "bob", "POST", "runs/create", in_own).status == 200
    assert as_user(server, "bob", "DELETE", "registered-models/delete", {"name": "own"}).status == 200


def test_what_a_user_may_not_read_is_not_found_by_searches_and_forbidden_by_name() -> None:
    server = with_users(Grant("bob", "NO_PERMISSIONS", experiment="shared"), Grant("bob", "NO_PERMISSIONS", model="m"))
    a_run(server)

    def found(target: str, payload: Any = None) -> Any:
        return json.loads(content(as_user(server, "bob", "POST" if payload else "GET", target, payload)))

    assert [one["name"] for one in found("experiments/search", {"max_results": 5})["experiments"]] == ["Default"]
    assert found("registered-models/search?max_results=5") == {}
    assert found("runs/search", {"experiment_ids": ["1"]}) == {}
    assert facts(as_user(server, "bob", "GET", "experiments/get-by-name?experiment_name=shared")) == FORBIDDEN
    assert as_user(server, "bob", "POST", "experiments/create", {"name": "shared"}).status == 400


def test_older_servers_show_runs_that_nobody_may_read() -> None:
    server = with_users(Grant("bob", "NO_PERMISSIONS", experiment="shared"), mlflow="mlflow-3.4")
    a_run(server)
    found = as_user(server, "bob", "POST", "runs/search", {"experiment_ids": ["1"]})

    assert len(json.loads(content(found))["runs"]) == 1


def test_an_editor_writes_and_does_not_delete() -> None:
    server = with_users(Grant("bob", "EDIT", experiment="shared"))

    assert as_user(server, "bob", "POST", "runs/create", {"experiment_id": "1", "start_time": 1}).status == 200
    assert facts(as_user(server, "bob", "POST", "experiments/delete", {"experiment_id": "1"})) == FORBIDDEN


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("experiments/get-by-name?experiment_name=nope", 404, b"Could not find experiment with name nope"),
        ("experiments/get?experiment_id=99", 404, b"No Experiment with id=99 exists"),
        ("runs/get?run_id=" + "0" * 32, 404, b"not found"),
        ("runs/get", 400, b"Missing value for required parameter 'run_uuid'."),
        ("/nope", 404, b"<!doctype html>"),
    ],
)
def test_what_is_not_there_is_said_before_permissions(target: str, status: int, words: bytes) -> None:
    found, body = facts(as_user(with_users(), "bob", "GET", target))

    assert (found, words in body) == (status, True)


@pytest.mark.parametrize("target", ["/nope", "runs/get?run_id=" + "0" * 32])
def test_newer_servers_say_nothing_about_what_is_not_there(target: str) -> None:
    assert facts(as_user(with_users(mlflow="mlflow-3.17"), "bob", "GET", target)) == FORBIDDEN


def test_newer_servers_tell_about_themselves_before_a_login() -> None:
    assert with_users(mlflow="mlflow-3.17").ask("GET", "/api/3.0/mlflow/server-info").status == 200


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"users": {"bob": "x"}, "grants": [{"user": "bop", "permission": "READ", "model": "m"}]},
            "did you mean 'bob'",
        ),
        ({"users": {"bob": "x"}, "grants": [{"user": "bob", "permission": "READ"}]}, "one 'experiment' or on one"),
        ({"users": {}, "default_permission": "WRITE"}, "'default_permission' cannot be 'WRITE'"),
    ],
)
def test_impossible_users_are_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        read(BasicAuth, table, "basic_auth")


def test_control_tells_who_the_users_are_and_not_their_passwords() -> None:
    with MockServer(port=0, plain=True) as running:
        told = running.sandbox("users").settings(basic_auth={"users": USERS})

    assert told["basic_auth"]["users"] == {"admin": "<set>", "bob": "<set>"}


def test_a_store_that_is_put_back_remembers_who_made_what() -> None:
    server = with_users()
    as_user(server, "bob", "POST", "experiments/create", {"name": "own"})
    as_user(server, "bob", "POST", "registered-models/create", {"name": "own"})
    saved = json.loads(json.dumps(dump(server.world.store)))
    restored = load(read(Contents, saved, "store"), server.world.clock, server.world.ids)

    assert restored.owned == server.world.store.owned
    assert set(restored.owned) >= {("experiment", "2", "bob"), ("model", "own", "bob")}
