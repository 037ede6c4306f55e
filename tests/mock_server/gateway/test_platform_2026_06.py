"""The platform as observed in June 2026, over real sockets: what it loses, beside the documented platform."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

API = "/api/2.0/mlflow"


@pytest.fixture
def observed(sandbox):
    sandbox.use_profile(platform="platform-2026-06")
    return sandbox


@pytest.fixture
def version(ask):
    """Make a model version and return the request that deletes it: through the handle's tracking URI."""

    def make(sandbox):
        base = f"{sandbox.tracking_uri}{API}"
        assert ask(f"{base}/registered-models/create", "POST", json={"name": "m"}).status == 200
        made = ask(f"{base}/model-versions/create", "POST", json={"name": "m", "source": "mlflow-artifacts:/0/x"})
        assert made.status == 200, made.body
        return f"{base}/model-versions/delete", {"name": "m", "version": "1"}

    return make


def test_the_body_of_delete_does_not_reach_mlflow(observed, ask, version):
    url, body = version(observed)
    answer = ask(url, "DELETE", json=body)
    assert (answer.status, answer.json["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert answer.json["message"].startswith("Missing value for required parameter 'name'")
    assert observed.calls("DELETE")[0]["body"] == '{"name": "m", "version": "1"}', "the client did send it"
    still_there = ask(f"{observed.tracking_uri}{API}/model-versions/get?name=m&version=1")
    assert still_there.status == 200


def test_the_documented_platform_passes_the_body_of_delete(sandbox, ask, version):
    url, body = version(sandbox)
    assert ask(url, "DELETE", json=body).status == 200


def test_a_connection_stays_in_step_after_a_body_was_dropped(observed):
    # The dropped body is bigger than what is read before the answer: it must not be taken for the next request.
    headers = {"Authorization": "Bearer hk_test_admin", "Content-Type": "application/json"}
    path = urlsplit(observed.tracking_uri).path + f"{API}/model-versions/delete"
    parts = urlsplit(observed.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    statuses = []
    try:
        for method, target, body in (("DELETE", path, b"x" * 200_000), ("GET", f"{parts.path}/health", None)):
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
    finally:
        connection.close()
    assert statuses == [400, 200]


def ordered(sandbox, ask, query):
    base = f"{sandbox.tracking_uri}{API}"
    for name, description in (("a", "2"), ("b", "1"), ("c", "2")):
        ask(f"{base}/registered-models/create", "POST", json={"name": name, "description": description})
    found = ask(f"{base}/registered-models/search?{query}")
    assert found.status == 200, found.body
    return [model["name"] for model in found.json["registered_models"]]


BOTH = "order_by=name+DESC&order_by=last_updated_timestamp+ASC&max_results=9"


def test_of_repeated_parameters_only_the_last_reaches_mlflow(observed, ask):
    assert ordered(observed, ask, BOTH) == ["a", "b", "c"]


def test_the_documented_platform_keeps_repeated_parameters(sandbox, ask):
    assert ordered(sandbox, ask, BOTH) == ["c", "b", "a"]


def test_parameters_survive_with_their_special_characters(observed, ask):
    name = "caf%C3%A9%20%26%20more%2F1"
    base = f"{observed.tracking_uri}{API}"
    ask(f"{base}/experiments/create", "POST", json={"name": "café & more/1"})
    assert ask(f"{base}/experiments/get-by-name?experiment_name={name}").status == 200


def test_the_bare_mount_loses_its_prefix(observed, ask):
    answer = ask(f"{observed.url}{API}/experiments/search", "POST", json={"max_results": 1})
    assert answer.status == 404
    assert answer.json == {
        "error_code": "RESOURCE_NOT_FOUND",
        "message": "The requested resource was not found: experiments/search",
    }


def test_artifacts_at_the_root_have_no_route(observed, ask):
    url = f"{observed.url}/api/2.0/mlflow-artifacts/artifacts/0/x.txt"
    assert ask(url).json == {"detail": "Not Found"}
    assert ask(url, key="hk_test_default").json["error"] == "REGISTRY_ADMIN_REQUIRED"
