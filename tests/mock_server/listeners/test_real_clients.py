"""An unmodified MLflow client works over TLS and through a tunnel: uploads, downloads, a certificate of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from hokusai_mock import MockServer, environment
from hokusai_mock.scenarios import parse

pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
pytestmark = pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="no MLflow client is here")

LISTENERS = """
schema = 1
id = "D09"
name = "test.tunnel"
[[listener]]
name = "main"
tls = { client_certificate = "required" }
[[listener]]
name = "proxy"
kind = "forward-proxy"
answer = { connect = 200 }
[client.env]
HTTPS_PROXY = "{listener.proxy.url}"
NO_PROXY = false
no_proxy = false
"""

JOURNEY = """
import os, sys, tempfile
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

client = MlflowClient()
run = client.create_run(client.create_experiment("over tls")).info.run_id
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "big.bin")
    with open(path, "wb") as file:
        file.write(os.urandom(3_000_000))
    client.log_artifact(run, path)
    with open(path, "rb") as sent, open(download_artifacts(run_id=run, artifact_path="big.bin"), "rb") as got:
        assert got.read() == sent.read()
client.create_registered_model("over-tls")
"""


def test_a_journey_through_a_tunnel_with_a_client_certificate(tmp_path):
    with MockServer() as server:
        world = server.worlds.get("tunnel")
        scenario = parse(LISTENERS, "test.tunnel").resolve()
        with world.listeners.opening(world, scenario.listeners):
            pass
        changes = {name: value and world.fill(value, server.url) for name, value in scenario.client.env.items()}
        env = environment.apply(
            {
                **world.environment(server.url),
                **changes,
                "MLFLOW_TRACKING_CLIENT_CERT_PATH": world.listeners["main"].client_certificate,
                "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
                "HOME": str(tmp_path),
            },
            os.environ,
        )
        ran = subprocess.run(
            [sys.executable, "-c", JOURNEY], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        entries = world.journal.entries()
        assert {entry.layer for entry in entries} >= {"listener", "mlflow"}
        assert {entry.method for entry in entries if entry.layer == "listener"} == {"CONNECT"}
        assert len(world.store.registry.models) == 1
        assert world.errors == []
