"""No call hangs: each documented call comes back within what `docs/timeouts.md` says, whatever the server does not do.

The variables are set to the least that MLflow takes, a second and no retries. Whether a call came back is what is
looked at, not how fast: the bound of a test is the documented one with room for a busy machine.
"""

from __future__ import annotations

import contextvars
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import hokusai
from hokusai.auth import AuthenticatedClient, HokusaiAuth
from hokusai.auth._key import Secret
from hokusai.auth._validation import validate_key
from hokusai.exceptions import HokusaiException
from hokusai_mock import Sandbox

ROOM = 20.0
"""Seconds that a call of one or two requests of one second each may take on a busy machine; a hang takes for ever."""


def outcome(call: Callable[[], object]) -> object:
    """Run `call` in a thread of its own and return what it raised or returned; fail when it does not come back."""
    done: list[object] = []

    def run() -> None:
        try:
            done.append(call())
        except BaseException as error:  # noqa: BLE001 - it is what the test looks at
            done.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(ROOM)
    assert done, f"the call did not come back within {ROOM:.0f} s"
    return done[0]


@pytest.fixture
def impatient(platform: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The platform, for clients that wait a second and try once."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "false")
    return platform


def hang(platform: Sandbox) -> None:
    platform.fault(layer="transport", effect="hang", match={"paths": ["@all"]})


def registry(**more: Any) -> hokusai.ModelRegistry:
    return hokusai.ModelRegistry(timeout=1.0, mode="online", **more)


CONSTRUCTORS: dict[str, Callable[[], object]] = {
    "ModelRegistry": registry,
    "ExperimentManager": hokusai.ExperimentManager,
    "setup_mlflow_auth": hokusai.setup_mlflow_auth,
}


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_making_an_object_comes_back_from_a_server_that_says_nothing(name: str, impatient: Sandbox) -> None:
    hang(impatient)
    error = outcome(CONSTRUCTORS[name])
    assert isinstance(error, HokusaiException)
    assert error.code == "D03"


def _start(one: hokusai.ModelRegistry) -> None:
    with hokusai.ExperimentManager(one).start_experiment("e"):
        pass


CALLS: dict[str, Callable[[hokusai.ModelRegistry], object]] = {
    "list_versions": lambda one: hokusai.ModelVersionManager(one).list_versions("m"),
    "get_latest_version": lambda one: hokusai.ModelVersionManager(one).get_latest_version("m"),
    "get_model_by_id": lambda one: one.get_model_by_id("m-1"),
    "register_baseline": lambda one: one.register_baseline(model_name="m", mlflow_run_id="0" * 32),
    "start_experiment": _start,
    "predict_batch": lambda one: hokusai.HokusaiInferencePipeline(one).predict_batch([[1.0]], "m"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_comes_back_from_a_server_that_stops_answering(name: str, impatient: Sandbox) -> None:
    one = registry()
    hang(impatient)
    error = outcome(lambda: CALLS[name](one))
    assert isinstance(error, HokusaiException)
    assert error.code == "D03"
    assert error.remedy


PLATFORM_CALLS: dict[str, Callable[[str], object]] = {
    "AuthenticatedClient.get": lambda _: AuthenticatedClient(timeout=1.0).get("/models"),
    "AuthenticatedClient.post": lambda _: AuthenticatedClient(timeout=1.0).post("/models", json={}),
    "HokusaiAuth.validate": lambda url: HokusaiAuth("hk_test_admin", auth_service_url=url).validate(),
}


@pytest.mark.parametrize("name", PLATFORM_CALLS)
def test_a_call_to_the_platform_itself_comes_back(
    name: str, impatient: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_key, "__kwdefaults__", {"timeout": 1.0})
    hang(impatient)
    result = outcome(lambda: PLATFORM_CALLS[name](impatient.url))
    assert result is None or (isinstance(result, HokusaiException) and result.code == "D03")


class Dripping:
    """A server that answers a byte every now and then, so that no read ever times out, and never ends."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._drip, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _drip(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not self._closing.wait(0.05):
                    connection.sendall(b" ")
            except OSError:
                return

    def close(self) -> None:
        self._closing.set()
        self._socket.close()
        for thread in self._threads[1:]:
            thread.join()


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    server = Dripping()
    yield server
    server.close()


def test_an_answer_that_never_ends_does_not_hold_up_making_an_object(dripping: Dripping) -> None:
    error = outcome(lambda: registry(tracking_uri=dripping.url))
    assert isinstance(error, HokusaiException)
    assert error.code == "D03"


def test_an_answer_that_never_ends_does_not_hold_up_a_call_to_the_platform(dripping: Dripping) -> None:
    client = AuthenticatedClient("hk_test_admin", f"{dripping.url}/api", timeout=1.0)
    error = outcome(lambda: client.post("/models", json={}))
    assert isinstance(error, HokusaiException)
    assert error.code == "D03"


def test_an_answer_that_never_ends_does_not_hold_up_validating(dripping: Dripping) -> None:
    assert outcome(lambda: validate_key(Secret("hk_test_admin"), dripping.url, timeout=1.0)) is None


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["net.silent_port", "net.blackhole", "net.refuse", "net.dns_fail", "net.reset"])
@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_making_an_object_comes_back_from_every_broken_line(
    name: str, scenario: str, impatient: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in impatient.scenario(scenario).items():
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    monkeypatch.setenv("HOKUSAI_OPTIONAL_MLFLOW", "false")
    error = outcome(CONSTRUCTORS[name])
    assert isinstance(error, HokusaiException)
    assert error.code in ("D01", "D02", "D03", "D04")
