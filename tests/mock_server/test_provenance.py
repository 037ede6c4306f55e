"""What the list of routes claims is what the mock does."""

from __future__ import annotations

import http.client

import pytest

from hokusai_mock import MockServer, profiles
from hokusai_mock.provenance import MEANING, Route, mlflow_routes, platform_routes_known


@pytest.mark.parametrize("name", profiles.mlflow_names())
def test_a_profile_lists_each_of_its_routes_once(name: str) -> None:
    profile = profiles.mlflow(name)
    listed = mlflow_routes(profile)
    assert [(one.method, one.path) for one in listed] == list(profile.routes)
    assert {one.provenance for one in listed} <= set(MEANING)


KEY = {"Authorization": "Bearer hk_test_admin"}


def status(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers={"Content-Type": "application/json", **KEY})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_exactly_what_is_not_implemented_is_answered_with_501() -> None:
    listed = [one for one in mlflow_routes(profiles.mlflow("mlflow-3.9")) if "<" not in one.path]
    assert Route("POST", "/graphql", "not implemented") in listed
    with MockServer(plain=True, profile="mlflow-3.9") as server:
        refused = [one for one in listed if status(server.port, one.method, one.path) == 501]
    assert refused == [one for one in listed if one.provenance == "not implemented"]


def test_every_platform_route_is_answered_and_exactly_what_is_not_played_with_501() -> None:
    listed = platform_routes_known()
    assert {one.provenance for one in listed} <= set(MEANING)
    with MockServer() as server:
        sandbox = server.sandbox("routes")
        prefix = f"/s/{sandbox.id}"
        answered = {one: status(server.port, one.method, prefix + _filled(one.path)) for one in listed}
        assert sandbox.errors == []
    assert [one for one in listed if answered[one] == 501] == [one for one in listed if one.provenance == NOT_PLAYED]
    assert not {405, 307} & set(answered.values())


NOT_PLAYED = "not implemented"


def _filled(path: str) -> str:
    return path.replace("{model_id}", "21").replace("{", "").replace("}", "")
