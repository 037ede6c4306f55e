"""The platform's own HTTP interface: `AuthenticatedClient`, validating a key, profiles."""

from __future__ import annotations

import logging
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

import hokusai
from hokusai.auth import AuthConfig, AuthenticatedClient, HokusaiAuth, ProfileManager
from hokusai.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConfigurationError,
    HokusaiException,
    InvalidParameterError,
    RateLimitError,
)
from hokusai_mock import Sandbox


def refuse(platform: Sandbox, status: int, **more: Any) -> None:
    platform.fault(layer="edge", effect="status", match={"paths": ["@all"]}, **{"with": {"status": status, **more}})


def test_a_call_carries_the_key_to_the_endpoint(platform: Sandbox) -> None:
    with AuthenticatedClient().get("/models", params={"limit": 1}) as answer:
        assert answer.status_code == 200
    calls = platform.calls()
    assert {(call["auth"]["scheme"], call["auth"]["key"]) for call in calls} == {("Bearer", "admin")}
    assert calls[0]["path"].endswith("/api/models")


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"detail": "Invalid or expired API key"}, AuthenticationError, "A03"),
        (403, {"detail": "Insufficient permissions for model registration events"}, AuthorizationError, "A06"),
        (402, {"detail": "Insufficient balance"}, HokusaiException, "A20"),
        (404, {"detail": "Not Found"}, HokusaiException, "B01"),
        (422, {"detail": [{"loc": ["body", "x"], "msg": "field required"}]}, HokusaiException, "E03"),
        (500, {"detail": "Internal server error"}, HokusaiException, None),
    ],
)
def test_a_refusal_is_of_the_family_and_named(
    status: int, body: dict[str, Any], kind: type[HokusaiException], code: str | None, platform: Sandbox
) -> None:
    refuse(platform, status, json=body)
    with pytest.raises(kind) as caught:
        AuthenticatedClient().post("/models", json={})
    assert (caught.value.status_code, caught.value.code) == (status, code)
    assert caught.value.remedy


def test_too_many_requests_say_how_long_to_wait(platform: Sandbox) -> None:
    refuse(platform, 429, json={"detail": "Rate limit exceeded"}, headers={"Retry-After": "7"})
    with pytest.raises(RateLimitError) as caught:
        AuthenticatedClient().get("/models")
    assert (caught.value.retry_after, caught.value.code) == (7.0, "C11")


def test_a_writing_call_is_sent_once(platform: Sandbox) -> None:
    refuse(platform, 503, text="")
    with pytest.raises(HokusaiException):
        AuthenticatedClient().post("/models", json={})
    assert len(platform.calls()) == 1


def test_a_reading_call_is_repeated_within_its_time(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hokusai.auth.client._PAUSES", (0.0, 0.0))
    refuse(platform, 503, text="")
    with pytest.raises(HokusaiException) as caught:
        AuthenticatedClient().get("/models")
    assert (caught.value.code, len(platform.calls())) == ("C03", 3)


def test_a_writing_call_does_not_follow_a_redirect(platform: Sandbox) -> None:
    refuse(platform, 307, text="", headers={"Location": "http://localhost:9/elsewhere"})
    with pytest.raises(HokusaiException) as caught:
        AuthenticatedClient().post("/models", json={})
    assert (caught.value.status_code, caught.value.code) == (307, "D10")


def test_a_redirect_to_another_host_takes_the_key_off(platform: Sandbox) -> None:
    platform.scenario("redirect.cross_host", status=307)
    with pytest.raises(AuthenticationError) as caught:
        AuthenticatedClient().get("/models")
    assert caught.value.status_code == 401


@pytest.mark.parametrize("path", ["https://elsewhere.example/models", "//elsewhere.example/models"])
def test_a_whole_url_is_no_path(path: str, platform: Sandbox) -> None:
    with pytest.raises(InvalidParameterError, match="path"):
        AuthenticatedClient().get(path)


def test_without_a_key_there_is_no_client() -> None:
    with pytest.raises(ConfigurationError) as caught:
        AuthenticatedClient()
    assert caught.value.code == "A01"


# --- validating -------------------------------------------------------------------------------------------------------


@pytest.fixture
def service(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, its auth service too."""
    monkeypatch.setenv("HOKUSAI_AUTH_SERVICE_URL", platform.url)
    return platform


def test_validating_sends_the_key_in_the_header_alone(service: Sandbox) -> None:
    said = HokusaiAuth(service.api_key).validate()
    assert said is not None
    assert "scopes" in said
    (call,) = service.calls("POST", "*/keys/validate")
    assert call["auth"]["scheme"] == "Bearer"
    assert service.api_key not in str(call.get("body"))


def test_a_good_key_is_good_where_the_service_reads_headers_only(service: Sandbox) -> None:
    service.scenario("auth.validate_contract")
    assert HokusaiAuth(service.api_key, validate_with_auth_service=True).api_key == service.api_key


@pytest.mark.parametrize("taker", [hokusai.setup, HokusaiAuth])
def test_a_key_that_the_service_does_not_know_is_refused(taker: Any, service: Sandbox) -> None:
    with pytest.raises(AuthenticationError) as caught:
        taker("hk_test_unknown", validate_with_auth_service=True)
    assert (caught.value.code, caught.value.status_code) == ("A03", 401)
    assert "hk_test_unknown" not in str(caught.value)


def test_a_key_that_setup_refused_is_not_set(service: Sandbox) -> None:
    with pytest.raises(AuthenticationError):
        hokusai.setup("hk_test_unknown", validate_with_auth_service=True)
    assert AuthConfig.load().api_key == service.api_key


def test_the_variable_has_every_object_validate_its_key(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_VALIDATE_API_KEY", "true")
    with pytest.raises(AuthenticationError):
        hokusai.ModelRegistry(api_key="hk_test_unknown")
    hokusai.ModelRegistry(mode="online")
    assert len(service.calls("POST", "*/keys/validate")) == 2


def test_by_default_nothing_is_validated(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_VALIDATE_API_KEY", "false")
    hokusai.setup(service.api_key)
    hokusai.ModelRegistry(mode="online")
    assert service.calls("POST", "*/keys/validate") == []


@pytest.mark.parametrize("status", [500, 503])
def test_a_service_that_is_down_holds_nobody_up(
    status: int, service: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(service, status, json={"detail": "down"})
    with caplog.at_level(logging.WARNING, "hokusai.auth"):
        assert HokusaiAuth(service.api_key).validate() is None
    assert "not validated" in caplog.text


def test_a_service_that_is_not_there_holds_nobody_up(
    platform: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HOKUSAI_AUTH_SERVICE_URL", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, "hokusai.auth"):
        hokusai.setup(platform.api_key, validate_with_auth_service=True)
    assert "not validated" in caplog.text


def test_too_many_validations_are_an_error(service: Sandbox) -> None:
    refuse(service, 429, json={"detail": "Rate limit exceeded"}, headers={"Retry-After": "60"})
    with pytest.raises(RateLimitError) as caught:
        HokusaiAuth(service.api_key).validate()
    assert caught.value.retry_after == 60.0


# --- profiles ---------------------------------------------------------------------------------------------------------


def test_a_profile_is_kept_for_its_user_alone_and_found_again(platform: Sandbox) -> None:
    profiles = ProfileManager()
    assert profiles.names() == []
    profiles.save("staging", platform.api_key, platform.api_endpoint)
    profiles.save("other", "hk_test_other")
    assert ProfileManager().names() == ["other", "staging"]
    registry = hokusai.ModelRegistry(auth=ProfileManager().get("staging"), mode="online")
    assert registry.tracking_uri == platform.tracking_uri
    if sys.platform != "win32":
        assert stat.S_IMODE(profiles.path.stat().st_mode) == 0o600


def test_a_profile_that_is_not_there_names_those_that_are() -> None:
    ProfileManager().save("staging", "hk_test_key")
    with pytest.raises(ConfigurationError) as caught:
        ProfileManager().get("stagging")
    assert "staging" in (caught.value.remedy or "")


def test_a_profile_can_be_deleted() -> None:
    profiles = ProfileManager()
    profiles.save("staging", "hk_test_key")
    assert (profiles.delete("staging"), profiles.delete("staging")) == (True, False)
    assert profiles.names() == []


def test_a_broken_file_of_profiles_is_named_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "profiles"
    path.write_text("hk_test_secret\n")
    with pytest.raises(ConfigurationError) as caught:
        ProfileManager(path).names()
    assert "profiles" in str(caught.value)
    assert "hk_test_secret" not in str(caught.value)


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    profiles = ProfileManager(tmp_path / "profiles")
    profiles.save("staging", "hk_test_key")
    before = profiles.path.read_bytes()
    with pytest.raises(ConfigurationError):
        profiles.save("staging", '"hk_test_key"')
    assert profiles.path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".profiles")] == []
