"""A request that met no route is told the routes that were perhaps meant."""

from __future__ import annotations

import pytest

from hokusai_mock.unrouted import nearest_routes

ROUTES = [
    ("POST", "/api/2.0/mlflow/runs/create"),
    ("GET", "/api/2.0/mlflow/runs/get"),
    ("GET", "/api/models/{name}/lineage"),
    ("GET", "/files/<path:artifact>"),
    ("PATCH", "/models/<name>"),
]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/2.0/mlflow/runs/create"),
        ("GET", "/api/models/my.model/lineage"),
        ("GET", "/files/a/b/c"),
    ],
)
def test_a_route_that_was_met_has_no_near_ones(method, path):
    assert nearest_routes(method, path, ROUTES) is None


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("POST", "/api/2.0/mlflow/runs/creat", ("POST", "/api/2.0/mlflow/runs/create")),
        ("GET", "/api/2.0/mlflow/runs/create", ("POST", "/api/2.0/mlflow/runs/create")),
        ("GET", "/api/models/x/linage", ("GET", "/api/models/{name}/lineage")),
        ("GET", "/models/x", ("PATCH", "/models/<name>")),
    ],
)
def test_the_nearest_route_comes_first(method, path, meant):
    found = nearest_routes(method, path, ROUTES)
    assert (found[0].method, found[0].path) == meant


def test_another_method_is_the_nearest_of_all():
    assert nearest_routes("POST", "/api/2.0/mlflow/runs/get", ROUTES)[0].score == 1


def test_what_is_like_nothing_has_no_near_routes():
    assert nearest_routes("GET", "/favicon", ROUTES) == []


def test_a_misspelt_call_is_found_with_its_mount(sandbox, ask):
    ask(f"{sandbox.tracking_uri}/api/2.0/mlflow/experiments/serch", "POST", json={})
    ask(f"{sandbox.tracking_uri}/api/2.0/mlflow/experiments/get?experiment_id=77")
    ask(f"{sandbox.url}/health", "POST", json={})
    misspelt, wrong_method = sandbox.unrouted()
    assert misspelt["nearest"][0]["path"] == "/api/mlflow/api/2.0/mlflow/experiments/search"
    assert wrong_method["nearest"][0] == {"score": 1.0, "method": "GET", "path": "/health"}
