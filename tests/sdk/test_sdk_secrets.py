"""The key stands in no error, log line or representation, and in no variable of a frame that an error leads through."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

import hokusai
from hokusai.auth import AuthConfig, AuthenticatedClient, HokusaiAuth, ProfileManager
from hokusai.auth._key import Secret
from hokusai.exceptions import HokusaiException
from hokusai_mock import Sandbox

SECRET = "very_secret"
KEY = f"hk_test_{SECRET}"


def shown(error: BaseException) -> str:
    """What a program prints that shows a traceback with the variables of every frame but those of this file."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    waiting, text = [told], []
    while waiting:
        one = waiting.pop()
        for frame in one.stack:
            if frame.filename != __file__:
                text += [frame.name, str(frame.locals)]
        text += list(one.format_exception_only())
        waiting += [behind for behind in (one.__cause__, one.__context__) if behind is not None]
    return "\n".join(text)


UNUSABLE = {"newline": f"{KEY}\n", "quotes": f'"{KEY}"', "blank": f"{KEY} ", "bom": f"\ufeff{KEY}", "umlaut": f"{KEY}ä"}

TAKERS: dict[str, Callable[[str], object]] = {
    "ModelRegistry": lambda key: hokusai.ModelRegistry(api_key=key),
    "HokusaiAuth": HokusaiAuth,
    "setup": hokusai.setup,
    "setup_mlflow_auth": lambda key: hokusai.setup_mlflow_auth("http://127.0.0.1:9", token=key),
    "AuthConfig": AuthConfig.load,
    "AuthenticatedClient": AuthenticatedClient,
    "ProfileManager": lambda key: ProfileManager().save("mine", key),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("fault", UNUSABLE)
def test_a_key_that_is_refused_is_in_no_frame(taker: str, fault: str) -> None:
    with pytest.raises(HokusaiException) as caught:
        TAKERS[taker](UNUSABLE[fault])
    assert caught.value.code == "A14"
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize("fault", UNUSABLE)
def test_a_key_of_the_environment_that_is_refused_is_in_no_frame(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOKUSAI_API_KEY", UNUSABLE[fault])
    with pytest.raises(HokusaiException) as caught:
        hokusai.ModelRegistry()
    assert SECRET not in shown(caught.value)
    assert "A-Za-z0-9_-" in (caught.value.remedy or "")


def test_a_key_of_a_file_that_is_refused_is_in_no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    Path("hokusai.ini").write_text(f"[default]\napi_key = '{KEY}'\n")
    with pytest.raises(HokusaiException) as caught:
        hokusai.ModelRegistry()
    assert SECRET not in shown(caught.value)


FAILURES: dict[str, tuple[str, dict[str, Any]]] = {
    "refused": ("net.refuse", {}),
    "reset": ("net.reset", {}),
    "cut": ("net.truncate", {}),
    "unknown key": ("auth.key_invalid", {}),
    "no role": ("auth.admin_required", {}),
    "gateway": ("gateway.lb_error", {}),
    "too many": ("limit.auth_service", {}),
    "page": ("body.non_json_200", {}),
    "moved": ("redirect.cross_host", {}),
    "tls": ("tls.self_signed", {}),
}


@pytest.fixture
def failing(platform: Sandbox, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Sandbox:
    """The platform, failing as the scenario says, to a client that holds a key with the word very_secret in it."""
    name, params = FAILURES[request.param]
    for variable, value in platform.scenario(name, **params).items():
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "")
    return platform


@pytest.mark.parametrize("failing", FAILURES, indirect=True)
def test_no_failed_call_leaves_the_key_in_a_frame(failing: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(HokusaiException) as caught:
        hokusai.ModelRegistry(mode="online")
    assert SECRET not in shown(caught.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize("failing", ["refused", "reset", "no role"], indirect=True)
def test_no_failed_call_of_mlflows_client_leaves_the_key_in_a_frame(
    failing: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "true")
    with pytest.warns(hokusai.HokusaiFallbackWarning):
        registry = hokusai.ModelRegistry()
    with pytest.raises(HokusaiException) as caught:
        hokusai.ModelVersionManager(registry).list_versions("m")
    assert SECRET not in shown(caught.value)


def _fail_of_its_own(figure: int) -> None:
    raise ValueError(f"{figure}")


def _call_while_handling() -> None:
    try:
        _fail_of_its_own(42)
    except ValueError:
        hokusai.ModelRegistry(mode="online")


@pytest.mark.parametrize("failing", ["refused"], indirect=True)
def test_the_users_own_frames_keep_their_variables(failing: Sandbox) -> None:
    with pytest.raises(HokusaiException) as caught:
        _call_while_handling()
    behind: BaseException | None = caught.value
    while behind is not None and not isinstance(behind, ValueError):
        behind = behind.__cause__ or behind.__context__
    assert behind is not None
    *_, (frame, _) = traceback.walk_tb(behind.__traceback__)
    assert frame.f_locals == {"figure": 42}


@pytest.mark.parametrize("failing", ["refused", "no role", "gateway"], indirect=True)
def test_no_failed_call_to_the_platform_itself_leaves_the_key_in_a_frame(failing: Sandbox) -> None:
    with pytest.raises(HokusaiException) as caught:
        AuthenticatedClient(timeout=2.0).post("/models", json={})
    assert SECRET not in shown(caught.value)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"HOKUSAI_API_KEY": f"{KEY}\n"}, "line break"),
        ({"HOKUSAI_API_ENDPOINT": "http://registry.example/api"}, "unencrypted"),
        ({"HOKUSAI_ALLOW_HTTP": "perhaps", "HOKUSAI_API_ENDPOINT": "http://registry.example/api"}, "neither true"),
    ],
)
def test_what_the_plug_in_refuses_in_a_plain_script_names_no_key(
    variables: dict[str, str], words: str, platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    hokusai.ModelRegistry(mode="online")  # registers the plug-in where its entry point was not seen
    monkeypatch.setattr("hokusai.auth._credentials.TABLE._credentials", ())
    monkeypatch.setenv("MLFLOW_TRACKING_AUTH", "hokusai")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "")
    monkeypatch.setenv("HOKUSAI_API_KEY", KEY)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    uri = variables.get("HOKUSAI_API_ENDPOINT", platform.api_endpoint)
    with pytest.raises(MlflowException, match=words) as caught:
        MlflowClient(f"{uri}/mlflow").search_experiments()
    assert SECRET not in shown(caught.value)


def test_a_secret_shows_itself_nowhere_but_is_a_string() -> None:
    secret = Secret(KEY)
    assert secret == KEY
    assert f"{secret!r} {[secret]} {copy.deepcopy(secret)!r} {pickle.loads(pickle.dumps(secret))!r}" == (
        "'***' ['***'] '***' '***'"
    )


def test_the_remedy_of_every_unusable_key_keeps_the_keys_own_characters_alone() -> None:
    for key in UNUSABLE.values():
        with pytest.raises(HokusaiException) as caught:
            HokusaiAuth(key)
        assert "tr -cd 'A-Za-z0-9_-'" in (caught.value.remedy or "")
