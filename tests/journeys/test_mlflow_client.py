"""Unmodified MLflow clients track, log models, register, load and search against the mock, whatever version they are.

The client under test is the one that is installed; with skinny clients the pyfunc and scikit-learn steps need numpy,
pandas and scikit-learn beside it. Every journey runs against a plain server, and once behind the gateway's mount in a
sandbox, where no request may leave the sandbox's prefix.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hokusai_mock import MockServer

if TYPE_CHECKING:
    from hokusai_mock import Sandbox

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")

pytestmark = pytest.mark.filterwarnings("ignore")  # what clients of many versions warn of is not ours

REQUIREMENTS = ["scikit-learn"]

REMEMBERED = (
    "mlflow.tracking._tracking_service.utils._tracking_uri",
    "mlflow.tracking._model_registry.utils._registry_uri",
    "mlflow.tracking.fluent._active_experiment_id",
)
"""What a client remembers in the process, so that its environment would no longer count."""

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])

PROFILE = "mlflow-2.9" if VERSION < (2, 21) else "mlflow-3.9"
"""From 2.21 on, clients search the registry in a way that an old server answers with nothing."""


@pytest.fixture(params=["plain", "behind the gateway"])
def sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh sandbox to which the client is pointed by its environment alone."""
    with MockServer(plain=request.param == "plain", profile=PROFILE) as server:
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
    os.environ.pop("MLFLOW_EXPERIMENT_ID", None)  # set_experiment leaves it behind


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return mlflow.MlflowClient()


def test_run_with_everything_logged_is_read_back(client: Any) -> None:
    mlflow.set_experiment("wine")
    with mlflow.start_run(run_name="first", tags={"team": "blue"}) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"width": 4, "kind": "tree"})
        mlflow.log_metric("loss", 0.5, step=0)
        mlflow.log_metric("loss", 0.25, step=1)
        mlflow.log_metrics({"acc": 0.9, "f1": 0.8})
        mlflow.set_tags({"stage": "dev", "owner": "ann"})
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 0.1)
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED"
    assert read.info.run_name == "first"
    assert read.data.params == {"depth": "3", "width": "4", "kind": "tree"}
    assert read.data.metrics == {"loss": 0.25, "acc": 0.9, "f1": 0.8}
    assert {**read.data.tags, "team": "blue", "stage": "dev", "owner": "ann"} == read.data.tags
    assert [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, "loss")] == [
        (0, 0.5),
        (1, 0.25),
    ]
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == run.info.run_id


def test_runs_are_found_by_what_was_logged(client: Any) -> None:
    experiment = client.create_experiment("search")
    for index in range(5):
        run = client.create_run(experiment, run_name=f"run-{index}", tags={"even": str(index % 2 == 0)})
        client.log_metric(run.info.run_id, "score", index / 10)
        client.log_param(run.info.run_id, "index", index)
        client.set_terminated(run.info.run_id)
    found = client.search_runs(
        [experiment], "metrics.score > 0.15 and tags.even = 'True'", order_by=["metrics.score DESC"]
    )
    assert [run.info.run_name for run in found] == ["run-4", "run-2"]
    first = client.search_runs([experiment], max_results=2, order_by=["params.index ASC"])
    second = client.search_runs([experiment], max_results=2, order_by=["params.index ASC"], page_token=first.token)
    assert [run.info.run_name for run in [*first, *second]] == ["run-0", "run-1", "run-2", "run-3"]


def test_artifacts_with_odd_names_come_back(client: Any, tmp_path: Path) -> None:
    run_id = client.create_run(client.create_experiment("artifacts")).info.run_id
    source = tmp_path / "a b é.txt"
    source.write_text("odd", encoding="utf-8")
    client.log_artifact(run_id, str(source), "some folder")
    client.log_dict(run_id, {"a": 1}, "data.json")
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(3 * 1024 * 1024))
    client.log_artifact(run_id, str(large))
    assert sorted(one.path for one in client.list_artifacts(run_id)) == ["data.json", "large.bin", "some folder"]
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/data.json") == {"a": 1}
    downloaded = Path(client.download_artifacts(run_id, "some folder", str(tmp_path)))
    assert (downloaded / "a b é.txt").read_text(encoding="utf-8") == "odd"
    again = Path(client.download_artifacts(run_id, "large.bin", str(tmp_path / "some folder")))
    assert again.read_bytes() == large.read_bytes()


def test_registry_keeps_versions_aliases_tags_and_stages(client: Any) -> None:
    run_id = client.create_run(client.create_experiment("registry")).info.run_id
    client.create_registered_model("wine", tags={"team": "blue"}, description="about wine")
    for number in (1, 2):
        version = client.create_model_version("wine", f"runs:/{run_id}/model", run_id)
        assert str(version.version) == str(number)
        assert version.status == "READY"
    client.set_registered_model_alias("wine", "champion", "2")
    client.set_model_version_tag("wine", "2", "version", "1.1.0")
    champion = client.get_model_version_by_alias("wine", "champion")
    assert (str(champion.version), champion.tags) == ("2", {"version": "1.1.0"})
    client.update_model_version("wine", "1", "the first")
    assert client.get_model_version("wine", "1").description == "the first"
    client.transition_model_version_stage("wine", "1", "Production")
    latest = client.get_latest_versions("wine", ["Production"])
    assert [str(one.version) for one in latest] == ["1"]
    assert [str(one.version) for one in client.search_model_versions("name='wine'")] == ["1", "2"]
    assert [one.name for one in client.search_registered_models()] == ["wine"]
    client.delete_registered_model_alias("wine", "champion")
    client.rename_registered_model("wine", "vin")
    client.delete_model_version("vin", "1")
    assert [str(one.version) for one in client.search_model_versions("name='vin'")] == ["2"]
    client.delete_registered_model("vin")
    assert list(client.search_registered_models()) == []


def test_deleted_runs_and_experiments_come_back(client: Any) -> None:
    experiment = client.create_experiment("deleted")
    run_id = client.create_run(experiment).info.run_id
    client.delete_run(run_id)
    assert list(client.search_runs([experiment])) == []
    client.restore_run(run_id)
    client.log_metric(run_id, "again", 1)
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment)
    assert client.get_run(run_id).data.metrics == {"again": 1.0}


def test_missing_things_raise_what_the_real_server_makes_clients_raise(client: Any) -> None:
    assert client.get_experiment_by_name("nope") is None
    with pytest.raises(mlflow.MlflowException, match="not found") as caught:
        client.get_registered_model("nope")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.create_registered_model("twice")
    with pytest.raises(mlflow.MlflowException, match="already exists") as caught:
        client.create_registered_model("twice")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_python_model_is_logged_registered_and_loaded_by_alias(client: Any) -> None:
    pandas = pytest.importorskip("pandas")

    class Doubler(mlflow.pyfunc.PythonModel):  # type: ignore[misc,name-defined,unused-ignore]
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def] # hints mean a schema
            return model_input * 2

    mlflow.set_experiment("pyfunc")
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model("model", python_model=Doubler(), pip_requirements=REQUIREMENTS)
    registered = mlflow.register_model(info.model_uri, "doubler")
    assert str(registered.version) == "1"
    client.set_registered_model_alias("doubler", "champion", "1")
    loaded = mlflow.pyfunc.load_model("models:/doubler@champion")
    assert list(loaded.predict(pandas.DataFrame({"x": [1, 2]}))["x"]) == [2, 4]


def test_sklearn_model_is_logged_registered_and_predicts(client: Any, sandbox: Sandbox) -> None:
    numpy = pytest.importorskip("numpy")
    linear_model = pytest.importorskip("sklearn.linear_model")
    features = numpy.array([[0.0], [1.0], [2.0]])
    model = linear_model.LinearRegression().fit(features, [0.0, 2.0, 4.0])
    mlflow.set_experiment("sklearn")
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            model,
            "model",
            registered_model_name="line",
            pip_requirements=REQUIREMENTS,
            serialization_format="cloudpickle",
        )
    loaded = mlflow.pyfunc.load_model("models:/line/1")
    assert loaded.predict(features).tolist() == pytest.approx([0.0, 2.0, 4.0], abs=1e-9)
    if VERSION >= (3, 0):
        experiment = client.get_experiment_by_name("sklearn").experiment_id
        (logged,) = client.search_logged_models([experiment])
        assert str(logged.status) in ("READY", "LoggedModelStatus.READY")


def test_no_request_leaves_the_sandbox(client: Any, sandbox: Sandbox) -> None:
    run_id = client.create_run(client.create_experiment("prefix")).info.run_id
    client.log_text(run_id, "x", "notes/x.txt")
    client.list_artifacts(run_id)
    paths = [entry["path"] for entry in sandbox.calls()]
    mount = "" if os.environ["MLFLOW_TRACKING_URI"] == sandbox.url else "/api/mlflow"
    assert all(path.startswith(f"{mount}/api/") for path in paths), paths
