"""The example, run as a user runs it: as a program, in the environment that leads it to a mock platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "improve_model.py"


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


def test_the_candidate_is_compared_promoted_used_and_tracked(hokusai, hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["comparison"] in ("ACCEPT", "REVIEW")
    assert lines["attestation"].startswith("0x")
    assert lines["tracked"] == "5 inferences of 1.1.0"
    batches = [json.loads(call["body"]) for call in hokusai.calls("POST", "runs/log-batch")]
    latencies = [metric for batch in batches for metric in batch.get("metrics", []) if metric["key"] == "latency_ms"]
    assert len(latencies) == 5
    aliases = hokusai.calls("POST", "registered-models/alias")
    assert [json.loads(call["body"])["alias"] for call in aliases] == ["production"]


@pytest.mark.hokusai(scenario="auth.read_only_scope")
def test_with_a_key_that_may_not_write_nothing_is_registered(hokusai, hokusai_env) -> None:
    done = run(hokusai_env)
    assert done.returncode == 1
    assert "A06" in done.stderr
    assert "what to do" in done.stderr
    assert not hokusai.calls("POST", "*/model-versions/create", status=200)
