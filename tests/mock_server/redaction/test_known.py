"""Secrets of the process's own environment."""

from __future__ import annotations

from hokusai_mock.redaction import environment_secrets


def test_variables_are_judged_by_their_names():
    environ = {
        "HOKUSAI_API_KEY": "alpha-alpha",
        "MLFLOW_TRACKING_PASSWORD": "beta-beta",
        "PATH": "/bin",
        "EMPTY_TOKEN": "",
    }
    assert environment_secrets(environ) == ["alpha-alpha", "beta-beta"]


def test_the_working_directory_is_no_secret():
    assert environment_secrets({"PWD": "/home/me/project", "DB_PWD": "gamma-gamma"}) == ["gamma-gamma"]
