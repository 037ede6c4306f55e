"""What is decided about a registration event without sending anything: its form, its way, and what answers mean."""

from __future__ import annotations

import json

import pytest

from hokusai.auth.mlflow_plugin import SeenResponse
from hokusai.config._resolver import Settings, resolve
from hokusai.core._events import canonical, event_url, judge_answer, judge_silence, platform_url
from hokusai.exceptions import ConfigurationError

KEY = "hk_test_admin"
HTML = "<html><body>502 Bad Gateway</body></html>"


def answer(status: int, body: object = None, **headers: str) -> SeenResponse:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if text.startswith("<") else "application/json"
    return SeenResponse(status, "https://registry.hokus.ai/api/models/x", text, kind, headers)


def settings(endpoint: str = "https://registry.hokus.ai/api", key: str | None = KEY) -> Settings:
    return resolve("sqlite:///x.db", key, endpoint)


@pytest.mark.parametrize(
    ("status", "body", "state", "code"),
    [
        (200, {"event_emitted": True}, "sent", None),
        (200, {"event_emitted": False, "detail": "no publisher"}, "refused", "F04"),
        (200, {}, "unknown", "E05"),
        (200, "", "unknown", "E05"),
        (200, "[]", "unknown", "E05"),
        (200, "<html>Please log in</html>", "unknown", "E05"),
        (307, "", "refused", "D10"),
        (400, {"detail": "no"}, "refused", "E03"),
        (401, {"detail": "API key required"}, "refused", "A01"),
        (401, {"detail": "Invalid or expired API key"}, "refused", "A03"),
        (403, {"detail": "Insufficient permissions for model registration events"}, "refused", "A06"),
        (404, {"detail": "Not Found"}, "refused", "B01"),
        (422, {"detail": [{"loc": ["body", "version"], "msg": "blank"}]}, "refused", "E03"),
        (429, {"error": "Rate limit exceeded: 30 per 1 minute"}, "refused", "C11"),
        (500, {"detail": "Internal server error"}, "unknown", "F04"),
        (502, {"detail": "Failed to emit model registration event"}, "refused", "F04"),
        (502, HTML, "unknown", "F04"),
        (503, {"detail": "Authentication service unavailable"}, "refused", "C05"),
        (504, HTML, "unknown", "F04"),
    ],
)
def test_an_answer_is_sent_refused_or_unknown(status: int, body: object, state: str, code: str | None) -> None:
    verdict = judge_answer(answer(status, body))
    assert (verdict.state, verdict.code) == (state, code)
    assert verdict.cause or state == "sent"


def test_the_fields_of_a_422_are_named() -> None:
    verdict = judge_answer(answer(422, {"detail": [{"loc": ["body", "tags", "a"], "msg": "no string"}]}))
    assert "tags.a: no string" in verdict.cause


def test_a_redirect_is_named_without_its_query() -> None:
    verdict = judge_answer(answer(302, "", location="https://elsewhere.example/login?next=secret"))
    assert "https://elsewhere.example/login" in verdict.cause
    assert "secret" not in verdict.cause


@pytest.mark.parametrize(
    ("classes", "state", "code"),
    [
        ({"ConnectionError", "MaxRetryError", "NewConnectionError", "ConnectionRefusedError"}, "pending", "D02"),
        ({"ConnectionError", "NameResolutionError"}, "pending", "D01"),
        ({"ConnectTimeout", "ConnectTimeoutError"}, "pending", "D03"),
        ({"SSLError"}, "pending", "D06"),
        ({"ReadTimeout", "ReadTimeoutError"}, "unknown", "F04"),
        ({"ConnectionError", "ProtocolError", "ConnectionResetError"}, "unknown", "F04"),
        ({"SomethingNew"}, "unknown", "F04"),
    ],
)
def test_silence_is_pending_only_where_nothing_was_sent(classes: set[str], state: str, code: str) -> None:
    verdict = judge_silence(classes, "")
    assert (verdict.state, verdict.code) == (state, code)


def test_an_event_has_one_form() -> None:
    assert canonical({"b": 1.5, "a": {"d": "ü", "c": None}}) == '{"a":{"c":null,"d":"\\u00fc"},"b":1.5}'


@pytest.mark.parametrize("base", ["https://x.example", "https://x.example/", "https://x.example/api"])
def test_api_is_added_where_the_endpoint_does_not_end_in_it(base: str) -> None:
    assert platform_url(base, "/models/m") == "https://x.example/api/models/m"


@pytest.mark.parametrize(
    ("endpoint", "goes_to"),
    [
        (None, "https://registry.hokus.ai/api/models/tokenized-registration-events"),
        ("https://api.hokus.ai", "https://api.hokus.ai/api/models/tokenized-registration-events"),
        ("https://registry.hokus.ai/api/", "https://registry.hokus.ai/api/models/tokenized-registration-events"),
    ],
)
def test_the_key_may_go_to_its_own_endpoint_and_to_hokusais_hosts(endpoint: str | None, goes_to: str) -> None:
    assert event_url(settings(), endpoint) == goes_to


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("https://hokus.ai.example", "hokus.ai.example"),
        ("http://registry.hokus.ai/api", "registry.hokus.ai"),
        ("https://registry.hokus.ai.evil.example/api", "evil.example"),
        ("registry.hokus.ai/api", "scheme"),
    ],
)
def test_an_endpoint_that_the_key_is_not_for_is_refused(endpoint: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        event_url(settings(), endpoint)
    assert KEY not in str(caught.value)


def test_without_a_key_the_platform_is_refused_and_another_host_is_not() -> None:
    with pytest.raises(ConfigurationError) as caught:
        event_url(settings(key=None), None)
    assert caught.value.code == "A01"
    elsewhere = "https://relay.example/api/models/tokenized-registration-events"
    assert event_url(settings(key=None), "https://relay.example") == elsewhere
