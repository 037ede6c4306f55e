"""MLflow's HTTP variables are looked at when an object is made, not at its first call."""

from __future__ import annotations

import pytest

from hokusai import ModelRegistry
from hokusai.config._http import check_http_variables
from hokusai.exceptions import ConfigurationError
from hokusai_mock import Sandbox


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0.5"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": ""}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "-1"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "10"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "11"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_TIMEOUT": "0"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_TIMEOUT": "1e3"}, "C13"),
        ({"MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "2.5"}, "C13"),
        ({"MLFLOW_TRACKING_INSECURE_TLS": "true", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/ca.pem"}, "D06"),
    ],
)
def test_what_mlflow_would_refuse_is_refused_by_name(variables: dict[str, str], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_http_variables(lambda: 9, variables)

    assert caught.value.code == code
    assert all(name in str(caught.value) for name in variables)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": " 9 ", "MLFLOW_HTTP_REQUEST_TIMEOUT": "1"},
        {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"},
        {"MLFLOW_TRACKING_INSECURE_TLS": "true"},
        {"MLFLOW_TRACKING_INSECURE_TLS": "false", "MLFLOW_TRACKING_SERVER_CERT_PATH": "/ca.pem"},
    ],
)
def test_what_mlflow_takes_is_taken(variables: dict[str, str]) -> None:
    check_http_variables(lambda: 9, variables)


def test_a_client_that_takes_ten_retries_may_have_them() -> None:
    check_http_variables(lambda: 10, {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "10"})


def test_an_object_is_not_made_and_nothing_is_sent(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0.5")
    with pytest.raises(ConfigurationError, match="is no whole number"):
        ModelRegistry()
    assert platform.calls() == []
