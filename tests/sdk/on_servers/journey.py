"""What a user does with the SDK, step by step, against one MLflow server; run by the client whose turn it is.

    python journey.py URL NAME      prints a line of JSON: the client, and what each step came to (null, or its failure)

`NAME` begins every name that is made, so that many clients can share a server. The steps act through the SDK and look
at what came of it with bare requests. `prove_sdk_on_servers.py` brings real servers; that no documented method is left
out is held by `test_journey.py`.
"""

# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the steps that need it

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import requests

ROWS = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
SUMS = [1.0, 5.0, 9.0]


class Stage(NamedTuple):
    """The server, the beginning of every name, and a folder that is thrown away."""

    url: str
    name: str
    folder: Path

    def named(self, subject: str) -> str:
        return f"{self.name}-{subject}"

    def registry(self) -> Any:
        from hokusai import ModelRegistry

        return ModelRegistry(tracking_uri=self.url, mode="online")

    def get(self, call: str, **parameters: str) -> dict[str, Any]:
        """What the server answers to one GET of its REST API."""
        return _answer(requests.get(f"{self.url}/api/2.0/mlflow/{call}", params=parameters, timeout=60))

    def post(self, call: str, **body: Any) -> dict[str, Any]:
        return _answer(requests.post(f"{self.url}/api/2.0/mlflow/{call}", json=body, timeout=60))

    def versions(self, model: str) -> list[dict[str, Any]]:
        """The versions of a model as the server has them, oldest first."""
        found = self.get("model-versions/search", filter=f"name='{model}'").get("model_versions", [])
        return sorted(found, key=lambda one: int(one["version"]))


def _answer(response: requests.Response) -> dict[str, Any]:
    response.raise_for_status()
    return response.json()


def summing() -> Any:
    """A `PythonModel` that adds up each row."""
    import mlflow.pyfunc

    class Summing(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):  # type hints would make newer MLflow check the input
            return [float(sum(row)) for row in getattr(model_input, "values", model_input)]

    return Summing()


def fitted() -> Any:
    """A scikit-learn estimator of y = x0 + x1."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit([*ROWS, [1.0, 0.0]], [*SUMS, 1.0])


def close(found: list[float], wanted: list[float]) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) < 1e-6 for a, b in zip(found, wanted, strict=True))


# -- registering and reading -------------------------------------------------------------------------------------------


def registers_a_python_model(stage: Stage) -> None:
    model = stage.named("python")
    entry = stage.registry().register_baseline(model=summing(), model_name=model, metadata={"team": "growth"})

    (version,) = stage.versions(model)
    assert (entry.version, entry.mlflow_version) == ("1.0.0", str(version["version"]))
    assert {tag["key"]: tag["value"] for tag in version["tags"]}["version"] == "1.0.0"
    run = stage.get("runs/get", run_id=version["run_id"])["run"]
    assert run["info"]["status"] == "FINISHED"
    assert stage.get("artifacts/list", run_id=version["run_id"])["files"]


def registers_an_estimator_with_metrics(stage: Stage) -> None:
    model = stage.named("sklearn")
    entry = stage.registry().register_baseline(fitted(), model, metrics={"r2": 0.99})

    (version,) = stage.versions(model)
    assert entry["metrics"] == {"r2": 0.99}
    metrics = stage.get("runs/get", run_id=version["run_id"])["run"]["data"]["metrics"]
    assert [(one["key"], one["value"]) for one in metrics] == [("r2", 0.99)]


def registers_what_a_run_holds(stage: Stage) -> None:
    model, registry = stage.named("of-a-run"), stage.registry()
    first = registry.register_baseline(model=summing(), model_name=model)
    run_id = stage.versions(model)[0]["run_id"]

    second = registry.register_baseline(model_name=model, mlflow_run_id=run_id)

    assert [one["run_id"] for one in stage.versions(model)] == [run_id, run_id]
    assert (first.version, second.version) == ("1.0.0", "1.1.0")


def reads_back(stage: Stage) -> None:
    from hokusai import ModelNotFoundError

    model, registry = stage.named("read"), stage.registry()
    entry = registry.register_baseline(summing(), model)

    assert registry.get_model_by_id(entry.model_id).version == "1.0.0"
    assert [one.model_id for one in registry.list_models_by_type(model)] == [entry.model_id]
    assert registry.get_latest_model(model).model_id == entry.model_id
    assert registry.list_models_by_type(stage.named("none")) == []
    try:
        registry.get_model_by_id(stage.named("nobody"))
    except ModelNotFoundError:
        pass
    else:
        raise AssertionError("a model that is not there was found")


def orders_versions(stage: Stage) -> None:
    from hokusai import ModelVersionManager

    model, registry = stage.named("versions"), stage.registry()
    manager = ModelVersionManager(registry)
    for version in ("1.10.0", "1.9.0"):
        manager.register_version(summing(), model, version, metrics={"accuracy": 0.8 if version == "1.9.0" else 0.9})
    manager.register_version(summing(), model, auto_increment="patch")

    assert manager.list_versions(model) == ["1.9.0", "1.10.0", "1.10.1"]
    assert manager.get_latest_version(model) == "1.10.1"
    assert manager.compare_versions(model, "1.9.0", "1.10.0").is_improvement
    assert [one.version for one in manager.get_version_history(model)] == ["1.9.0", "1.10.0", "1.10.1"]
    assert manager.get_previous_version(model, "1.10.0").version == "1.9.0"
    assert manager.deprecate_version(model, "1.9.0")
    registry.update_model_tags(model, "1.10.0", {"stable": "true"})
    assert manager.get_latest_stable_version(model) == "1.10.0"


def promotes_and_rolls_back(stage: Stage) -> None:
    from hokusai import ModelVersionManager

    model, registry = stage.named("stages"), stage.registry()
    manager = ModelVersionManager(registry)
    for version in ("1.0.0", "2.0.0"):
        manager.register_version(summing(), model, version)
    manager.promote_model(model, "2.0.0")
    assert registry.get_latest_model(model).version == "2.0.0"
    assert manager.rollback_to_version(model, "1.0.0")
    assert registry.get_latest_model(model).version == "1.0.0"
    newest = registry.list_models_by_type(model)[-1]
    assert registry.rollback_model(model, newest.model_id)
    assert registry.get_latest_model(model).version == "2.0.0"
    registry.update_model_tags(model, "1.0.0", {"owner": "growth"})
    tags = {tag["key"]: tag["value"] for tag in stage.versions(model)[0]["tags"]}
    assert tags["owner"] == "growth"


def improves_and_tells_the_lineage(stage: Stage) -> None:
    model, registry = stage.named("improved"), stage.registry()
    baseline = registry.register_baseline(summing(), model, metrics={"accuracy": 0.8})
    contributor = "0x" + "ab" * 20

    improved = registry.register_improved_model(fitted(), baseline.model_id, {"accuracy": 0.05}, contributor)

    assert improved.baseline_id == baseline.model_id
    lineage = registry.get_model_lineage(improved.model_id)
    assert [one["model_id"] for one in lineage] == [baseline.model_id, improved.model_id]
    assert len(list(registry.get_model_lineage(model))) == 2


def deletes(stage: Stage) -> None:
    model, registry = stage.named("deleted"), stage.registry()
    entries = [registry.register_baseline(summing(), model) for _ in range(2)]

    assert registry.delete_model_version(entries[0].model_id)

    assert [str(one["version"]) for one in stage.versions(model)] == [entries[1].mlflow_version]


# -- predicting --------------------------------------------------------------------------------------------------------


def predicts_every_form_of_input(stage: Stage) -> None:
    import numpy
    import pandas

    from hokusai import HokusaiInferencePipeline

    model, registry = stage.named("forms"), stage.registry()
    registry.register_baseline(fitted(), model)
    pipeline = HokusaiInferencePipeline(registry)
    columns = {"a": [row[0] for row in ROWS], "b": [row[1] for row in ROWS]}
    for data in (ROWS, numpy.array(ROWS), pandas.DataFrame(ROWS), columns):
        predictions = pipeline.predict_batch(data, model)
        assert close(predictions, SUMS), (type(data), predictions)
        assert all(type(one) is float for one in predictions)


def predicts_with_the_version_that_is_named(stage: Stage) -> None:
    from hokusai import HokusaiInferencePipeline, ModelVersionManager

    model, registry = stage.named("named"), stage.registry()
    registry.register_baseline(summing(), model)
    registry.register_baseline(_Constant(), model)
    ModelVersionManager(registry).promote_model(model, "1.0.0")
    pipeline = HokusaiInferencePipeline(registry)

    answers = {version: pipeline.predict_batch(ROWS, model, version) for version in ("1.0.0", "2", "production", None)}

    assert close(answers["1.0.0"], SUMS)
    assert close(answers["production"], SUMS)
    assert answers["2"] == answers[None] == [7.0, 7.0, 7.0]


def answers_requests_in_a_loop(stage: Stage) -> None:
    import asyncio

    from hokusai.core import HokusaiInferencePipeline, InferenceRequest

    model, registry = stage.named("loop"), stage.registry()
    registry.register_baseline(summing(), model)
    pipeline = HokusaiInferencePipeline(registry)
    wanted = [InferenceRequest(str(number), model, [row]) for number, row in enumerate(ROWS)]

    async def ask() -> tuple[Any, Any, Any]:
        inside = pipeline.predict_batch(ROWS, model)
        return inside, await pipeline.predict(wanted[1]), await pipeline.batch_predict(wanted)

    inside, one, many = asyncio.run(ask())
    assert close(inside, SUMS)
    assert one.request_id == "1"
    assert [answer.request_id for answer in many] == ["0", "1", "2"]


class _Constant:
    def predict(self, data: Any) -> list[float]:
        return [7.0] * len(data)


# -- tracking ----------------------------------------------------------------------------------------------------------


def runs_an_experiment(stage: Stage) -> None:
    import mlflow

    from hokusai import ExperimentManager

    manager = ExperimentManager(stage.named("default"), stage.url)
    with manager.start_experiment(stage.named("experiment")) as run:
        mlflow.log_metric("accuracy", 0.9)
    found = stage.get("runs/get", run_id=run.info.run_id)["run"]
    assert found["info"]["status"] == "FINISHED"
    assert [(one["key"], one["value"]) for one in found["data"]["metrics"]] == [("accuracy", 0.9)]
    assert mlflow.active_run() is None


def compares_models(stage: Stage) -> None:
    from hokusai import ExperimentManager

    registry = stage.registry()
    baseline = registry.register_baseline(_Constant(), stage.named("compared"))
    candidate = registry.register_baseline(fitted(), stage.named("compared"))
    manager = ExperimentManager(stage.named("default"), registry=registry)
    test_data = {"features": ROWS, "labels": SUMS, "dataset_name": "sums"}

    compared = manager.compare_models(baseline.model_id, candidate.model_id, test_data)

    assert compared["recommendation"] in ("ACCEPT", "REVIEW", "REJECT")
    assert set(compared["baseline_metrics"]) == set(compared["candidate_metrics"])
    assert manager.create_improvement_experiment(baseline.model_id, {"rows": 3})
    assert manager.get_experiment_history(baseline.model_id)


def tracks_inferences(stage: Stage) -> None:
    from hokusai import PerformanceTracker

    model, tracker = stage.named("tracked"), PerformanceTracker(registry=stage.registry())
    for latency in range(5):
        tracker.track_inference({"model_id": model, "model_version": "1.0.0", "latency_ms": latency + 0.5})
    tracker.flush()

    experiment = stage.get("experiments/get-by-name", experiment_name=f"hokusai_inference/{model}")["experiment"]
    (run,) = stage.post("runs/search", experiment_ids=[experiment["experiment_id"]])["runs"]
    assert run["info"]["status"] == "FINISHED"
    # Without max_results newer servers give a page of none.
    asked = {"run_id": run["info"]["run_id"], "metric_key": "latency_ms", "max_results": "100"}
    assert sorted(one["value"] for one in stage.get("metrics/get-history", **asked)["metrics"]) == [
        0.5,
        1.5,
        2.5,
        3.5,
        4.5,
    ]


def attests_an_improvement(stage: Stage) -> None:
    from hokusai import PerformanceTracker

    address = "0x" + "cd" * 20
    tracker = PerformanceTracker(registry=stage.registry())
    delta, attestation = tracker.track_improvement(
        {"accuracy": 0.8}, {"accuracy": 0.85}, {"contributor": address, "dataset_hash": stage.name, "data_size": 10}
    )
    tracker.log_contribution_impact(address, stage.named("tracked"), delta)
    tracker.flush()

    assert delta == {"accuracy": 0.05}
    assert attestation["attestation_hash"].startswith("0x")
    assert tracker.get_contributor_impact(address)["total_models_improved"] >= 1


# -- the platform in front of the server -------------------------------------------------------------------------------


@contextmanager
def platform(stage: Stage) -> Iterator[Any]:
    """The platform's gateway and routes (the mock's) in front of the server; the environment leads there."""
    from hokusai_mock import MockServer

    with MockServer(backend=stage.url) as server:
        box = server.sandbox("journey")
        before = dict(os.environ)
        os.environ.update({name: value for name, value in box.env.items() if value is not None})
        os.environ["HOKUSAI_LOCAL_STORE"] = str(stage.folder / "store")
        try:
            yield box
        finally:
            os.environ.clear()
            os.environ.update(before)


def tokenizes_and_notifies(stage: Stage) -> None:
    from hokusai import ModelRegistry

    with platform(stage) as box:
        registry, model = ModelRegistry(mode="online"), stage.named("tokenized")
        registry.register_baseline(summing(), model)
        run_id = stage.versions(model)[0]["run_id"]
        result = registry.register_tokenized_model(f"runs:/{run_id}/model", model, "tok-1", "accuracy", 0.8)

        assert result.event_emitted
        sent = [call for call in box.journal if call["path"].endswith("/tokenized-registration-events")]
        assert [call["status"] for call in sent] == [200]
        assert registry.get_tokenized_model(model).token_id == "TOK-1"
        assert model in [one.model_name for one in registry.list_models_by_token("tok-1")]
        registry.renotify(result)
        assert registry.normalize_token_id("tok-1") == result.token_id
        assert registry.validate_token_id("tok-1")
        assert registry.validate_hokusai_tags(result.tags)
        assert len(stage.versions(model)) == 2


def keeps_work_in_an_outage_and_syncs_it(stage: Stage) -> None:
    from hokusai import HokusaiInferencePipeline, ModelRegistry
    from hokusai.cli import run

    model = stage.named("kept")
    with platform(stage) as box:
        registry = ModelRegistry()
        box.scenario("gateway.lb_error")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the fallback says so, once
            entry = registry.register_baseline(summing(), model)
        assert entry.mlflow_version is None
        assert stage.versions(model) == []
        box.scenario("healthy")

        for _ in range(2):  # the second finds nothing left to do
            with redirect_stdout(StringIO()):
                assert run(["sync", "--json"]) == 0

        assert [str(one["version"]) for one in stage.versions(model)] == ["1"]
        assert close(HokusaiInferencePipeline(ModelRegistry()).predict_batch(ROWS, model), SUMS)


STEPS: tuple[Callable[[Stage], None], ...] = (
    registers_a_python_model,
    registers_an_estimator_with_metrics,
    registers_what_a_run_holds,
    reads_back,
    orders_versions,
    promotes_and_rolls_back,
    improves_and_tells_the_lineage,
    deletes,
    predicts_every_form_of_input,
    predicts_with_the_version_that_is_named,
    answers_requests_in_a_loop,
    runs_an_experiment,
    compares_models,
    tracks_inferences,
    attests_an_improvement,
    tokenizes_and_notifies,
    keeps_work_in_an_outage_and_syncs_it,
)


def travel(url: str, name: str) -> dict[str, str | None]:
    """Do every step; None for one that came to its end, else what it failed with."""
    with TemporaryDirectory() as folder:
        stage = Stage(url, name, Path(folder))
        return {step.__name__: _failure(step, stage) for step in STEPS}


def _failure(step: Callable[[Stage], None], stage: Stage) -> str | None:
    try:
        step(stage)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the other steps go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        sys.stderr.write("".join(traceback.format_exception(type(error), error, error.__traceback__)))
        return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    return None


def main(url: str, name: str) -> int:
    """Travel, and print what came of it."""
    import mlflow

    started = time.monotonic()
    steps = travel(url, name)
    seconds = round(time.monotonic() - started, 1)
    sys.stdout.write(json.dumps({"client": mlflow.__version__, "seconds": seconds, "steps": steps}) + "\n")
    return 1 if any(steps.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
