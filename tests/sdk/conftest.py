"""A running mock, a sandbox of it, and a process state that every test finds fresh.

The SDK's tests speak to the mock over real sockets through the real MLflow client; they do not use the kit's plugin.
"""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hokusai_mock import MockServer, Sandbox

CLEARED = (
    "HOKUSAI_ALLOW_HTTP",
    "HOKUSAI_API_ENDPOINT",
    "HOKUSAI_API_KEY",
    "HOKUSAI_MOCK_MODE",
    "HOKUSAI_OPTIONAL_MLFLOW",
    "MLFLOW_ACTIVE_MODEL_ID",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_RUN_ID",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_TRACKING_URI",
    "MLFLOW_TRACKING_USERNAME",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "REDIS_PORT",
    "REDIS_URL",
)


@pytest.fixture(scope="session", autouse=True)
def mlflow_loaded() -> None:
    """Import MLflow before warnings are errors: 2.9 uses what its dependencies have deprecated since."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in ("mlflow", "mlflow.pyfunc", "mlflow.sklearn", "mlflow.utils.requirements_utils"):
            import_module(module)


@pytest.fixture(scope="session")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=1) as server:
        yield server


@pytest.fixture(scope="session")
def user_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One user data directory for all tests (and all workers): the local store's template is built once in it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    return shared / "user-data"


@pytest.fixture(scope="session", autouse=True)
def not_at_home(user_data: Path) -> Iterator[None]:
    """Nothing is written to the real home: what outlives a test (a child that is forked later) finds this one too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(user_data))
        yield


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user_data: Path) -> Iterator[None]:
    """Give the test a home, a store and an environment of its own, and take back what the SDK sets in the process."""
    from hokusai.auth._credentials import TABLE
    from hokusai.config._resolver import SETUP, SetupValues

    home = tmp_path / "home"
    home.mkdir()
    for name in CLEARED:
        monkeypatch.setenv(name, "")  # remembered, where it is absent too: MLflow sets some of them itself
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("NETRC", str(home / "netrc"))
    monkeypatch.setenv("XDG_DATA_HOME", str(user_data))
    monkeypatch.setenv("HOKUSAI_LOCAL_STORE", str(tmp_path / "local"))
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    monkeypatch.chdir(home)
    monkeypatch.setattr(SETUP, "values", SetupValues())
    monkeypatch.setattr(TABLE, "_credentials", ())
    monkeypatch.setattr(TABLE, "unverified", None)
    yield
    _forget_mlflow_state()


def _forget_mlflow_state() -> None:
    import sys

    utils = sys.modules.get("mlflow.tracking._tracking_service.utils")
    if utils is not None:
        utils._tracking_uri = None
    variables = sys.modules.get("mlflow.environment_variables")
    if variables is not None:
        variables.MLFLOW_TRACKING_AUTH.default = None


@pytest.fixture
def sandbox(mock: MockServer, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A platform of the test's own."""
    handle = mock.sandbox(f"sdk{abs(hash(request.node.nodeid)) % 10**12}")
    yield handle
    errors = handle.errors
    handle.drop()
    assert errors == []


@pytest.fixture
def platform(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with the environment that leads this process to it."""
    for name, value in sandbox.env.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("NETRC", os.path.join(os.environ["HOME"], "netrc"))
    return sandbox


@pytest.fixture
def registry(platform: Sandbox) -> Any:
    from hokusai import ModelRegistry

    return ModelRegistry(mode="online")


@pytest.fixture
def estimator() -> Any:
    """A fitted scikit-learn estimator: y = x0 + x1."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit([[0, 0], [1, 0], [0, 1], [2, 3]], [0, 1, 1, 5])


@pytest.fixture
def seconds() -> Callable[[Callable[[], object]], float]:
    """Measure how long a call takes."""

    def measure(call: Callable[[], object]) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return measure
