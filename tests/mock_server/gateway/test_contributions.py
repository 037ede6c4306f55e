"""Contributions: taken once per idempotency key, never debited, kept nowhere when the storage is missing."""

from __future__ import annotations

import pytest

URL = "/api/v1/models/21/contributions"


def offer(platform, key="a", **body):
    headers = {} if key is None else {"idempotency_key": key}
    return platform.ask("POST", URL, json=body or {"data": {"rows": [1]}}, **headers)


def test_a_repeated_contribution_is_the_first_one(platform):
    first, again = offer(platform), offer(platform)
    assert (first.status, again.status) == (202, 202)
    assert first.json == again.json
    assert offer(platform, key=None).json["contribution_id"] != first.json["contribution_id"]


def test_another_body_under_the_same_key_is_a_conflict(platform):
    offer(platform)
    answer = offer(platform, data={"rows": [2]})
    assert (answer.status, answer.json["error"]) == (409, "idempotency_conflict")


def test_its_lifecycle_can_be_followed(platform):
    made = offer(platform).json
    found = platform.ask("GET", f"/api/v1/contributions/{made['contribution_id']}/lifecycle").json
    assert (found["status"], found["model_id"]) == ("received", "21")
    assert platform.ask("GET", "/api/v1/contributions/nobody/lifecycle").status == 404


def test_without_storage_it_fails_for_ever_while_everything_else_is_healthy(platform):
    platform.set(contribution_storage="missing")
    for _ in range(3):
        answer = offer(platform)
        assert (answer.status, answer.json["error"]) == (503, "persistence_unavailable")
        platform.advance(3600)
    assert platform.ask("GET", "/health", key=None).json["status"] == "healthy"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/models/99/contributions", b"{}", 404),
        (URL, b"[]", 400),
        (URL, b"", 400),
        (URL, b'{"a": "' + b"x" * 1024 * 1024 + b'"}', 413),
    ],
)
def test_what_cannot_be_taken_is_refused(platform, path, body, status):
    assert platform.ask("POST", path, body=body).status == status
