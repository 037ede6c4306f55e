"""What a scenario asks of the client: `hokusai_env` gives this process a home, an SDK and packages as it says."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]

HAS_SDK = importlib.util.find_spec("hokusai") is not None


def test_files_lie_in_a_home_of_their_own_for_as_long_as_the_test_runs(run: Run) -> None:
    result = run(
        """
import os
from pathlib import Path
import pytest

HOMES = []

@pytest.mark.hokusai(scenario="client.netrc")
def test_with(hokusai, hokusai_env):
    netrc = Path(os.environ["NETRC"])
    HOMES.append(Path(os.environ["HOME"]))
    assert netrc.parent == HOMES[0]
    assert netrc.read_text().startswith("machine 127.0.0.1 login someone")
    hokusai.scenario("healthy")
    assert os.environ["NETRC"] == os.devnull
    assert Path(os.environ["HOME"]) != HOMES[0]

def test_after(hokusai_env):
    assert not HOMES[0].exists()
    assert Path(os.environ["HOME"]) != HOMES[0]
""",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=2)


@pytest.mark.skipif(not HAS_SDK, reason="takes away from an installed SDK")
def test_the_installed_sdk_lacks_a_method_until_the_scenario_ends(run_apart: Run) -> None:
    result = run_apart(
        """
import pytest
from hokusai import ModelVersionManager

@pytest.mark.hokusai(scenario="sdk.get_latest_version")
def test_with(hokusai, hokusai_env):
    assert not hasattr(ModelVersionManager, "get_latest_version")
    hokusai.scenario("healthy")
    assert hasattr(ModelVersionManager, "get_latest_version")

def test_without(hokusai_env):
    assert hasattr(ModelVersionManager, "get_latest_version")
"""
    )
    result.assert_outcomes(passed=2)


def test_a_hidden_package_cannot_be_imported_until_the_scenario_ends(run_apart: Run) -> None:
    result = run_apart(
        """
import importlib.util
import pytest

@pytest.mark.hokusai(scenario="sdk.without_mlflow")
def test_with(hokusai_env):
    with pytest.raises(ModuleNotFoundError, match="No module named 'mlflow'"):
        import mlflow

def test_without(hokusai_env):
    importlib.util.find_spec("mlflow")
"""
    )
    result.assert_outcomes(passed=2)
