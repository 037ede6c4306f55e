"""Who passes the gateway: where the key is looked for, cache, auth service, balance and debit, in their order."""

from __future__ import annotations

import pytest

SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"
IMPACT = f"/api/models/contributors/0x{'a' * 40}/impact"
INFO = "/api/v1/models/21/info"
CONTRIBUTE = "/api/v1/models/21/contributions"

NO_KEY = {"detail": "API key required"}
BAD_KEY = {"detail": "Invalid or expired API key"}


# -- where the key is looked for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer hk_test_admin"},
        {"authorization": "ApiKey hk_test_admin"},
        {"x_api_key": "hk_test_admin"},
        {"authorization": "Basic dXNlcjpwdw==", "x_api_key": "hk_test_admin"},
    ],
)
def test_a_key_is_found_in_each_of_its_places(platform, headers):
    assert platform.ask("GET", SEARCH, key=None, **headers).status == 200


def test_a_key_may_stand_in_the_query(platform):
    assert platform.ask("GET", f"{SEARCH}&api_key=hk_test_admin", key=None).status == 200
    platform.set(accept_query_key=False)
    assert platform.ask("GET", f"{SEARCH}&api_key=hk_test_admin", key=None).json == NO_KEY


@pytest.mark.parametrize(
    "authorization", ["bearer hk_test_admin", "Token hk_test_admin", "Bearerhk_test_admin", "Basic aDpr", "Bearer "]
)
def test_what_is_no_key_counts_as_none(platform, authorization):
    answer = platform.ask("GET", SEARCH, key=None, authorization=authorization)
    assert (answer.status, answer.json) == (401, NO_KEY)
    assert "www-authenticate" not in answer.headers


def test_a_second_blank_belongs_to_the_key(platform):
    assert platform.ask("GET", SEARCH, key=None, authorization="Bearer  hk_test_admin").json == BAD_KEY


def test_a_wrong_bearer_shadows_a_good_header(platform):
    assert platform.ask("GET", SEARCH, key="hk_test_nobody", x_api_key="hk_test_admin").json == BAD_KEY


@pytest.mark.parametrize("key", ["hk_test_admin ", "hk_test_admin\xa0", "hk_test_\xfc"])
def test_a_key_that_fits_into_no_header_looks_like_an_outage(platform, key):
    answer = platform.ask("GET", SEARCH, key=key)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.json == {"detail": "Authentication service unavailable"}


def test_a_proxy_that_strips_the_header_makes_right_and_wrong_keys_equal(platform):
    platform.set(strips_authorization="before")
    for key in ("hk_test_admin", "hk_test_nobody"):
        assert platform.ask("GET", SEARCH, key=key).json == NO_KEY
    assert platform.ask("GET", SEARCH, key=None, x_api_key="hk_test_admin").status == 200


def test_a_header_stripped_behind_the_first_check_tells_right_from_wrong_keys(platform):
    platform.set(strips_authorization="after")
    assert platform.ask("GET", SEARCH).json == NO_KEY
    assert platform.ask("GET", SEARCH, key="hk_test_nobody").json == BAD_KEY
    assert platform.ask("GET", SEARCH, key=None, x_api_key="hk_test_admin").status == 200
    assert platform.ask("GET", IMPACT).status == 200


@pytest.mark.parametrize("path", [SEARCH, IMPACT])
def test_options_pass_without_a_key(platform, path):
    assert platform.ask("OPTIONS", path, key=None).status in (204, 405)


def test_an_internal_caller_passes_with_a_checked_certificate_only(platform):
    inside = {"key": None, "x_forwarded_for": "10.1.2.3, 192.0.2.1"}
    assert platform.ask("GET", SEARCH, **inside).json == NO_KEY
    platform.set(peer_verified=True)
    assert platform.ask("GET", SEARCH, **inside).status == 200
    assert platform.ask("GET", SEARCH, key=None, x_forwarded_for="192.0.2.1, 10.1.2.3").json == NO_KEY


# -- the auth service --------------------------------------------------------------------------------------------------


TROUBLE = {
    "refused": (503, "Authentication service unavailable", "1", []),
    "timeout": (503, "Authentication service timeout", "1", [5.0]),
    "error": (503, "Authentication service error", "1", []),
    "limited": (429, "Rate limit exceeded", "60", []),
}


@pytest.mark.parametrize("state", TROUBLE)
@pytest.mark.parametrize("path", [SEARCH, IMPACT])
def test_trouble_of_the_auth_service_is_no_verdict_on_the_key(platform, state, path):
    status, detail, retry_after, waited = TROUBLE[state]
    platform.set(auth_service=state)
    for key in ("hk_test_admin", "hk_test_nobody"):
        platform.waited.clear()
        answer = platform.ask("GET", path, key=key)
        assert (answer.status, answer.json, answer.headers["retry-after"]) == (status, {"detail": detail}, retry_after)
        assert platform.waited == waited
    assert platform.ask("GET", path, key=None).json == NO_KEY
    assert platform.ask("GET", "/health", key=None).status == 200


def test_before_2026_trouble_of_the_auth_service_read_like_a_wrong_key(platform):
    platform.set(auth_service="error", auth_trouble=401)
    answer = platform.ask("GET", SEARCH)
    assert (answer.status, answer.json) == (401, BAD_KEY)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize(
    ("setting", "header"),
    [
        ("3600", "3600"),
        ("soon", "soon"),
        ("none", None),
        ("date:60", "Thu, 01 Jan 2026 00:01:00 GMT"),
    ],
)
def test_retry_after_may_be_whatever_a_server_was_seen_to_send(platform, setting, header):
    platform.set(auth_service="limited", retry_after=setting)
    assert platform.ask("GET", SEARCH).headers.get("retry-after") == header


# -- the cache ---------------------------------------------------------------------------------------------------------


def test_a_revoked_key_works_until_the_cache_forgets_it(platform):
    platform.set(validation_cache_s=60)
    assert platform.ask("GET", SEARCH).status == 200
    platform.grant("admin", valid=False)
    platform.advance(59.999)
    assert platform.ask("GET", SEARCH).status == 200
    platform.advance(0.001)
    assert platform.ask("GET", SEARCH).json == BAD_KEY


def test_a_role_that_was_granted_is_not_seen_until_the_cache_forgets_the_key(platform):
    platform.set(validation_cache_s=60)
    assert platform.ask("GET", SEARCH, key="hk_test_default").status == 403
    platform.grant("default", admin=True)
    assert platform.ask("GET", SEARCH, key="hk_test_default").status == 403
    platform.advance(60)
    assert platform.ask("GET", SEARCH, key="hk_test_default").status == 200


def test_a_refusal_is_not_remembered(platform):
    platform.set(validation_cache_s=60)
    platform.grant("admin", valid=False)
    assert platform.ask("GET", SEARCH).json == BAD_KEY
    platform.grant("admin", valid=True)
    assert platform.ask("GET", SEARCH).status == 200


def test_who_is_in_the_cache_does_not_feel_that_the_auth_service_is_down(platform):
    platform.set(validation_cache_s=60)
    platform.ask("GET", SEARCH)
    platform.set(auth_service="refused")
    assert platform.ask("GET", SEARCH).status == 200
    assert platform.ask("GET", SEARCH, key="hk_test_default").status == 503
    platform.advance(60)
    assert platform.ask("GET", SEARCH).status == 503


def test_without_a_cache_a_change_of_rights_is_seen_at_once(platform):
    assert platform.ask("GET", SEARCH).status == 200
    platform.grant("admin", valid=False)
    assert platform.ask("GET", SEARCH).json == BAD_KEY


def test_an_unreachable_cache_costs_every_request_a_read_and_a_write(platform):
    platform.set(cache="unreachable", validation_cache_s=60)
    for _ in range(2):
        platform.waited.clear()
        assert platform.ask("GET", SEARCH).status == 200
        assert platform.waited == [2.0, 2.0]
    platform.waited.clear()
    assert platform.ask("GET", SEARCH, key="hk_test_nobody").status == 401
    assert platform.waited == [2.0], "a refusal is not written"
    health = platform.ask("GET", "/health", key=None)
    assert (health.status, health.json["status"], health.json["services"]["redis"]) == (200, "degraded", "unhealthy")


# -- balance and debit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_empty_balance_refuses_all_but_the_registry(platform, method):
    platform.grant("admin", balance=0)
    assert platform.ask("GET", SEARCH).status == 200
    answer = platform.ask(method, INFO)
    assert (answer.status, answer.json) == (402, {"detail": "Insufficient balance"})
    assert platform.ask("POST", CONTRIBUTE, json={}).status == 402


def test_a_request_that_costs_is_taken_from_the_balance_until_nothing_is_left(platform):
    platform.grant("admin", balance=1.0)
    platform.set(debit_cost=0.4)
    assert [platform.ask("GET", INFO).status for _ in range(3)] == [200, 200, 402]
    assert platform.state.debits["admin"].requests == 2
    assert platform.ask("GET", INFO).json == {
        "error": "usage_debit_rejected",
        "reason": "Insufficient balance",
        "reason_code": "insufficient_balance",
    }
    assert platform.ask("GET", SEARCH).status == 200


def test_a_balance_that_is_used_up_is_refused_before_the_debit(platform):
    platform.grant("admin", balance=1.0)
    platform.set(debit_cost=0.5)
    assert [platform.ask("GET", INFO).status for _ in range(2)] == [200, 200]
    assert platform.ask("GET", INFO).json == {"detail": "Insufficient balance"}


def test_a_rejected_debit_says_why(platform):
    platform.set(debit="rejected", debit_reason="Card expired", debit_reason_code="card_expired")
    answer = platform.ask("GET", INFO)
    assert (answer.status, answer.json["reason"], answer.json["reason_code"]) == (402, "Card expired", "card_expired")
    assert platform.ask("GET", SEARCH).status == 200
    assert platform.ask("POST", CONTRIBUTE, json={}).status == 202, "contributions are never debited"


def test_other_trouble_of_the_debit_lets_the_request_pass(platform):
    platform.set(debit="error")
    assert platform.ask("GET", INFO).status == 200


def test_the_keys_of_a_world_have_balances_of_their_own(platform):
    platform.grant("admin", balance=1.0)
    platform.set(debit_cost=1.0)
    assert platform.ask("GET", INFO).status == 200
    assert platform.ask("GET", INFO).status == 402
    assert platform.ask("GET", INFO, key="hk_test_default").status == 200


# -- the order ---------------------------------------------------------------------------------------------------------


def test_each_reason_hides_those_behind_it(platform):
    """Everything is wrong at once; one reason after the other is taken away."""
    path = "/api/v1/models/99/info"
    platform.set(auth_service="refused", debit="rejected")
    platform.grant("default", valid=False, admin=False, balance=0)
    seen = [platform.ask("GET", path, key=None).status]
    ask = lambda where: platform.ask("GET", where, key="hk_test_default").status  # noqa: E731
    seen.append(ask(path))
    platform.set(auth_service="limited")
    seen.append(ask(path))
    platform.set(auth_service="up")
    seen.append(ask(path))
    platform.grant("default", valid=True)
    seen += [ask(SEARCH), ask(path)]
    platform.grant("default", balance=1)
    seen.append(ask(path))
    platform.set(debit="accepted")
    seen.append(ask(path))
    assert seen == [401, 503, 429, 401, 403, 402, 402, 404]


def test_the_older_scope_rule_is_an_era_of_its_own(make_platform):
    older = make_platform("platform-scopes")
    assert older.ask("GET", SEARCH, key="hk_test_reader").status == 200
    refused = older.ask("POST", "/api/mlflow/api/2.0/mlflow/runs/create", json={}, key="hk_test_reader")
    assert (refused.status, refused.json["current_scopes"]) == (403, ["model:read"])
    made = older.ask(
        "POST", "/api/mlflow/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, key="hk_test_default"
    )
    assert made.status == 200


def test_scanners_are_turned_away_before_anything_else(platform):
    platform.set(auth_service="timeout")
    for path in ("/wp-admin/x.php", "/.git/config", "/actuator/env", "/.env", "/server-status"):
        answer = platform.ask("GET", path, key=None)
        assert (answer.status, answer.body, answer.headers["cache-control"]) == (404, b"", "no-store")
    assert platform.waited == []


# -- a day on the virtual clock ----------------------------------------------------------------------------------------


def test_a_day_of_a_key_that_changes_every_hour_is_a_matter_of_steps(platform):
    """Once a minute for 24 hours: the cache is right until its 60 s are over, and never longer."""
    platform.set(validation_cache_s=60)
    seen, real_waits = [], platform.waited
    for minute in range(24 * 60):
        if minute % 60 == 30:
            platform.grant("admin", valid=minute // 60 % 2 == 1)
        seen.append(platform.ask("GET", SEARCH).status)
        platform.advance(60)
    wanted = []
    for minute in range(24 * 60):
        hour = (minute - 30) // 60
        wanted.append(200 if hour < 0 or hour % 2 == 1 else 401)
    assert len(seen) == 1440
    assert seen == wanted
    assert real_waits == []
