"""Models are logged, registered and loaded again, with pyfunc, scikit-learn and autologging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")

REQUIREMENTS = ["scikit-learn"]
"""Given, because MLflow would start a process for seconds to work them out."""

MODEL_ENTITIES = int(mlflow.__version__.split(".")[0]) >= 3
"""From MLflow 3 on a logged model is an entity of its own."""


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


def test_sklearn_model_is_registered_twice_and_predicts_by_version_stage_and_run(client: Any) -> None:
    numpy = pytest.importorskip("numpy")
    linear_model = pytest.importorskip("sklearn.linear_model")
    features = numpy.array([[0.0], [1.0], [2.0]])
    mlflow.set_experiment("sklearn")
    for slope in (2.0, 3.0):
        with mlflow.start_run() as run:
            mlflow.sklearn.log_model(
                linear_model.LinearRegression().fit(features, slope * features[:, 0]),
                "model",
                registered_model_name="line",
                pip_requirements=REQUIREMENTS,
                serialization_format="cloudpickle",
            )
    client.transition_model_version_stage("line", "1", "Production")

    def slope_of(uri: str) -> float:
        return float(mlflow.pyfunc.load_model(uri).predict(features)[1])

    assert slope_of("models:/line/1") == pytest.approx(2.0)
    assert slope_of("models:/line/2") == pytest.approx(3.0)
    assert slope_of("models:/line/Production") == pytest.approx(2.0)
    assert slope_of("models:/line/latest") == pytest.approx(3.0)
    assert slope_of(f"runs:/{run.info.run_id}/model") == pytest.approx(3.0)
    if MODEL_ENTITIES:
        experiment = client.get_experiment_by_name("sklearn").experiment_id
        logged = client.search_logged_models([experiment])
        assert [str(one.status).rpartition(".")[2] for one in logged] == ["READY", "READY"]


@pytest.fixture
def autolog(full_mlflow: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """scikit-learn logs by itself."""
    pytest.importorskip("sklearn")
    monkeypatch.setattr("mlflow.models.infer_pip_requirements", lambda *_, **__: REQUIREMENTS)
    mlflow.sklearn.autolog(silent=True)
    yield
    mlflow.sklearn.autolog(disable=True, silent=True)


def test_autologging_logs_parameters_metrics_and_the_model(autolog: None, client: Any) -> None:
    numpy = pytest.importorskip("numpy")
    linear_model = pytest.importorskip("sklearn.linear_model")
    features = numpy.array([[0.0], [1.0], [2.0], [3.0]])
    mlflow.set_experiment("autolog")
    with mlflow.start_run() as run:
        linear_model.Ridge(alpha=0.0).fit(features, 2.0 * features[:, 0])
    read = client.get_run(run.info.run_id)
    assert read.data.params["alpha"] == "0.0"
    assert read.data.metrics["training_score"] == pytest.approx(1.0)
    assert read.data.tags["estimator_name"] == "Ridge"
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.predict(features).tolist() == pytest.approx([0.0, 2.0, 4.0, 6.0])
