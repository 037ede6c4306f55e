"""Many tests in random order on several xdist workers against one shared server, each in a sandbox of its own.

The server is a process of its own (`hokusai-testkit serve`); the tests know its URL and nothing of each other.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Outcome", "run_crowd", "serving"]

TESTS = '''
"""Each test writes under names that all tests share, and must find what it wrote alone."""

import os

import http.client
import json
import pytest
from hokusai_mock.sandbox import Sandbox
from urllib.parse import urlsplit

SERVER = os.environ["CROWD_SERVER"]
MOUNT = "/api/mlflow/api/2.0"


def ask(connection, sandbox, method, path, payload=None):
    body = payload if isinstance(payload, bytes) or payload is None else json.dumps(payload).encode()
    headers = {"Authorization": "Bearer hk_test_admin", "Content-Type": "application/json"}
    connection.request(method, f"/s/{sandbox.id}{MOUNT}/{path}", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, (answer.status, content[:200])
    return content


@pytest.mark.parametrize("number", range(int(os.environ["CROWD_TESTS"])))
def test_alone(number):
    sandbox = Sandbox(SERVER, f"test-{number}")
    connection = http.client.HTTPConnection(urlsplit(SERVER).hostname, urlsplit(SERVER).port, timeout=120)
    mine = f"written by {number}"
    requests = 0
    try:
        for again in range(1 + number % 3):
            ask(connection, sandbox, "POST", "mlflow/experiments/create", {"name": f"e{again}", "tags": [
                {"key": "by", "value": mine}]})
            run = json.loads(ask(connection, sandbox, "POST", "mlflow/runs/create", {"experiment_id": str(again + 1)}))
            run_id = run["run"]["info"]["run_id"]
            metric = {"run_id": run_id, "key": "m", "value": number, "timestamp": 1, "step": again}
            ask(connection, sandbox, "POST", "mlflow/runs/log-metric", metric)
            requests += 3
        ask(connection, sandbox, "POST", "mlflow/registered-models/create", {"name": "model", "description": mine})
        ask(connection, sandbox, "PUT", "mlflow-artifacts/artifacts/0/file", mine.encode())
        found = json.loads(ask(connection, sandbox, "POST", "mlflow/experiments/search", {"max_results": 1000}))
        tags = [one["tags"][0]["value"] for one in found["experiments"] if "tags" in one]
        runs = json.loads(ask(connection, sandbox, "POST", "mlflow/runs/search", {"experiment_ids": ["1", "2", "3"]}))
        models = json.loads(ask(connection, sandbox, "GET", "mlflow/registered-models/search"))["registered_models"]
        content = ask(connection, sandbox, "GET", "mlflow-artifacts/artifacts/0/file")
        requests += 6
        connection.close()
        assert tags == [mine] * (1 + number % 3)
        assert [one["data"]["metrics"][0]["value"] for one in runs["runs"]] == [number] * (1 + number % 3)
        assert [one["description"] for one in models] == [mine]
        assert content == mine.encode()
        journal = sandbox.journal
        assert len(journal) == requests
        assert {entry["fate"] for entry in journal} == {"sent"}
        assert sandbox.errors == []
    finally:
        connection.close()
    if number % 2:
        sandbox.drop()
'''


class Outcome(NamedTuple):
    """What a run of many tests came to."""

    passed: int
    failed: int
    seconds: float
    requests: int
    sandboxes_left: int
    output: str


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, int]]:
    """A mock in a process of its own: its URL and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready"
        command = [sys.executable, "-c", "from hokusai_testkit.cli import main; main()", "serve", "--port", "0"]
        command += ["--exit-with-stdin", "--ready-file", str(ready), *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the mock did not start")
                time.sleep(0.01)
            try:
                yield ready.read_text("utf-8").strip(), process.pid
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(60)


def control(url: str, path: str) -> Any:
    """What control of the mock at `url` answers."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("GET", f"/_testkit/v1{path}")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def run_crowd(tests: int, workers: int, seed: int) -> Outcome:
    """Run `tests` tests on `workers` workers, in the random order of `seed`, against one server."""
    with tempfile.TemporaryDirectory() as folder, serving() as (url, _):
        (Path(folder) / "test_crowd.py").write_text(TESTS, "utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider"]
        command += ["-p", "no:hokusai", f"--randomly-seed={seed}"]
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        env = {**outer, "CROWD_SERVER": url, "CROWD_TESTS": str(tests)}
        started = time.monotonic()
        done = subprocess.run(
            [*command, "test_crowd.py"], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=1200
        )
        seconds = time.monotonic() - started
        listed = control(url, "/sandboxes")["sandboxes"]
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    return Outcome(
        passed=counts.get("passed", 0),
        failed=counts.get("failed", 0) + counts.get("error", 0),
        seconds=seconds,
        requests=sum(one["requests"] for one in listed),
        sandboxes_left=len(listed),
        output=done.stdout + done.stderr,
    )
