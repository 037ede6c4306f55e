"""What the adapter relies on in MLflow's internals, held against the client that is installed."""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from hokusai import ModelRegistry, _mlflow, _mlflow_active
from hokusai_mock import Sandbox


def test_the_plugin_is_selected_without_touching_the_environment(platform: Sandbox) -> None:
    from mlflow.environment_variables import MLFLOW_TRACKING_AUTH

    before = dict(os.environ)
    ModelRegistry(mode="online")
    assert MLFLOW_TRACKING_AUTH.get() == "hokusai"
    assert dict(os.environ) == before


def test_the_greatest_number_of_retries_is_mlflows_own(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(_mlflow.most_retries()))
    MlflowClient(platform.tracking_uri).search_experiments()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", str(_mlflow.most_retries() + 1))
    with pytest.raises(MlflowException):
        MlflowClient(platform.tracking_uri).search_experiments()


def test_installed_but_not_selected_it_does_nothing(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    with pytest.raises(MlflowException, match="API key required"):
        MlflowClient(platform.tracking_uri).search_experiments()


def test_a_plain_script_authenticates_with_the_variable_alone(platform: Sandbox) -> None:
    code = "import mlflow; print([e.name for e in mlflow.MlflowClient().search_experiments()])"
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**environment, "MLFLOW_TRACKING_AUTH": "hokusai"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "Default" in done.stdout


def test_plain_mlflow_calls_of_the_process_are_authenticated_too(
    platform: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    ModelRegistry(mode="online")
    assert [experiment.name for experiment in mlflow.MlflowClient().search_experiments()] == ["Default"]


def test_the_key_beats_netrc_user_name_and_password(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.environ["NETRC"], "w") as netrc:
        netrc.write("machine 127.0.0.1 login someone password hk_test_wrong\n")
    os.chmod(os.environ["NETRC"], 0o600)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "wrong")
    ModelRegistry(mode="online")
    assert {call["auth"]["key"] for call in platform.calls()} == {"admin"}


def test_two_registries_with_two_keys_for_one_platform_do_not_mix(platform: Sandbox) -> None:
    admin = ModelRegistry(api_key=platform.keys.admin, mode="online")
    with pytest.raises(Exception, match="A05"):
        ModelRegistry(api_key=platform.keys.reader, mode="online")
    before = len(platform.calls())
    admin._backend.check()
    assert [call["auth"]["key"] for call in platform.calls()[before:]] == ["admin"]


def test_setting_the_tracking_uri_leaves_the_environment_alone(platform: Sandbox) -> None:
    import mlflow

    before = dict(os.environ)
    ModelRegistry(platform.tracking_uri, mode="online")
    assert mlflow.get_tracking_uri() == platform.tracking_uri
    assert dict(os.environ) == before


def test_the_active_run_stack_is_found(platform: Sandbox) -> None:
    import mlflow

    client = _mlflow.client(platform.tracking_uri)
    ModelRegistry(mode="online")
    run = client.create_run("0")
    with _mlflow_active.active_run(platform.tracking_uri, run):
        assert mlflow.active_run().info.run_id == run.info.run_id
        assert _mlflow_active.current_run_id(platform.tracking_uri) == run.info.run_id
        assert _mlflow_active.current_run_id("http://127.0.0.1:9") is None
    assert _mlflow_active.current_run_id(platform.tracking_uri) is None


def test_requirements_are_pinned_at_what_is_installed() -> None:
    assert _mlflow.client_requirement() in (f"mlflow=={_mlflow.version()}", f"mlflow-skinny=={_mlflow.version()}")
    assert _mlflow.installed_requirement("no-such-distribution") is None


def test_the_status_reports_what_is_really_sent(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from hokusai import get_mlflow_auth_status

    status: dict[str, Any] = get_mlflow_auth_status()
    assert (status["auth_type"], status["is_remote"], status["is_configured"]) == ("bearer", True, True)
    assert status["conflicts"] == []
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hk_test_other")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    conflicts = get_mlflow_auth_status()["conflicts"]
    assert [conflict[:3] for conflict in conflicts] == ["A02", "A12"]
    assert "hk_test" not in str(conflicts)


def test_the_status_of_a_plain_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from hokusai import get_mlflow_auth_status, setup_mlflow_auth

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example")
    assert get_mlflow_auth_status()["auth_type"] == "none"
    status = setup_mlflow_auth("https://mlflow.example", username="a", password="b", validate=False)
    assert (status["auth_type"], status["is_configured"]) == ("basic", True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"username": "a"},
        {"password": "b"},
        {"username": "a", "password": "b", "token": "c"},
        {"insecure_tls": True, "ca_bundle_path": "x"},
        {"client_key_path": "x"},
    ],
)
def test_half_an_authentication_is_refused(arguments: dict[str, Any]) -> None:
    from hokusai import setup_mlflow_auth
    from hokusai.exceptions import InvalidParameterError

    with pytest.raises(InvalidParameterError):
        setup_mlflow_auth("https://mlflow.example", validate=False, **arguments)
