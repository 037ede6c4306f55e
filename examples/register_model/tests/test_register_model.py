"""The example, run as a user runs it: as a program, in the environment that leads it to a mock platform."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "register_model.py"


def run(environment: Mapping[str, str | None]) -> subprocess.CompletedProcess[str]:
    """Run the program; what the sandbox wants unset is already unset here."""
    given = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [sys.executable, PROGRAM],
        env={**os.environ, **given, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_it_registers_reads_back_and_predicts(hokusai, hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["registered"] == "iris_species 1.0.0 (MLflow version 1)"
    assert lines["versions"] == lines["latest"] == "1.0.0"
    assert lines["predictions"].count(",") == 4
    assert hokusai.calls("POST", "*/model-versions/create")


@pytest.mark.hokusai(scenario="auth.admin_required")
def test_without_admin_rights_it_ends_with_the_documented_error(hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 1
    assert "A05" in done.stderr
    assert "what to do" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.hokusai(scenario="gateway.lb_error", params={"status": 503})
def test_during_an_outage_it_ends_with_the_documented_error(hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 1
    assert "C03" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.hokusai(scenario="version.server")
def test_it_works_with_a_server_that_is_older_than_the_client(hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 0, done.stderr
