"""Runs the plugin as its users do: a project of its own, a pytest process of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

# A run in this process forgets the modules that it imported; half of a package would stay. So they are here first.
for module in ("app", "pipeline", "profiles", "sandbox", "scenarios", "server.mock"):
    importlib.import_module(f"hokusai_mock.{module}")
for module in ("environment", "failing", "lifetime", "markers", "options", "server"):
    importlib.import_module(f"hokusai_testkit.fixtures.{module}")

Run = Callable[..., pytest.RunResult]

CLIENT = """
import json, os, urllib.error, urllib.request
import pytest

def search(base=None, key=None):
    '''Search experiments with what the environment says, as unmodified code does; returns the status.'''
    request = urllib.request.Request(
        (base or os.environ["MLFLOW_TRACKING_URI"]) + "/api/2.0/mlflow/experiments/search",
        json.dumps({"max_results": 1}).encode(),
        {"Content-Type": "application/json"},
    )
    key = key or os.environ.get("HOKUSAI_API_KEY")
    if key:
        request.add_header("Authorization", "Bearer " + key)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
"""
"""A module of the project under test."""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with `client.py`, and none of the plugin's variables set."""
    for name in ("PROFILE", "SCENARIO", "SEED", "SERVER", "TARGET", "BLOCK_NETWORK", "KEEP", "RECORD", "REPORT"):
        monkeypatch.delenv(f"HOKUSAI_TESTKIT_{name}", raising=False)
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(client=CLIENT)
    return pytester


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other plugin in runs in this process."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(project: pytest.Pytester, alone: None) -> Run:
    """Write a test module beside `client.py` and run pytest on it in this process, warnings being errors."""

    def run_pytest(source: str, *arguments: str) -> pytest.RunResult:
        project.makepyfile(source)
        always = ("-W", "error", "-p", "no:cacheprovider", "-p", "hokusai_testkit.plugin")
        return project.runpytest_inprocess(*always, *arguments)

    return run_pytest


@pytest.fixture
def run_apart(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same in a process of its own, beside all other plugins that are installed."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)

    def run_pytest(source: str, *arguments: str) -> pytest.RunResult:
        project.makepyfile(source)
        return project.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider", *arguments)

    return run_pytest
