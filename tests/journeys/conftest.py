"""Every journey starts from a fresh sandbox of the server version that the installed client belongs to.

It runs twice: against a plain server, and behind the gateway's mount. Both are below `/s/journey/`, and no request of
a journey may go anywhere else: neither to another path of the mock nor to another address.
"""

from __future__ import annotations

import importlib.metadata
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hokusai_mock import MockServer, profiles

if TYPE_CHECKING:
    from hokusai_mock import Sandbox

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])

REMEMBERED = (
    "mlflow.tracking._tracking_service.utils._tracking_uri",
    "mlflow.tracking._model_registry.utils._registry_uri",
    "mlflow.tracking.fluent._active_experiment_id",
)
"""What a client remembers in the process, so that its environment would no longer count."""


def of_name(profile: str) -> tuple[int, ...]:
    """(2, 9) for `mlflow-2.9`."""
    return tuple(int(part) for part in profile.removeprefix("mlflow-").split("."))


def nearest_profile() -> str:
    """The newest server version that is not newer than the client, else the oldest."""
    known = sorted(profiles.mlflow_names(), key=of_name)
    return max((name for name in known if of_name(name) <= VERSION), key=of_name, default=known[0])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What clients of many versions warn of is not ours."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


def pytest_report_header() -> str:
    return f"journeys: MLflow client {mlflow.__version__} against {nearest_profile()}"


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> set[Any]:
    """The addresses to which anything connects during the test."""
    seen: set[Any] = set()
    connect = socket.socket.connect

    def noting(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            seen.add(address[:2])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noting)
    return seen


@pytest.fixture(params=["plain", "behind the gateway"])
def sandbox(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, addresses: set[Any]
) -> Iterator[Sandbox]:
    """A fresh sandbox to which the client is pointed by its environment alone."""
    with MockServer(plain=request.param == "plain", profile=nearest_profile()) as server:
        handle = server.sandbox("journey")
        for name, value in handle.env.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        monkeypatch.chdir(tmp_path)
        for remembered in REMEMBERED:
            monkeypatch.setattr(remembered, None)
        yield handle
        while mlflow.active_run():
            mlflow.end_run()
        assert handle.errors == []
        assert handle.calls(), "the client never asked the mock"
        assert server.sandbox().calls() == [], "requests left the prefix of the sandbox"
        assert addresses == {("127.0.0.1", server.port)}
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)  # set_experiment leaves it behind


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    """A client that knows the sandbox by its environment."""
    return mlflow.MlflowClient()


@pytest.fixture
def profile() -> profiles.MlflowProfile:
    """The server version that the sandbox plays."""
    return profiles.mlflow(nearest_profile())


@pytest.fixture
def full_mlflow() -> None:
    """Skip where only `mlflow-skinny` is installed."""
    try:
        importlib.metadata.distribution("mlflow")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs the full mlflow")
