"""What `mlflow server` can be started with, as worlds play it; bodies and statuses are those of real servers.

Asked of MLflow 2.9.2, 2.22.5, 3.4.0, 3.9.0 and 3.17.2, each started with the switch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from hokusai_mock.messages import Response
from hokusai_mock.mlflow_api import MlflowApplication
from hokusai_mock.settings import Settings
from hokusai_mock.world import World, WorldOptions

from .conftest import API, Server, content

GET_EXPERIMENT = "experiments/get?experiment_id=0"
TWIN = "/ajax-api/2.0/mlflow/"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/0/x"
INVALID_HOST = b"Invalid Host header - possible DNS rebinding attack detected"


class SetWorld(World):
    """A world whose settings are given by hand."""

    def __init__(self, settings: Mapping[str, Any], **options: Any) -> None:
        self.by_hand = dict(settings)
        super().__init__("w", WorldOptions(**{"plain": True, **options}))

    @property
    def settings(self) -> Settings:
        return replace(super().settings, **self.by_hand)


def serve(settings: Mapping[str, Any], **options: Any) -> Server:
    return Server(SetWorld(settings, **options), MlflowApplication())


def facts(response: Response) -> tuple[int, bytes]:
    return response.status, content(response)


# -- hosts and origins -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("good.example", 200),
        ("good.example:443", 403),
        ("other.example:8080", 200),
        ("other.example", 403),
        ("a.wild.example", 200),
        ("a.wild.example:80", 403),
        ("GOOD.example", 403),
        ("127.0.0.1:5000", 403),
        ("", 403),
    ],
)
def test_only_hosts_that_are_named_are_served_and_a_port_belongs_to_the_name(host: str, status: int) -> None:
    server = serve({"allowed_hosts": ("good.example", "other.example:8080", "*.wild.example")})

    assert server.ask("GET", GET_EXPERIMENT, headers={"Host": host}).status == status


@pytest.mark.parametrize("path", ["/health", "/version"])
def test_health_and_version_look_green_whatever_the_host(path: str) -> None:
    server = serve({"allowed_hosts": ("good.example",)})

    assert server.ask("GET", path, headers={"Host": "evil.example"}).status == 200


@pytest.mark.parametrize(
    ("allowed", "status"),
    [("registry.hokus.ai", 403), ("mlflow.internal", 403), ("mlflow.internal:5000", 200), ("mlflow.internal:*", 200)],
)
def test_behind_the_gateway_the_name_that_the_gateway_calls_is_checked(allowed: str, status: int) -> None:
    settings = {"allowed_hosts": (allowed,), "upstream_url": "http://mlflow.internal:5000"}

    assert serve(settings, plain=False).ask("GET", GET_EXPERIMENT).status == status


def test_a_version_without_the_check_does_not_learn_it() -> None:
    server = serve({"allowed_hosts": ("good.example",)}, mlflow="mlflow-3.4")

    assert server.ask("GET", GET_EXPERIMENT, headers={"Host": "evil.example"}).status == 200


def test_a_star_allows_every_host() -> None:
    assert serve({"allowed_hosts": ("*",)}).ask("GET", GET_EXPERIMENT, headers={"Host": "evil"}).status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://ui.example", 200),
        ("https://a.wild.example", 200),
        ("https://ui.example:443", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://localhost:1", 200),
    ],
)
def test_writes_come_from_origins_that_are_named_or_local(origin: str, status: int) -> None:
    server = serve({"allowed_origins": ("https://ui.example", "https://*.wild.example")})
    response = server.ask("POST", "experiments/search", {"max_results": 1}, headers={"Origin": origin})

    assert response.status == status
    assert status == 200 or content(response) == b"Cross-origin request blocked"


# -- the prefix --------------------------------------------------------------------------------------------------------

MOVED = {
    # path: where it answers, by version
    GET_EXPERIMENT: {"mlflow-2.9": "", "mlflow-2.22": "", "mlflow-3.4": "", "mlflow-3.9": "", "mlflow-3.17": "/pre"},
    TWIN + GET_EXPERIMENT: dict.fromkeys(("mlflow-2.9", "mlflow-3.4", "mlflow-3.9", "mlflow-3.17"), "/pre"),
    "/health": {"mlflow-2.9": "", "mlflow-3.4": "", "mlflow-3.9": "/pre", "mlflow-3.17": "/pre"},
    "/version": {"mlflow-2.22": "", "mlflow-3.4": "", "mlflow-3.9": "/pre", "mlflow-3.17": "/pre"},
    "/": {"mlflow-2.9": "/pre", "mlflow-3.17": "/pre"},
}


@pytest.mark.parametrize(("path", "version"), [(path, version) for path, by in MOVED.items() for version in by])
def test_a_static_prefix_moves_what_the_version_moves(path: str, version: str) -> None:
    server = serve({"static_prefix": "/pre"}, mlflow=version)
    full = path if path.startswith("/") else API + path
    answers = {prefix: server.ask("GET", prefix + full).status == 200 for prefix in ("", "/pre")}

    assert answers == {prefix: prefix == MOVED[path][version] for prefix in answers}


def test_newer_servers_look_for_health_and_writes_below_the_prefix() -> None:
    settings = {"static_prefix": "/pre", "allowed_hosts": ("good.example",)}
    host = {"Host": "evil.example"}
    newer, older = serve(settings, mlflow="mlflow-3.17"), serve(settings)

    assert [newer.ask("GET", path, headers=host).status for path in ("/pre/health", "/health")] == [200, 403]
    assert [older.ask("GET", path, headers=host).status for path in ("/pre/health", "/health")] == [403, 404]


def test_artifacts_of_newer_servers_answer_with_and_without_the_prefix() -> None:
    server = serve({"static_prefix": "/pre"}, mlflow="mlflow-3.17")

    assert [server.ask("PUT", prefix + ARTIFACT, body=b"a").status for prefix in ("", "/pre")] == [200, 200]


# -- artifacts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("PUT", ARTIFACT, "/api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=x", "/api/2.0/mlflow-artifacts/artifacts"),
    ],
)
def test_a_server_that_serves_no_artifacts_names_the_switch(method: str, path: str, rule: str) -> None:
    text = (
        f"Endpoint: {rule} disabled due to the mlflow server running with `--no-serve-artifacts`. To enable artifacts "
        "server functionality, run `mlflow server` with `--serve-artifacts`"
    )

    assert facts(serve({"serve_artifacts": False}).ask(method, path)) == (503, text.encode())


def test_newer_servers_say_it_in_json_for_up_and_downloads() -> None:
    server = serve({"serve_artifacts": False}, mlflow="mlflow-3.17")
    text = "Artifact serving is disabled. Run `mlflow server` with `--serve-artifacts` to enable."

    assert [json.loads(content(server.ask(method, ARTIFACT))) for method in ("GET", "PUT")] == [{"detail": text}] * 2
    assert b"--no-serve-artifacts" in content(server.ask("DELETE", ARTIFACT))


def test_tracking_goes_on_without_artifacts() -> None:
    assert serve({"serve_artifacts": False}).ask("GET", GET_EXPERIMENT).status == 200


def test_a_server_of_artifacts_alone_disables_tracking_and_registry() -> None:
    server = serve({"artifacts_only": True})
    text = (
        "Endpoint: /api/2.0/mlflow/experiments/get disabled due to the mlflow server running in `--artifacts-only` "
        "mode. To enable tracking server functionality, run `mlflow server` without `--artifacts-only`"
    )

    assert facts(server.ask("GET", GET_EXPERIMENT)) == (503, text.encode())
    assert server.ask("POST", "registered-models/create", {"name": "a"}).status == 503
    assert server.ask("PUT", ARTIFACT, body=b"a").status == 200
    assert server.ask("GET", "/health").status == 200


@pytest.mark.parametrize(("version", "status"), [("mlflow-3.9", 404), ("mlflow-3.17", 503)])
def test_downloads_by_run_are_tracking_for_newer_servers(version: str, status: int) -> None:
    server = serve({"artifacts_only": True}, mlflow=version)

    assert server.ask("GET", "/get-artifact?run_id=x&path=y").status == status


def test_the_artifact_root_is_that_of_new_experiments_and_of_the_default_one() -> None:
    server = serve({"artifact_root": "s3://bucket/root"})
    server.ask("POST", "experiments/create", {"name": "e"})
    found = server.json("POST", "experiments/search", {"max_results": 5})["experiments"]

    assert {one["artifact_location"] for one in found} == {"s3://bucket/root/0", "s3://bucket/root/1"}


def test_a_server_cannot_list_what_lies_in_an_object_store() -> None:
    server = serve({"artifact_root": "s3://bucket"})
    run = server.json("POST", "runs/create", {"experiment_id": "0", "start_time": 1})["run"]["info"]
    response = server.ask("GET", f"artifacts/list?run_id={run['run_id']}")

    assert run["artifact_uri"] == f"s3://bucket/0/{run['run_id']}/artifacts"
    assert (response.status, response.header("Content-Type")) == (500, "text/html; charset=utf-8")


def test_experiments_keep_the_location_that_they_were_made_with() -> None:
    server = serve({})
    server.ask("POST", "experiments/create", {"name": "before"})
    cast("SetWorld", server.world).by_hand["artifact_root"] = "s3://bucket"
    server.ask("POST", "experiments/create", {"name": "after"})
    found = server.json("POST", "experiments/search", {"max_results": 5})["experiments"]

    assert {one["name"]: one["artifact_location"] for one in found} == {
        "Default": "mlflow-artifacts:/0",
        "before": "mlflow-artifacts:/1",
        "after": "s3://bucket/2",
    }
