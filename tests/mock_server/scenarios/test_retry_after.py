"""What `Retry-After` does to MLflow's client, for real: the one test in which a client sleeps because a server said so.

Every other test of a scenario runs its clients without retries or without pauses.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from hokusai_mock import Sandbox, environment
from hokusai_mock.retry_audit import audit

pytestmark = pytest.mark.skipif(find_spec("mlflow") is None, reason="plays a real MLflow client")


PROGRAM = "import mlflow; mlflow.MlflowClient().search_experiments(max_results=1)"


def test_mlflow_waits_as_long_as_the_platform_says(sandbox: Sandbox) -> None:
    outage = {"status": 503, "json": {"detail": "Authentication service unavailable"}, "headers": {"Retry-After": "1"}}
    sandbox.fault(effect="status", times=1, **{"with": outage})

    env = environment.apply({**sandbox.env, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}, os.environ)
    subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM], env=env, check=True, timeout=120)

    (call,) = audit(sandbox.calls())["entries"]
    assert [attempt["status"] for attempt in call["attempts"]] == [503, 200]
    assert call["attempts"][1]["retry_after_s"] == 1.0
    assert call["attempts"][1]["honoured"] is True
