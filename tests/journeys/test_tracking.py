"""Experiments and runs as an unmodified client uses them: logged, found, deleted, restored."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")


def test_experiment_lives_from_its_creation_to_its_return(client: Any) -> None:
    experiment_id = client.create_experiment("wine", tags={"team": "blue"})
    client.set_experiment_tag(experiment_id, "stage", "dev")
    found = client.get_experiment_by_name("wine")
    assert (found.experiment_id, found.tags) == (experiment_id, {"team": "blue", "stage": "dev"})
    client.rename_experiment(experiment_id, "vin")
    assert client.get_experiment_by_name("wine") is None
    assert [one.name for one in client.search_experiments(filter_string="name LIKE 'vi%'")] == ["vin"]
    client.delete_experiment(experiment_id)
    assert [one.name for one in client.search_experiments()] == ["Default"]
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"


def test_run_with_everything_logged_is_read_back(client: Any) -> None:
    mlflow.set_experiment("wine")
    with mlflow.start_run(run_name="first", tags={"team": "blue"}) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"width": 4, "kind": "tree"})
        mlflow.log_metric("loss", 0.5, step=0)
        mlflow.log_metric("loss", 0.25, step=1)
        mlflow.log_metrics({"acc": 0.9, "f1": 0.8})
        mlflow.set_tags({"stage": "dev", "owner": "ann"})
    read = client.get_run(run.info.run_id)
    assert read.info.status == "FINISHED"
    assert read.info.run_name == "first"
    assert read.data.params == {"depth": "3", "width": "4", "kind": "tree"}
    assert read.data.metrics == {"loss": 0.25, "acc": 0.9, "f1": 0.8}
    assert {**read.data.tags, "team": "blue", "stage": "dev", "owner": "ann"} == read.data.tags
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [(one.step, one.value) for one in history] == [(0, 0.5), (1, 0.25)]


def test_nested_runs_are_found_by_their_parent(client: Any) -> None:
    mlflow.set_experiment("nested")
    with mlflow.start_run(run_name="parent") as parent:
        for depth in (1, 2):
            with mlflow.start_run(run_name=f"depth-{depth}", nested=True):
                mlflow.log_metric("loss", 1 / depth)
                with mlflow.start_run(run_name=f"fold-{depth}", nested=True):
                    mlflow.log_param("fold", 0)
    experiment_id = parent.info.experiment_id
    children = client.search_runs(
        [experiment_id],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.loss ASC"],
    )
    assert [run.info.run_name for run in children] == ["depth-2", "depth-1"]
    (fold,) = client.search_runs([experiment_id], "attributes.run_name = 'fold-2'")
    assert fold.data.tags["mlflow.parentRunId"] == children[0].info.run_id
    assert len(client.search_runs([experiment_id])) == 5


def test_a_batch_is_logged_at_once(client: Any) -> None:
    run_id = client.create_run(client.create_experiment("batch")).info.run_id
    metrics = [mlflow.entities.Metric(f"m{number % 10}", number / 4, 1000 + number, number) for number in range(250)]
    params = [mlflow.entities.Param(f"p{number}", str(number)) for number in range(90)]
    tags = [mlflow.entities.RunTag(f"t{number}", "é") for number in range(60)]
    client.log_batch(run_id, metrics, params, tags)
    read = client.get_run(run_id)
    assert read.data.metrics == {f"m{digit}": (240 + digit) / 4 for digit in range(10)}
    assert read.data.params == {f"p{number}": str(number) for number in range(90)}
    assert {key: value for key, value in read.data.tags.items() if key.startswith("t")} == {
        f"t{number}": "é" for number in range(60)
    }
    assert len(client.get_metric_history(run_id, "m3")) == 25


def test_what_is_logged_in_the_background_arrives(client: Any) -> None:
    if "synchronous" not in inspect.signature(client.log_batch).parameters:
        pytest.skip("this client cannot log in the background")
    run_id = client.create_run(client.create_experiment("background")).info.run_id
    pending = [
        client.log_batch(
            run_id,
            metrics=[mlflow.entities.Metric("loss", 1 / (step + 1), 1000 + step, step)],
            params=[mlflow.entities.Param(f"p{step}", "x")],
            synchronous=False,
        )
        for step in range(20)
    ]
    for one in pending:
        one.wait()
    history = client.get_metric_history(run_id, "loss")  # several threads send: in any order
    assert sorted(one.step for one in history) == list(range(20))
    assert len(client.get_run(run_id).data.params) == 20


def test_a_parameter_cannot_be_changed(client: Any) -> None:
    run_id = client.create_run(client.create_experiment("fixed")).info.run_id
    client.log_param(run_id, "depth", 3)
    client.log_param(run_id, "depth", 3)
    with pytest.raises(mlflow.MlflowException, match="Changing param values is not allowed"):
        client.log_param(run_id, "depth", 4)


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


def test_pages_of_a_search_cover_everything_once(client: Any) -> None:
    experiment = client.create_experiment("pages")
    for index in range(7):
        client.create_run(experiment, run_name=f"run-{index}", start_time=index + 1)
    names, token = [], None
    while True:
        page = client.search_runs([experiment], max_results=3, order_by=["start_time ASC"], page_token=token)
        names += [run.info.run_name for run in page]
        token = page.token
        if not token:
            break
    assert names == [f"run-{index}" for index in range(7)]
    everything = mlflow.search_runs([experiment], output_format="list")
    assert len(everything) == 7


def test_deleted_runs_and_experiments_come_back(client: Any) -> None:
    experiment = client.create_experiment("deleted")
    run_id = client.create_run(experiment).info.run_id
    client.delete_run(run_id)
    assert list(client.search_runs([experiment])) == []
    deleted = client.search_runs([experiment], run_view_type=mlflow.entities.ViewType.DELETED_ONLY)
    assert [run.info.run_id for run in deleted] == [run_id]
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
