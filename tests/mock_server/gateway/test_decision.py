"""The gateway's decision order, as pure values: who may pass, and with which body is refused who may not."""

from __future__ import annotations

import pytest

from hokusai_mock import profiles
from hokusai_mock.gateway import decision
from hokusai_mock.gateway.decision import WRITE_SCOPES, is_exempt, is_registry, is_write
from hokusai_mock.keys import DEFAULT_KEYS, Key, Presented, find, identify
from hokusai_mock.settings import settle

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search"
CREATE = "/api/mlflow/api/2.0/mlflow/runs/create"
ADMIN_RULE = profiles.platform("platform-documented")
SCOPE_RULE = profiles.platform("platform-scopes")


def decide(path, key, *, method="POST", platform=ADMIN_RULE, has_balance=True, arrives=True, **changes):
    settings = settle(platform, changes)
    return decision.decide(method, path, key, settings, has_balance=has_balance, arrives=arrives)


def key(**rights):
    return Key("x", "hk_test_x", **rights)


@pytest.mark.parametrize("path", [SEARCH, CREATE])
def test_the_registry_wants_an_admin_for_reads_too(path):
    refusal = decide(path, DEFAULT_KEYS["default"])
    assert refusal.status == 403
    assert refusal.body == {
        "detail": "Admin access required for the model registry",
        "error": "REGISTRY_ADMIN_REQUIRED",
    }
    assert decide(path, DEFAULT_KEYS["admin"]) is None


@pytest.mark.parametrize("scope", ["admin", "mlflow:admin", "registry:admin", "model-registry:admin"])
def test_an_admin_scope_or_role_makes_an_admin(scope):
    assert decide(SEARCH, key(scopes=(scope,))) is None
    assert decide(SEARCH, key(roles=(scope,))) is None


@pytest.mark.parametrize("scope", ["mlflow:access", "mlflow:write", "model:write", "full_access"])
def test_a_write_scope_makes_no_admin(scope):
    assert decide(SEARCH, key(scopes=(scope,))).body["error"] == "REGISTRY_ADMIN_REQUIRED"


def test_which_scopes_make_an_admin_can_be_set():
    assert decide(SEARCH, key(scopes=("model:write",)), registry_admin_scopes=["model:write"]) is None
    assert decide(SEARCH, key(scopes=("admin",)), registry_admin_scopes=["model:write"]).status == 403


@pytest.mark.parametrize("email", ["ada@example.test", "ADA@example.test", "'ada@example.test'"])
def test_a_listed_address_makes_an_admin_whatever_its_case_and_quotes(email):
    assert decide(SEARCH, key(email=email), registry_admin_emails=['"Ada@Example.test"']) is None


def test_no_address_is_nobodys():
    assert decide(SEARCH, key(email=""), registry_admin_emails=[""]).status == 403


def test_balance_is_asked_outside_of_the_registry_only():
    assert decide(SEARCH, key(admin=True), has_balance=False) is None
    refusal = decide("/api/v1/models/21/predict", key(admin=True), has_balance=False)
    assert (refusal.status, refusal.body) == (402, {"detail": "Insufficient balance"})


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("POST", SEARCH, False),
        ("GET", "/api/mlflow/api/2.0/mlflow/runs/get", False),
        ("POST", CREATE, True),
        ("POST", "/mlflow/api/2.0/mlflow/runs/log-batch", True),
        ("POST", "/mlflow/api/2.0/mlflow/runs/log-inputs", True),
        ("PATCH", "/mlflow/api/2.0/mlflow/model-versions/update", True),
        ("POST", "/mlflow/api/2.0/mlflow/registered-models/get-latest-versions", False),
        ("POST", "/mlflow/api/2.0/mlflow/logged-models/search", False),
        ("DELETE", "/mlflow/api/2.0/mlflow/registered-models/alias", True),
        ("GET", "/mlflow/api/2.0/mlflow-artifacts/artifacts/0/x", True),
        ("POST", "/api/models/register", False),
    ],
)
def test_what_the_older_rule_takes_for_a_write(method, path, write):
    assert is_write(method, path) is write


def test_by_the_older_rule_every_key_reads_and_the_refusal_of_a_write_names_the_scopes():
    reader = key(scopes=("model:read",))
    assert decide(SEARCH, reader, platform=SCOPE_RULE) is None
    refusal = decide(CREATE, reader, platform=SCOPE_RULE)
    assert refusal.status == 403
    assert refusal.body == {
        "detail": "Insufficient permissions for this operation",
        "error": "FORBIDDEN",
        "message": "This operation requires write permissions. Your API key has scopes: ['model:read']. "
        "Required: 'model:write' or 'mlflow:write'",
        "required_scope": "model:write or mlflow:write",
        "current_scopes": ["model:read"],
    }


@pytest.mark.parametrize("scope", WRITE_SCOPES)
def test_by_the_older_rule_any_write_scope_writes(scope):
    assert decide(CREATE, key(scopes=(scope,)), platform=SCOPE_RULE) is None


def test_an_open_registry_asks_for_no_right_at_all():
    assert decide(CREATE, key(), registry_rule="open") is None


def test_with_an_unknown_service_id_the_registry_alone_calls_every_key_wrong():
    refusal = decide(SEARCH, DEFAULT_KEYS["admin"], service_id_known=False)
    assert (refusal.status, refusal.body) == (401, {"detail": "Invalid or expired API key"})
    assert decide("/api/models/", DEFAULT_KEYS["admin"], service_id_known=False) is None


def test_a_header_stripped_behind_the_first_check_is_missed_by_the_second():
    refusal = decide(SEARCH, DEFAULT_KEYS["admin"], arrives=False)
    assert (refusal.status, refusal.body) == (401, {"detail": "API key required"})


@pytest.mark.parametrize(
    ("method", "path", "exempt"),
    [
        ("GET", "/health", True),
        ("GET", "/healthXYZ", True),
        ("GET", "/version", True),
        ("OPTIONS", SEARCH, True),
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
