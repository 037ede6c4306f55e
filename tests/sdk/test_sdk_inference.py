# ruff: noqa: PLC0415 - MLflow, and what loads it, is imported by the tests that need it

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arranged_models import client, model_that, put

from hokusai import HokusaiInferencePipeline, HokusaiModel, ModelRegistry, ModelVersionManager
from hokusai.core import CacheConfig
from hokusai.core._answers import as_list, plain
from hokusai.core._data import row_count
from hokusai.exceptions import InferenceException, InvalidParameterError, MLflowConnectionError, ModelNotFoundError
from hokusai_mock import Sandbox

ROWS = [[1, 2], [3, 4]]


class Namer(HokusaiModel):
    def predict(self, data: Any) -> list[str]:
        return [f"row {value}" for value in data]


class Short(HokusaiModel):
    def predict(self, data: Any) -> list[int]:
        return [1]


class Broken(HokusaiModel):
    def predict(self, data: Any) -> list[int]:
        raise RuntimeError("no weights")


@pytest.fixture
def pipeline(registry: ModelRegistry) -> HokusaiInferencePipeline:
    return HokusaiInferencePipeline(registry, ModelVersionManager(registry))


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        np.array(ROWS),
        pd.DataFrame(ROWS, columns=["a", "b"]),
        {"a": [1, 3], "b": [2, 4]},
        [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
        tuple(ROWS),
    ],
    ids=["list", "array", "frame", "columns", "records", "tuple"],
)
def test_every_shape_of_data_gives_one_plain_prediction_a_row(
    pipeline: HokusaiInferencePipeline, estimator: Any, data: Any
) -> None:
    put(estimator, "sum")
    predictions = pipeline.predict_batch(data, "sum")
    assert predictions == pytest.approx([3.0, 7.0])
    assert [type(value) for value in predictions] == [float, float]
    json.dumps(predictions)


def test_an_estimator_fitted_with_names_takes_columns_in_any_order(pipeline: HokusaiInferencePipeline) -> None:
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame({"a": [0, 1, 0, 2], "b": [0, 0, 1, 3]})
    put(LinearRegression().fit(frame, [0, 10, 1, 23]), "named")
    assert pipeline.predict_batch({"b": [2], "a": [1]}, "named") == pytest.approx([12.0])
    assert pipeline.predict_batch([[1, 2]], "named") == pytest.approx([12.0])


def test_a_hokusai_model_gets_the_data_as_it_was_given(pipeline: HokusaiInferencePipeline) -> None:
    put(Namer(), "namer")
    assert pipeline.predict_batch(["x", "y"], "namer") == ["row x", "row y"]


def test_a_python_model_is_loaded_and_asked(pipeline: HokusaiInferencePipeline) -> None:
    put(model_that(lambda data: np.asarray(data).sum(axis=1)), "sum")
    assert pipeline.predict_batch(ROWS, "sum") == [3, 7]


def test_a_callable_is_loaded_and_asked(pipeline: HokusaiInferencePipeline) -> None:
    put(lambda data: [len(text) for text in data], "length")
    assert pipeline.predict_batch(["a", "bcd"], "length") == [1, 3]


def test_a_version_is_found_by_semantic_version_number_and_alias(
    pipeline: HokusaiInferencePipeline, platform: Sandbox
) -> None:
    put(lambda data: ["old"] * len(data), "m")
    put(lambda data: ["new"] * len(data), "m", "1.1.0")
    client().set_registered_model_alias("m", "production", "1")
    answers = {
        wanted: pipeline.predict_batch([0], "m", wanted) for wanted in (None, "1.0.0", "1.1.0", "1", 2, "production")
    }
    assert answers == {
        None: ["new"],
        "1.0.0": ["old"],
        "1.1.0": ["new"],
        "1": ["old"],
        2: ["new"],
        "production": ["old"],
    }


def test_it_works_inside_a_running_event_loop(pipeline: HokusaiInferencePipeline, estimator: Any) -> None:
    put(estimator, "sum")

    async def notebook() -> list[Any]:
        return pipeline.predict_batch(ROWS, "sum")

    assert asyncio.run(notebook()) == pytest.approx([3.0, 7.0])


def test_a_model_is_downloaded_once(pipeline: HokusaiInferencePipeline, platform: Sandbox, estimator: Any) -> None:
    put(estimator, "sum")
    pipeline.predict_batch(ROWS, "sum")
    before = len(platform.calls("GET", "*/MLmodel"))
    pipeline.predict_batch(ROWS, "sum")
    assert len(platform.calls("GET", "*/MLmodel")) == before


def test_only_so_many_models_stay_in_memory(registry: ModelRegistry, platform: Sandbox) -> None:
    small = HokusaiInferencePipeline(registry, cache_config=CacheConfig(enabled=False), max_models_in_memory=1)
    for name in ("a", "b"):
        put(lambda data: [*data], name)
    for name in ("a", "b", "a"):
        small.predict_batch([1], name)
    assert len(platform.calls("GET", "*/python_model.pkl")) == 3


def test_an_unknown_model_names_the_nearest(pipeline: HokusaiInferencePipeline, estimator: Any) -> None:
    put(estimator, "lead_scoring")
    with pytest.raises(ModelNotFoundError, match="Did you mean 'lead_scoring'") as caught:
        pipeline.predict_batch(ROWS, "lead_scorign")
    assert caught.value.model_name == "lead_scorign"


@pytest.mark.parametrize("version", ["9.9.9", "7", "champion"])
def test_an_unknown_version_names_those_that_exist(
    pipeline: HokusaiInferencePipeline, estimator: Any, version: str
) -> None:
    put(estimator, "m")
    with pytest.raises(ModelNotFoundError, match=r"1\.0\.0"):
        pipeline.predict_batch(ROWS, "m", version)


@pytest.mark.parametrize("name", ["runs:/abc/model", "models:/m/1", "/etc/passwd", "", None])
def test_it_loads_only_from_the_registry(pipeline: HokusaiInferencePipeline, name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="model_name"):
        pipeline.predict_batch(ROWS, name)


@pytest.mark.parametrize("data", [5, "text", None, np.array([1, 2]), {"a": [1], "b": [1, 2]}, {"a": 1}, {}])
def test_data_of_another_shape_is_refused_before_any_request(
    pipeline: HokusaiInferencePipeline, platform: Sandbox, data: Any
) -> None:
    before = len(platform.calls())
    with pytest.raises(InvalidParameterError, match=r"data|columns"):
        pipeline.predict_batch(data, "m")
    assert len(platform.calls()) == before


def test_no_rows_give_no_predictions(pipeline: HokusaiInferencePipeline, estimator: Any) -> None:
    put(estimator, "m")
    assert pipeline.predict_batch([], "m") == []


@pytest.mark.parametrize(("model", "said"), [(Short(), "1 predictions"), (Broken(), "no weights")])
def test_a_model_that_does_not_predict_is_an_inference_exception(
    pipeline: HokusaiInferencePipeline, model: HokusaiModel, said: str
) -> None:
    put(model, "m")
    with pytest.raises(InferenceException, match=said):
        pipeline.predict_batch([1, 2], "m")


def test_an_outage_is_a_connection_error(pipeline: HokusaiInferencePipeline, platform: Sandbox) -> None:
    platform.scenario("gateway.lb_error", status=502)
    with pytest.raises(MLflowConnectionError) as caught:
        pipeline.predict_batch(ROWS, "m")
    assert caught.value.status_code == 502


def test_a_pickled_model_of_another_python_is_refused(
    pipeline: HokusaiInferencePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(Namer(), "m")
    monkeypatch.setattr("sys.version_info", type("V", (tuple,), {"major": 3, "minor": 99})((3, 99, 0)))
    with pytest.raises(InferenceException, match=r"cannot be loaded with 3\.99"):
        pipeline.predict_batch([1], "m")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(1.5), 1.5),
        (np.int64(3), 3),
        (np.array([[1, 2]]), [[1, 2]]),
        (pd.Series(["a"]), ["a"]),
        ({"p": np.array([0.5])}, {"p": [0.5]}),
        ((1, np.bool_(True)), [1, True]),
        ("text", "text"),
        (None, None),
    ],
)
def test_plain_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    json.dumps(plain(value))


def test_a_frame_of_one_column_gives_its_values_and_of_several_gives_records() -> None:
    assert as_list(pd.DataFrame({"p": [1, 2]}), 2) == [1, 2]
    assert as_list(pd.DataFrame({"p": [1], "q": ["x"]}), 1) == [{"p": 1, "q": "x"}]


def test_rows_are_counted_in_every_shape() -> None:
    shapes = [ROWS, np.array(ROWS), pd.DataFrame(ROWS), {"a": [1, 2]}]
    assert [row_count(shape) for shape in shapes] == [2, 2, 2, 2]
