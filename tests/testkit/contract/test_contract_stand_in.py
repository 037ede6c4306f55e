"""Stand-ins for an SDK that lacks something: in this process, in another one, with and without an installed SDK."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hokusai_mock import client_home
from hokusai_testkit.contract import lacking, stand_in

ALONE = "-S"
"""An interpreter without its installed packages: there is no SDK."""

needs_sdk = pytest.mark.skipif(importlib.util.find_spec("hokusai") is None, reason="takes away from an installed SDK")


def run(code: str, home: Path, lacks: list[str], hides: list[str], *options: str) -> subprocess.CompletedProcess[str]:
    client_home.furnish(home, stand_in.files(lacks, hides))
    env = {**os.environ, "PYTHONPATH": str(home / stand_in.FOLDER)}
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize("options", [pytest.param((), marks=needs_sdk), (ALONE,)])
def test_a_missing_method_is_missing(options: tuple[str, ...], tmp_path: Path) -> None:
    code = "from hokusai.core import ModelVersionManager; ModelVersionManager.get_latest_version"
    done = run(code, tmp_path, ["without:ModelVersionManager.get_latest_version"], [], *options)

    # Python 3.11 and newer go on with a guess at what was meant.
    assert "'ModelVersionManager' has no attribute 'get_latest_version'" in last_line(done)


@pytest.mark.parametrize("options", [pytest.param((), marks=needs_sdk), (ALONE,)])
def test_a_missing_parameter_is_refused_as_python_does(options: tuple[str, ...], tmp_path: Path) -> None:
    code = "from hokusai import ModelRegistry; ModelRegistry.register_baseline(None, model_name='m')"
    done = run(code, tmp_path, ["without:ModelRegistry.register_baseline.model_name"], [], *options)

    assert last_line(done) == (
        "TypeError: ModelRegistry.register_baseline() got an unexpected keyword argument 'model_name'"
    )


def test_without_an_sdk_the_documented_signatures_hold_and_do_nothing(tmp_path: Path) -> None:
    code = "from hokusai.tracking import PerformanceTracker; PerformanceTracker(registry=None).flush()"
    done = run(code, tmp_path, ["without:PerformanceTracker.track_inference"], [], ALONE)

    assert "PerformanceTracker.flush() is a stand-in for a scenario" in last_line(done)


@needs_sdk
def test_what_is_not_taken_away_is_the_installed_sdk(tmp_path: Path) -> None:
    code = "import hokusai, inspect; print(inspect.getfile(hokusai.ModelRegistry))"
    done = run(code, tmp_path, ["without:ModelRegistry.register_baseline.model_name"], [])

    assert Path(done.stdout.strip()).name == "registry.py"


def test_a_hidden_package_looks_as_if_it_were_not_installed(tmp_path: Path) -> None:
    done = run("import json.tool, requests", tmp_path, [], ["requests"])

    assert last_line(done) == "ModuleNotFoundError: No module named 'requests'"


@needs_sdk
def test_in_this_process_the_class_lacks_it_for_as_long_as_the_block_runs() -> None:
    from hokusai import ModelVersionManager  # noqa: PLC0415

    with stand_in.applied(["without:ModelVersionManager.list_versions"]):
        missing = not hasattr(ModelVersionManager, "list_versions")

    assert missing
    assert hasattr(ModelVersionManager, "list_versions")


def test_in_this_process_a_hidden_package_is_back_afterwards() -> None:
    with stand_in.applied([], ["json"]), pytest.raises(ModuleNotFoundError, match="No module named 'json'"):
        importlib.import_module("json.tool")

    assert importlib.import_module("json") is sys.modules["json"]


def test_later_positions_move_up_where_a_parameter_is_missing() -> None:
    def register(self: object, model: str, name: str = "", metadata: str = "") -> tuple[str, str, str]:
        return model, name, metadata

    reduced = lacking.without_parameter(register, "name")

    assert reduced(None, "m", "x") == ("m", "", "x")
