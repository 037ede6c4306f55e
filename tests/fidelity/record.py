"""Record the script's exchange against real MLflow servers: `python record.py [VERSION ...]`, all versions by default.

Each version gets an environment with its pins (`servers.py`; kept in `--environments`) and a fresh server with a fresh
SQLite store, one at a time. The result is `recordings/VERSION.json`, which `test_replay.py` compares with the mock.
`prove_fidelity.py` records into a folder that it throws away, and compares.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from exchange import Answer, Send, play
from script import steps
from servers import VERSIONS, mlflow_of

RECORDINGS = Path(__file__).parent / "recordings"
START_SECONDS = 120


@contextmanager
def server(
    mlflow: Path,
    arguments: Sequence[str] = ("--serve-artifacts",),
    environment: Mapping[str, str] | None = None,
    prefix: str = "",
) -> Iterator[int]:
    """Start a fresh server and yield its port once it is healthy, by the health below `prefix` or without it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [str(mlflow), "server", *arguments, "--host", "127.0.0.1", "--port", str(port)]
        if "--artifacts-only" not in arguments:  # the one excludes the other
            command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        if "--no-serve-artifacts" not in arguments:
            command += ["--artifacts-destination", f"{folder}/art"]
        path = f"{mlflow.parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"}
        env |= environment or {}
        with open(f"{folder}/log", "wb") as log:
            process = subprocess.Popen(
                [*command, "--workers", "1"], env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True
            )
            try:
                if not _healthy(process, port, {"/health", f"{prefix}/health"}):
                    said = Path(folder, "log").read_text("utf-8", "replace")[-2000:]
                    raise SystemExit(f"the MLflow server did not become healthy; it said: {said}")
                yield port
            finally:
                _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server with its workers: `mlflow server` starts them and leaves them behind when it is ended alone."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGTERM)
    else:
        process.terminate()
    process.wait(30)


def _healthy(process: subprocess.Popen[bytes], port: int, paths: Collection[str]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if any(sender(port)("GET", path, {}, None).status == 200 for path in paths):
                return True
        except OSError:  # noqa: PERF203 - waits for a start
            time.sleep(0.2)
    return False


def sender(port: int) -> Send:
    """Send requests exactly as the script has them: no header of its own but Host, no encoding, no redirect."""

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            received: dict[str, str] = {}
            for name, value in response.getheaders():
                key = name.lower()
                received[key] = f"{received[key]}, {value}" if key in received else value
            return Answer(response.status, received, response.read())
        except http.client.RemoteDisconnected:
            return Answer(0, {}, b"the connection was closed without an answer")
        finally:
            connection.close()

    return send


def record(version: str, mlflow: Path, folder: Path = RECORDINGS) -> int:
    """Play the script against a fresh server, write the recording of `version`, and return how long it is."""
    with server(mlflow) as port:
        exchanges = play(steps(), sender(port))
    reported = next(one["text"] for one in exchanges if one["name"] == "version")
    if reported != version:
        raise SystemExit(f"{mlflow} is MLflow {reported}, not {version}")
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in exchanges)
    folder.mkdir(exist_ok=True)
    text = f'{{"server": "mlflow {version}, SQLite store", "exchanges": [\n{lines}\n]}}\n'
    (folder / f"{version}.json").write_text(text, encoding="utf-8")
    return len(exchanges)


def main() -> None:
    """Record what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("versions", nargs="*", metavar="VERSION", help=f"of {', '.join(VERSIONS)}")
    parser.add_argument("--environments", type=Path, help="where environments are kept (default: thrown away)")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.versions) - set(VERSIONS)):
        parser.error(f"no pins for {unknown[0]}; there are {', '.join(VERSIONS)}")
    with tempfile.TemporaryDirectory() as thrown_away:
        for version in arguments.versions or VERSIONS:
            mlflow = mlflow_of(version, arguments.environments or Path(thrown_away))
            sys.stdout.write(f"MLflow {version}: {record(version, mlflow)} exchanges recorded\n")


if __name__ == "__main__":
    main()
