"""With MLflow imported: its fluent state leads to the sandbox during a test, and is put back after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

pytest_plugins = ["pytester"]
pytest.importorskip("mlflow")

NORMAL = ("-p", "no:randomly", "-W", "default")
"""Tests in their order; MLflow warns about itself in ways that differ by version."""

STATE = """
import mlflow, os, threading
from mlflow.tracking import fluent
from mlflow.tracking._tracking_service import utils as tracking
from mlflow.tracking._model_registry import utils as registry

def value(name):
    found = getattr(fluent, name, None)
    return found.get() if hasattr(found, "default_factory") else found

def state():
    return {
        "tracking": tracking._tracking_uri,
        "registry": registry._registry_uri,
        "experiment": fluent._active_experiment_id,
        "runs": [run.info.run_id for run in value("_active_run_stack")],
        "last run": value("_last_active_run_id"),
        "model": getattr(value("_ACTIVE_MODEL_CONTEXT"), "model_id", None),
        "env": {name: os.environ.get(f"MLFLOW_{name}") for name in ("TRACKING_URI", "REGISTRY_URI", "EXPERIMENT_ID")},
    }
"""


def test_developers_own_mlflow_state_survives_a_test(run_apart: Run) -> None:
    result = run_apart(
        STATE
        + """
import pytest

@pytest.fixture(scope="module", autouse=True)
def of_the_developer(hokusai_session):
    mlflow.set_tracking_uri(hokusai_session.tracking_uri)
    mlflow.set_registry_uri(hokusai_session.tracking_uri)
    os.environ["MLFLOW_TRACKING_TOKEN"] = hokusai_session.api_key
    mlflow.set_experiment("mine")
    with mlflow.start_run():
        yield

before = []

def test_before():
    before.append(state())
    assert before[0]["runs"] and before[0]["experiment"]

def test_inside(hokusai, hokusai_env):
    assert mlflow.active_run() is None
    assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == hokusai.tracking_uri
    mlflow.set_experiment("in the sandbox")
    mlflow.start_run()  # and never ended
    mlflow.log_metric("accuracy", 1.0)
    mlflow.set_registry_uri("http://nowhere.invalid")
    mlflow.set_tracking_uri("http://nowhere.invalid")

def test_after():
    assert state() == before[0]

def test_again(hokusai, hokusai_env):
    assert mlflow.get_experiment_by_name("in the sandbox") is None
    with mlflow.start_run() as run:
        assert run.info.experiment_id == "0"
    assert hokusai.calls("POST", "runs/create", status=200)
    assert not hokusai.calls(path="*nowhere*")
""",
        *NORMAL,
    )
    result.assert_outcomes(passed=4)


def test_mlflow_imported_by_the_test_itself_leaves_nothing(run_apart: Run) -> None:
    result = run_apart(
        """
import sys

def test_first(hokusai, hokusai_env):
    assert "mlflow" not in sys.modules
    import mlflow
    mlflow.set_experiment("one")
    mlflow.start_run()
    assert mlflow.get_tracking_uri() == hokusai.tracking_uri

def test_second(hokusai, hokusai_env):
    import mlflow
    assert mlflow.active_run() is None
    assert mlflow.last_active_run() is None
    assert mlflow.get_tracking_uri() == hokusai.tracking_uri
    with mlflow.start_run() as run:
        assert run.info.experiment_id == "0"

def test_third():
    import os
    from mlflow.tracking._tracking_service import utils
    assert utils._tracking_uri is None
    assert not {"MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"} & set(os.environ)
""",
        *NORMAL,
    )
    result.assert_outcomes(passed=3)


def test_tracking_uri_follows_a_scenario(run_apart: Run) -> None:
    result = run_apart(
        """
import mlflow

def test_moves(hokusai, hokusai_env):
    assert mlflow.get_tracking_uri() == hokusai.tracking_uri
    hokusai.scenario("net.dns_fail")
    assert mlflow.get_tracking_uri() == hokusai.env["MLFLOW_TRACKING_URI"] != hokusai.tracking_uri
    hokusai.reset()
    assert mlflow.get_tracking_uri() == hokusai.tracking_uri
""",
        *NORMAL,
    )
    result.assert_outcomes(passed=1)
