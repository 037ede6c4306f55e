"""The gateway's decision order, as pure values: who may pass, and with which body is refused who may not."""

from __future__ import annotations

import pytest

from hokusai_mock.gateway.decision import decide, is_exempt, is_registry
from hokusai_mock.keys import DEFAULT_KEYS, Key, Presented, find, identify

ADMIN_SCOPES = ("admin", "registry:admin")
REGISTRY = "/api/mlflow/api/2.0/mlflow/experiments/search"
SENT = Presented("hk_test_admin", "bearer")


def test_no_key_is_asked_for_first():
    refusal = decide(REGISTRY, None, None, ADMIN_SCOPES)
    assert refusal is not None
    assert (refusal.status, refusal.body) == (401, {"detail": "API key required"})


@pytest.mark.parametrize("key", [None, Key("old", "hk_test_admin", valid=False, admin=True)])
def test_an_unknown_and_an_invalid_key_look_the_same(key):
    refusal = decide(REGISTRY, SENT, key, ADMIN_SCOPES)
    assert refusal is not None
    assert (refusal.status, refusal.body) == (401, {"detail": "Invalid or expired API key"})


def test_the_registry_wants_an_admin_for_reads_too():
    refusal = decide(REGISTRY, SENT, DEFAULT_KEYS["default"], ADMIN_SCOPES)
    assert refusal is not None
    assert refusal.status == 403
    assert refusal.body == {
        "detail": "Admin access required for the model registry",
        "error": "REGISTRY_ADMIN_REQUIRED",
    }


@pytest.mark.parametrize("scope", ADMIN_SCOPES)
def test_an_admin_scope_makes_an_admin(scope):
    assert decide(REGISTRY, SENT, Key("x", "hk_test_x", scopes=(scope,)), ADMIN_SCOPES) is None


def test_balance_is_asked_outside_of_the_registry_only():
    poor = Key("poor", "hk_test_poor", admin=True, balance=0)
    assert decide(REGISTRY, SENT, poor, ADMIN_SCOPES) is None
    refusal = decide("/api/v1/models/21/predict", SENT, poor, ADMIN_SCOPES)
    assert refusal is not None
    assert (refusal.status, refusal.body) == (402, {"detail": "Insufficient balance"})


@pytest.mark.parametrize(
    ("method", "path", "exempt"),
    [
        ("GET", "/health", True),
        ("GET", "/healthXYZ", True),
        ("GET", "/version", True),
        ("OPTIONS", REGISTRY, True),
        ("GET", "/", False),
        ("GET", "/api/health", False),
        ("GET", "/api/health/mlflow", True),
    ],
)
def test_exempt_paths_are_a_prefix_match(method, path, exempt):
    assert is_exempt(method, path) is exempt


@pytest.mark.parametrize(
    ("path", "registry"),
    [
        ("/mlflow/api/2.0/mlflow/runs/create", True),
        ("/API/MLFLOW/x", True),
        ("/ajax-api/2.0/mlflow-artifacts/artifacts/1", True),
        ("/api/models/", False),
        ("/api/v1/models/21/info", False),
    ],
)
def test_registry_paths_by_prefix_in_any_case(path, registry):
    assert is_registry(path) is registry


@pytest.mark.parametrize(
    ("authorization", "x_api_key", "query", "expected"),
    [
        ("Bearer hk_test_a", None, [], Presented("hk_test_a", "bearer")),
        ("ApiKey hk_test_a", None, [], Presented("hk_test_a", "apikey")),
        ("bearer hk_test_a", None, [], None),
        ("Bearer  hk_test_a", None, [], Presented(" hk_test_a", "bearer")),
        ("Basic dXNlcjpwdw==", None, [], None),
        ("Basic dXNlcjpwdw==", "hk_test_b", [], Presented("hk_test_b", "x-api-key")),
        ("Bearer wrong", "hk_test_b", [], Presented("wrong", "bearer")),
        (None, None, [("api_key", "hk_test_c")], Presented("hk_test_c", "query")),
        (None, None, [("api_key", "")], None),
        (None, None, [], None),
    ],
)
def test_where_a_key_is_looked_for(authorization, x_api_key, query, expected):
    assert find(authorization, x_api_key, query) == expected


def test_a_key_is_identified_by_its_secret():
    assert identify(DEFAULT_KEYS, Presented("hk_test_reader", "bearer")) is DEFAULT_KEYS["reader"]
    assert identify(DEFAULT_KEYS, Presented("hk_test_nobody", "bearer")) is None
