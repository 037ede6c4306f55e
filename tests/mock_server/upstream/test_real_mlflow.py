"""The mock in front of a real `mlflow server` with its own database and files; an unmodified client notices nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from hokusai_mock import MockServer, environment
from hokusai_mock.upstream import Backend

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="ends a process group by signal")]

CLIENT = """
import sys, tempfile, pathlib
import mlflow
from mlflow import MlflowClient

mlflow.set_experiment("through the mock")
data = bytes(range(256)) * 8192
with mlflow.start_run() as run:
    mlflow.log_params({"a": 1})
    mlflow.log_metrics({"m": 0.5})
    path = pathlib.Path(tempfile.mkdtemp(), "two megabytes & more.bin")
    path.write_bytes(data)
    mlflow.log_artifact(path)
client = MlflowClient()
fetched = client.download_artifacts(run.info.run_id, path.name, tempfile.mkdtemp())
assert pathlib.Path(fetched).read_bytes() == data
client.create_registered_model("m")
client.create_model_version("m", f"runs:/{run.info.run_id}/x", run.info.run_id)
client.set_registered_model_alias("m", "champion", "1")
assert client.get_model_version_by_alias("m", "champion").version in ("1", 1)
client.delete_registered_model_alias("m", "champion")
found = client.search_runs(["0", run.info.experiment_id], order_by=["metrics.m DESC", "attributes.start_time ASC"])
assert [one.info.run_id for one in found] == [run.info.run_id]
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    pytest.importorskip("sqlalchemy", reason="needs the full MLflow")
    pytest.importorskip("mlflow")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/m.db", "--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=folder)
    backend = Backend.parse(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 90
        while backend.version() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.2)
            assert server.poll() is None, (folder / "log").read_text("utf-8")
            assert time.monotonic() < deadline, "mlflow server did not start"
        yield backend
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def test_a_client_works_through_the_mock_and_all_of_it_is_recorded(real, tmp_path):
    with MockServer(backend=real.url, record=tmp_path) as server:
        box = server.sandbox("real")
        env = environment.apply(box.env, {**os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"})
        command = [sys.executable, "-c", CLIENT]
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        requests = box.journal
        assert box.errors == []
    assert {entry["fate"] for entry in requests} == {"sent"}
    import yaml  # noqa: PLC0415 - comes with vcrpy

    cassette = yaml.safe_load((tmp_path / "real.yaml").read_text("utf-8"))
    assert len(cassette["interactions"]) == len(requests)
    assert cassette["hokusai_testkit"]["mlflow"] == [real.version()]
