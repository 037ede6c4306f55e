"""The auth service and the web site: hosts of their own on the real platform, here beside the API."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

VALIDATE = "/api/v1/keys/validate"
WEBHOOK = "/api/webhooks/model-registration"
BODY = b'{"model_id": "scorer/1/SLS", "status": "registered"}'


def by_header(platform, key="hk_test_default", **body):
    return platform.ask("POST", VALIDATE, json={"service_id": "platform", **body}, key=key)


def by_body(platform, key="hk_test_default"):
    return platform.ask("POST", VALIDATE, json={"api_key": key, "service_id": "platform"}, key=None)


# -- validation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [by_header, by_body])
def test_a_good_key_is_described_in_both_dialects(platform, ask):
    answer = ask(platform)
    assert (answer.status, answer.json) == (
        200,
        {
            "user_id": "user_default",
            "email": "default@example.test",
            "key_id": "key_default",
            "service_id": "platform",
            "scopes": ["model:read", "model:write", "mlflow:access"],
            "roles": [],
            "is_admin": False,
            "rate_limit_per_hour": 1000,
            "has_sufficient_balance": True,
            "balance": 1000.0,
        },
    )
    assert ask(platform, "hk_test_nobody").status == 401


@pytest.mark.parametrize(("place", "statuses"), [("header", (200, 401)), ("body", (401, 200)), ("both", (200, 200))])
def test_where_the_key_is_wanted_can_be_set(platform, place, statuses):
    platform.set(validate_key_in=place)
    assert (by_header(platform).status, by_body(platform).status) == statuses


def test_the_observed_era_refuses_the_dialect_of_the_sdk(observed):
    assert (by_header(observed).status, by_body(observed).status) == (200, 401)


def test_an_unknown_service_id_makes_every_key_wrong(platform):
    assert by_header(platform, service_id="registry").status == 401
    assert by_header(platform, service_id="website").status == 200


def test_the_lock_out_at_the_gateway_does_not_reach_the_auth_service(platform):
    platform.set(service_id_known=False)
    assert by_header(platform, "hk_test_admin").status == 200
    assert platform.ask("GET", "/api/mlflow/version").status == 401


@pytest.mark.parametrize(("state", "status"), [("refused", 503), ("error", 500), ("limited", 429), ("timeout", 504)])
def test_trouble_of_the_auth_service_is_seen_by_who_asks_it_directly(platform, state, status):
    platform.set(auth_service=state)
    answer = by_header(platform)
    assert answer.status == status
    assert answer.headers.get("retry-after") == ("60" if state == "limited" else None)


def test_a_revoked_key_and_a_balance_that_is_used_up_are_told(platform):
    platform.grant("default", balance=1)
    debit = "/api/v1/usage/key_default/debit"
    assert platform.ask("POST", debit, json={"amount": 0.75}, key=None).json == {
        "key_id": "key_default",
        "debited": 0.75,
        "balance": 0.25,
    }
    rejected = platform.ask("POST", debit, json={"amount": 0.5}, key=None)
    assert (rejected.status, rejected.json["reason_code"]) == (402, "insufficient_balance")
    platform.ask("POST", debit, json={"amount": 0.25}, key=None)
    assert by_header(platform).json["has_sufficient_balance"] is False
    assert platform.ask("GET", "/api/v1/models/21/info", key="hk_test_default").status == 402
    platform.grant("default", valid=False)
    assert by_header(platform).status == 401


def test_debit_of_an_unknown_key_and_by_a_debit_that_is_broken(platform):
    assert platform.ask("POST", "/api/v1/usage/key_nobody/debit", json={}, key=None).status == 404
    platform.set(debit="rejected")
    assert platform.ask("POST", "/api/v1/usage/key_default/debit", json={}, key=None).status == 402
    platform.set(debit="error")
    assert platform.ask("POST", "/api/v1/usage/key_default/debit", json={}, key=None).status == 500


def test_what_else_lies_below_the_paths_of_the_auth_service_is_the_apis(platform):
    assert platform.ask("GET", "/api/v1/keys/7", key=None).status == 401
    assert platform.ask("GET", "/api/v1/keys/7").status == 404
    assert platform.ask("GET", VALIDATE, key=None).status == 405


# -- the webhook -------------------------------------------------------------------------------------------------------


def signed(body, secret="shared"):
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_without_a_secret_every_announcement_is_taken_and_kept(platform):
    answer = platform.ask("POST", WEBHOOK, body=BODY, key=None)
    assert (answer.status, answer.json["success"]) == (200, True)
    (kept,) = platform.state.webhooks
    assert (kept["signed"], kept["status"], kept["body"]) == ("unchecked", 200, json.loads(BODY))


@pytest.mark.parametrize(
    ("signature", "verdict"),
    [
        (signed(BODY), "good"),
        (signed(BODY, "another"), "wrong"),
        (signed(BODY + b" "), "wrong"),
        (signed(BODY).removeprefix("sha256="), "wrong"),
        ("sha256=\xff", "wrong"),
        (None, "missing"),
    ],
)
def test_with_a_secret_the_body_must_be_signed(platform, signature, verdict):
    platform.set(webhook_secret="shared")
    headers = {} if signature is None else {"x_hokusai_signature": signature}
    answer = platform.ask("POST", WEBHOOK, body=BODY, key=None, **headers)
    (kept,) = platform.state.webhooks
    assert kept["signed"] == verdict
    if verdict == "good":
        assert answer.status == 200
    else:
        assert (answer.status, answer.json) == (401, {"error": "Invalid signature"})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_an_announcement_is_a_json_object(platform, body):
    assert platform.ask("POST", WEBHOOK, body=body, key=None).status == 400
    assert platform.state.webhooks.total == 1


def test_only_the_latest_webhooks_are_kept_and_all_are_counted(platform):
    for _ in range(1005):
        platform.ask("POST", WEBHOOK, body=b"{}", key=None)
    assert (len(platform.state.webhooks), platform.state.webhooks.total) == (1000, 1005)


def test_of_a_long_webhook_the_size_is_kept_and_not_the_body(platform):
    body = json.dumps({"text": "x" * 70_000}).encode()
    assert platform.ask("POST", WEBHOOK, body=body, key=None).status == 200
    (kept,) = platform.state.webhooks
    assert (kept["size"], kept["body"]) == (len(body), None)
