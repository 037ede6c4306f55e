"""Two servers in one test: the key reaches the Hokusai one, and no byte of it the other.

Held with tracking, registry, artifact and redirect calls, with a .netrc, and with user name and password set; the test
matrix runs it with every MLflow client.
"""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hokusai import ExperimentManager, ModelRegistry
from hokusai_mock import Sandbox

KEY = "hk_test_admin"


class Recorder(ThreadingHTTPServer):
    """A server that is not Hokusai's: keeps every byte it is sent, and answers `{}`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.requestline}\r\n{self.headers}".encode() + body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of the standard library

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def other() -> Iterator[Recorder]:
    with Recorder() as recorder:
        thread = threading.Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield recorder
        recorder.shutdown()
        thread.join()


def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")


def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", KEY)


def netrc(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(os.environ["NETRC"])
    path.write_text("machine 127.0.0.1 login someone password netrc-password\n")
    path.chmod(0o600)


def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "someone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "password")


def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    for prepare in (token, netrc, login):
        prepare(monkeypatch)


def client(uri: str) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def tracking(platform: Sandbox, other: Recorder, tmp_path: Path) -> None:
    client(platform.tracking_uri).search_experiments()
    client(other.url).search_experiments()


def registry(platform: Sandbox, other: Recorder, tmp_path: Path) -> None:
    client(platform.tracking_uri).create_registered_model("m")
    client(other.url).search_registered_models()


def artifacts(platform: Sandbox, other: Recorder, tmp_path: Path) -> None:
    ours = client(platform.tracking_uri)
    here = ours.create_experiment("here")
    there = ours.create_experiment("there", artifact_location=f"{other.url}/api/2.0/mlflow-artifacts/artifacts/there")
    (tmp_path / "file.txt").write_text("content")
    for experiment in (here, there):
        ours.log_artifact(ours.create_run(experiment).info.run_id, str(tmp_path / "file.txt"))


def redirects(platform: Sandbox, other: Recorder, tmp_path: Path) -> None:
    platform.fault(
        layer="edge",
        effect="status",
        match={"paths": ["*/experiments/get-by-name"]},
        **{"with": {"status": 307, "text": "", "headers": {"Location": f"{other.url}/moved"}}},
    )
    ours = client(platform.tracking_uri)
    ours.search_experiments()
    ours.get_experiment_by_name("moved")


@pytest.mark.parametrize("prepare", [bare, token, netrc, login, everything], ids=lambda prepare: prepare.__name__)
@pytest.mark.parametrize("calls", [tracking, registry, artifacts, redirects], ids=lambda calls: calls.__name__)
def test_the_key_reaches_hokusai_and_no_byte_of_it_the_other(  # noqa: PLR0917 - fixtures
    platform: Sandbox,
    other: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    calls: Callable[[Sandbox, Recorder, Path], None],
    prepare: Callable[[pytest.MonkeyPatch], None],
) -> None:
    prepare(monkeypatch)
    ExperimentManager(ModelRegistry(mode="online"))  # what selects the plug-in for the process
    calls(platform, other, tmp_path)
    assert {call["auth"]["key"] for call in platform.calls()} == {"admin"}
    assert other.seen != []
    sent = b"\r\n".join(other.seen)
    for form in (KEY, base64.b64encode(KEY.encode()).decode().rstrip("=")):
        assert form.encode() not in sent
    assert b"authorization: bearer" not in sent.lower()


def test_elsewhere_the_login_of_netrc_is_used_as_without_the_sdk(
    platform: Sandbox, other: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc(monkeypatch)
    ModelRegistry(mode="online")
    tracking(platform, other, tmp_path)
    expected = base64.b64encode(b"someone:netrc-password")
    assert all(b"Authorization: Basic " + expected in request for request in other.seen)


def test_elsewhere_a_token_of_another_kind_is_left_as_mlflow_sends_it(
    platform: Sandbox, other: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "other-token")
    ModelRegistry(mode="online")
    tracking(platform, other, tmp_path)
    assert all(b"Authorization: Bearer other-token" in request for request in other.seen)


def test_a_key_given_together_with_a_tracking_uri_goes_there(platform: Sandbox, other: Recorder) -> None:
    ModelRegistry(other.url, api_key="hk_test_both", api_endpoint=platform.api_endpoint, mode="online")
    assert b"Authorization: Bearer hk_test_both" in other.seen[0]


def test_a_key_of_the_environment_does_not_go_to_a_tracking_uri_of_the_argument(
    platform: Sandbox, other: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ModelRegistry(other.url, mode="online")
    assert KEY.encode() not in b"".join(other.seen)
