"""Rate limits on the virtual clock: of a route, counted after validation, and of a key."""

from __future__ import annotations

import pytest

IMPACT = f"/api/models/contributors/0x{'a' * 40}/impact"
EVENTS = "/api/models/tokenized-registration-events"
SEARCH = "/api/mlflow/api/2.0/mlflow/experiments/search?max_results=1"


@pytest.fixture
def event():
    return {
        "model_name": "m",
        "version": "1",
        "token_id": "T",
        "proposal_identifier": "T",
        "metric_name": "a",
        "baseline_value": 1,
        "mlflow_run_id": "r",
    }


def test_exactly_a_hundred_pass_in_a_minute(platform):
    assert [platform.ask("GET", IMPACT).status for _ in range(102)] == [200] * 100 + [429] * 2
    platform.advance(59.999)
    assert platform.ask("GET", IMPACT).status == 429
    platform.advance(0.001)
    assert platform.ask("GET", IMPACT).status == 200


def test_the_refusal_of_a_route_has_its_own_form_and_no_retry_after(platform):
    platform.set(route_limit=1)
    platform.ask("GET", IMPACT)
    answer = platform.ask("GET", IMPACT)
    assert (answer.status, answer.json) == (429, {"error": "Rate limit exceeded: 1 per 1 minute"})
    assert not [name for name in answer.headers if name.startswith(("retry", "x-ratelimit"))]


def test_a_body_that_is_wrong_does_not_count(platform, event):
    for _ in range(40):
        assert platform.ask("POST", EVENTS, json={}).status == 422
    assert [platform.ask("POST", EVENTS, json=event).status for _ in range(31)] == [200] * 30 + [429]


def test_each_route_and_each_mount_counts_for_itself(platform, event):
    platform.set(route_limit=1)
    assert [platform.ask("GET", path).status for path in (IMPACT, IMPACT, IMPACT[4:])] == [200, 429, 200]
    assert platform.ask("POST", EVENTS, json=event).status == 200


def test_the_live_service_counts_no_key(platform):
    answer = platform.ask("GET", SEARCH)
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_a_key_over_its_limit_is_told_when_to_come_again(platform):
    platform.set(rate_limit=2, rate_window_s=3600)
    first = platform.ask("GET", SEARCH)
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
    assert first.headers["x-ratelimit-reset"] == str(1_767_225_600 + 3600)
    platform.advance(600)
    assert platform.ask("GET", SEARCH).status == 200
    refused = platform.ask("GET", SEARCH)
    assert (refused.status, refused.json) == (429, {"detail": "Rate limit exceeded"})
    assert (refused.headers["retry-after"], refused.headers["x-ratelimit-remaining"]) == ("3000", "0")
    assert platform.ask("GET", SEARCH, key="hk_test_reader").status == 403, "another key has its own count"
    platform.advance(3000)
    assert platform.ask("GET", SEARCH).status == 200


def test_a_window_that_every_request_renews_never_ends_for_a_steady_caller(platform):
    platform.set(rate_limit=2, rate_window_s=60, rate_window_renews=True)
    seen = []
    for _ in range(10):
        seen.append(platform.ask("GET", SEARCH).status)
        platform.advance(30)
    assert seen == [200, 200] + [429] * 8
    platform.advance(30)
    assert platform.ask("GET", SEARCH).status == 200


@pytest.mark.parametrize(("setting", "header"), [("date:90", "Thu, 01 Jan 2026 00:01:30 GMT"), ("none", None)])
def test_how_a_key_is_told_can_be_set(platform, setting, header):
    platform.set(rate_limit=0, retry_after=setting, rate_limit_headers=False)
    answer = platform.ask("GET", SEARCH)
    assert answer.status == 429
    assert answer.headers.get("retry-after") == header
    assert "x-ratelimit-limit" not in answer.headers


def test_a_refused_key_is_not_counted(platform):
    platform.set(rate_limit=1)
    for _ in range(3):
        assert platform.ask("GET", SEARCH, key="hk_test_nobody").status == 401
    assert platform.ask("GET", SEARCH).status == 200
