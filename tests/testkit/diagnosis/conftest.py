"""Stand-ins for what the doctor meets: small servers on real sockets, and interpreters with chosen packages."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hokusai_testkit.diagnosis.main import main


@dataclass
class Stub:
    """A server whose answers are a table: path end to (status, body) or (status, body, headers)."""

    url: str
    answers: dict[str, Any]
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def authorizations(self) -> list[str]:
        return [headers["authorization"] for _, _, headers in self.requests if "authorization" in headers]


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent = {name.lower(): value for name, value in self.headers.items()}
            stub.requests.append((self.command, self.path, sent))
            answer = next((value for end, value in stub.answers.items() if self.path.endswith(end)), (404, "no"))
            if callable(answer):
                answer = answer(sent)
            status, body, headers = (*answer, {})[:3]
            text = json.dumps(body) if isinstance(body, dict | list) else body
            self.send_response(status)
            headers = {"Content-Type": "text/html" if text.startswith("<") else "application/json", **headers}
            for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    return Handler


@pytest.fixture
def serve() -> Iterator[Callable[..., Stub]]:
    with ExitStack() as stack:

        def start(answers: dict[str, Any]) -> Stub:
            stub = Stub("", answers)
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stub.url = f"http://127.0.0.1:{server.server_port}"
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return stub

        yield start


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, so that nobody else gets it, and that refuses connections."""
    with socket.socket() as guard:
        guard.bind(("127.0.0.1", 0))
        yield guard.getsockname()[1]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make packages of chosen versions appear installed in the examined interpreter."""

    def put(**packages: str) -> None:
        if "mlflow" in packages:  # this interpreter may have a skinny of another version: a mixture, unless it agrees
            packages.setdefault("mlflow_skinny", packages["mlflow"])
        for name, version in packages.items():
            folder = tmp_path / "planted" / f"{name}-{version}.dist-info"
            folder.mkdir(parents=True)
            project = name.replace("_", "-")
            folder.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "planted"))

    return put


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("HOKUSAI_", "MLFLOW_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@dataclass
class Outcome:
    """What the doctor said."""

    code: int
    result: dict[str, Any]
    out: str

    @property
    def verdict(self) -> dict[str, Any]:
        verdict: dict[str, Any] = self.result["verdict"]
        return verdict

    def check(self, name: str) -> dict[str, Any]:
        return next(check for check in self.result["checks"] if check["id"] == name)


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run the doctor in this process, on its real environment, for the interpreter of the tests."""

    def run(*arguments: str, env: dict[str, str | None] | None = None) -> Outcome:
        for name, value in (env or {}).items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(["--json", "--python", sys.executable, *arguments])
        out = capsys.readouterr().out
        return Outcome(code, json.loads(out), out)

    return run
