"""Routing, security checks and what goes around endpoints; what endpoints answer is proved in `tests/fidelity`."""

from __future__ import annotations

import json
import re

import pytest

from hokusai_mock import profiles
from hokusai_mock.messages import Handler, Request, Response
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.mlflow_api.resources import ENDPOINTS

from .conftest import MakeServer, Server, content


@pytest.mark.parametrize("profile", profiles.mlflow_names())
def test_every_route_of_a_profile_is_served_or_refused_by_name(make_server: MakeServer, profile: str) -> None:
    server = make_server(mlflow=profile)
    unnamed = []
    for method, path in profiles.mlflow(profile).routes:
        response = server.ask(method, re.sub(r"<[^>]+>", "x", path), {} if method != "GET" else None)
        if response.status == 501 and "ultipart" not in str(response.body):
            error = json.loads(content(response))
            if error["error_code"] != "NOT_IMPLEMENTED" or path not in error["message"]:
                unnamed.append((method, path))
        elif response.status == 404 and b"Not Found" in content(response):
            unnamed.append((method, path))
    assert unnamed == []


def test_every_endpoint_is_a_route_of_some_profile() -> None:
    routes = {route for name in profiles.mlflow_names() for route in profiles.mlflow(name).routes}
    assert [route for route in ENDPOINTS if route not in routes] == []


def test_every_endpoint_says_how_it_is_known_and_what_it_does() -> None:
    endpoints = ENDPOINTS.values()
    assert {one.provenance for one in endpoints} <= {"proved", "documented", "assumed"}
    assert [one.path for one in endpoints if not one.function.__doc__] == []


def test_routes_of_version_3_do_not_exist_in_version_2(make_server: MakeServer) -> None:
    response = make_server(mlflow="mlflow-2.9").ask("POST", "logged-models", {"experiment_id": "0"})
    assert (response.status, response.header("Content-Type")) == (404, "text/html; charset=utf-8")


def test_a_world_that_changes_its_profile_is_served_by_the_new_one(server: Server) -> None:
    server.world.use_profiles(mlflow="mlflow-2.9")
    assert server.ask("GET", "/version").body == b"2.9.2"


def test_wrapper_goes_around_endpoints_and_around_nothing_else(make_server: MakeServer) -> None:
    seen: list[str] = []

    def wrap(handler: Handler) -> Handler:
        def wrapped(request: Request) -> Response:
            seen.append(request.path)
            return handler(request)

        return wrapped

    server = make_server(MlflowApplication(wrap))
    server.ask("GET", "/health")
    server.ask("GET", "/nope")
    server.ask("PUT", "/health")
    server.ask("GET", "experiments/get?experiment_id=0", headers={"Host": "evil.example.com"})
    server.ask("GET", "/api/2.0/mlflow/logged-models/m-1")
    assert seen == ["/health", "/api/2.0/mlflow/logged-models/m-1"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "[::1]:5000", "10.1.2.3", "172.20.0.5:80"])
def test_local_and_private_hosts_are_served(server: Server, host: str) -> None:
    assert server.ask("GET", "experiments/get?experiment_id=0", headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", ["", "evil.example.com", "localhost.evil.com", "172.32.0.1", "[::1].evil.com"])
def test_other_hosts_are_refused_by_a_plain_server_of_version_3(server: Server, host: str) -> None:
    response = server.ask("GET", "experiments/get?experiment_id=0", headers={"Host": host})
    assert (response.status, response.header("Content-Type")) == (403, "text/plain")


def test_behind_the_gateway_any_host_is_served(make_server: MakeServer) -> None:
    server = make_server(plain=False)
    assert (
        server.ask("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", headers={"Host": "mock:80"}).status == 200
    )


def test_preflight_of_a_browser_is_answered(server: Server) -> None:
    headers = {"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    response = server.ask("OPTIONS", "experiments/create", headers=headers)
    assert (response.status, response.header("Access-Control-Allow-Origin")) == (200, "https://x.example")


def test_doubled_slashes_move_to_the_same_path_inside_the_prefix_of_the_sandbox(server: Server) -> None:
    request = Request(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/s/one/api/2.0//mlflow/experiments/get",
            "QUERY_STRING": "experiment_id=0",
            "HTTP_HOST": "127.0.0.1:5000",
        },
        "/api/2.0//mlflow/experiments/get",
        server.world,
    )
    response = server.application.handle(request)
    assert response.status == 308
    assert response.header("Location") == ("http://127.0.0.1:5000/s/one/api/2.0/mlflow/experiments/get?experiment_id=0")


def test_an_error_of_a_text_with_braces_is_not_taken_for_a_template(server: Server) -> None:
    response = server.ask(
        "POST", "registered-models/create", {"name": "{json}", "tags": [{"key": "{x}|", "value": ""}]}
    )
    assert "{x}|" in json.loads(content(response))["message"]
