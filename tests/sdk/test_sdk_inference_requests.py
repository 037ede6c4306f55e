from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arranged_models import client, model_that, put

from hokusai import HokusaiInferencePipeline, ModelRegistry
from hokusai.core import (
    ABTestConfig,
    ABTestException,
    BatchProcessor,
    CacheConfig,
    InferenceRequest,
    InferenceResponse,
    ModelTrafficRouter,
    _loading,
)
from hokusai.exceptions import InferenceException, InvalidParameterError, MLflowConnectionError, ModelNotFoundError
from hokusai_mock import Sandbox


@pytest.fixture
def pipeline(registry: ModelRegistry) -> HokusaiInferencePipeline:
    return HokusaiInferencePipeline(registry)


def ask(pipeline: HokusaiInferencePipeline, data: Any, model: str = "m", **more: Any) -> InferenceResponse:
    return asyncio.run(pipeline.predict(InferenceRequest("r", model, data, **more)))


def put_sum(name: str = "m", version: str = "1.0.0", factor: int = 1, **tags: str) -> str:
    return put(model_that(lambda data: np.asarray(data).sum(axis=1) * factor), name, version, **tags)


# --- one request ------------------------------------------------------------------------------------------------------


def test_a_response_says_who_answered_what_and_how_long_it_took(pipeline: HokusaiInferencePipeline) -> None:
    put_sum(model_id="the-id")
    response = asyncio.run(pipeline.predict(InferenceRequest(request_id="r-1", model_type="m", data=[1.0, 2.5])))
    assert isinstance(response, InferenceResponse)
    assert (response.request_id, response.prediction, response.model_version) == ("r-1", 3.5, "1.0.0")
    assert (response.model_id, response.ab_test_id, response.fallback_used) == ("the-id", None, False)
    assert response.metadata == {"mlflow_version": "1"}
    assert response.latency_ms > 0
    assert type(response.prediction) is float
    json.dumps(response.prediction)


def test_a_version_without_tags_goes_by_its_number(pipeline: HokusaiInferencePipeline) -> None:
    put(lambda data: [0 for _ in data], "m", None)
    response = ask(pipeline, [1])
    assert (response.model_version, response.model_id) == ("1", "m/1")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([1, 2], 3),
        ((1, 2), 3),
        ({"a": 1, "b": 2}, 3),
        (np.array([1, 2]), 3),
        ([[1, 2]], [3]),
        ([[1, 2], [3, 4]], [3, 7]),
        ([{"a": 1, "b": 2}], [3]),
        ({"a": [1, 3], "b": [2, 4]}, [3, 7]),
        (np.array([[1, 2], [3, 4]]), [3, 7]),
        (pd.DataFrame({"a": [1, 3], "b": [2, 4]}), [3, 7]),
        ([], []),
    ],
    ids=["row", "tuple", "dict", "array", "one of one", "rows", "dicts", "columns", "table", "frame", "none"],
)
def test_one_row_gives_one_value_and_rows_give_a_list(
    pipeline: HokusaiInferencePipeline, data: Any, expected: Any
) -> None:
    put_sum()
    assert ask(pipeline, data).prediction == expected


def test_a_text_is_one_row(pipeline: HokusaiInferencePipeline) -> None:
    put(lambda data: [len(text) for text in data])
    assert ask(pipeline, "four").prediction == 4


def test_a_hit_is_answered_as_a_miss(pipeline: HokusaiInferencePipeline) -> None:
    put(lambda data: [{"row": row} for row in data])
    first, second = ask(pipeline, [[1, 2]]), ask(pipeline, [[1, 2]])
    assert (first.cache_hit, second.cache_hit) == (False, True)
    assert second.prediction == first.prediction == [{"row": [1, 2]}]


def test_one_row_and_a_list_of_it_share_the_cache_and_keep_their_shapes(pipeline: HokusaiInferencePipeline) -> None:
    put_sum()
    answers = [ask(pipeline, data).prediction for data in ([[1, 2]], [1, 2], [[1, 2]], [1, 2])]
    assert answers == [[3], 3, [3], 3]


def test_the_event_loop_goes_on_while_a_model_predicts(pipeline: HokusaiInferencePipeline) -> None:
    put(lambda data: [__import__("builtins").hokusai_gate.wait(20) for _ in data])
    gate = threading.Event()
    __import__("builtins").hokusai_gate = gate  # type: ignore[attr-defined]

    async def both() -> Any:
        answering = asyncio.create_task(pipeline.predict(InferenceRequest("r", "m", [1])))
        await asyncio.sleep(0)
        gate.set()  # reached only if the loop is free
        return await answering

    try:
        assert asyncio.run(both()).prediction is True
    finally:
        del __import__("builtins").hokusai_gate  # type: ignore[attr-defined]


@pytest.mark.parametrize("data", [None, 1j, {1, 2}, object(), np.zeros((1, 2, 3))])
def test_data_that_is_neither_a_row_nor_rows_is_refused(
    pipeline: HokusaiInferencePipeline, platform: Sandbox, data: Any
) -> None:
    before = len(platform.calls())
    with pytest.raises(InvalidParameterError, match="data"):
        ask(pipeline, data)
    assert len(platform.calls()) == before


@pytest.mark.parametrize("request_", [None, {"request_id": "r", "model_type": "m", "data": [1]}, "m"])
def test_only_a_request_is_answered(pipeline: HokusaiInferencePipeline, request_: Any) -> None:
    with pytest.raises(InvalidParameterError, match="InferenceRequest"):
        asyncio.run(pipeline.predict(request_))


@pytest.mark.parametrize("name", ["models:/m/1", "", None, 5])
def test_a_request_names_a_model_never_a_uri(pipeline: HokusaiInferencePipeline, name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="model_type"):
        ask(pipeline, [1], name)


def test_a_request_fails_as_predict_batch_does(pipeline: HokusaiInferencePipeline, platform: Sandbox) -> None:
    with pytest.raises(ModelNotFoundError, match="'nothing'"):
        ask(pipeline, [1], "nothing")
    put_sum()
    with pytest.raises(ModelNotFoundError, match=r"9\.9\.9"):
        ask(pipeline, [1], model_version="9.9.9")
    platform.scenario("gateway.lb_error", status=502)
    with pytest.raises(MLflowConnectionError):
        ask(pipeline, [1])


# --- the model's own pre- and postprocessing --------------------------------------------------------------------------


@pytest.fixture
def processing(platform: Sandbox) -> None:
    model = model_that(
        lambda data: np.asarray(data).sum(axis=1),
        preprocess=lambda rows: [[value * 10 for value in row] for row in rows],
        postprocess=lambda predictions: [f"{value:.0f} points" for value in predictions],
    )
    put(model)


@pytest.mark.usefixtures("processing")
def test_processing_takes_part_when_it_is_asked_for(pipeline: HokusaiInferencePipeline) -> None:
    answers = [
        ask(pipeline, [1, 2], preprocessing_required=before, postprocessing_required=after).prediction
        for before in (False, True)
        for after in (False, True)
    ]
    assert answers == [3, "3 points", 30, "30 points"]


@pytest.mark.parametrize("flag", ["preprocessing_required", "postprocessing_required"])
def test_a_model_without_processing_says_so(pipeline: HokusaiInferencePipeline, flag: str) -> None:
    put_sum()
    with pytest.raises(InvalidParameterError, match=flag) as caught:
        ask(pipeline, [1, 2], **{flag: True})
    assert caught.value.remedy


def test_processing_that_fails_is_an_inference_exception(pipeline: HokusaiInferencePipeline) -> None:
    put(model_that(lambda data: data, preprocess=lambda rows: rows[99]))
    with pytest.raises(InferenceException, match=r"preprocess\(\) .* failed: IndexError") as caught:
        ask(pipeline, [1, 2], preprocessing_required=True)
    assert isinstance(caught.value.__cause__, IndexError)


@pytest.mark.parametrize("flag", ["preprocessing_required", "postprocessing_required"])
def test_a_flag_is_true_or_false(pipeline: HokusaiInferencePipeline, flag: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"{flag} must be True or False"):
        ask(pipeline, [1, 2], **{flag: "false"})


# --- many requests ----------------------------------------------------------------------------------------------------


def test_responses_are_in_the_order_of_the_requests(pipeline: HokusaiInferencePipeline) -> None:
    put_sum("one", factor=1)
    put_sum("two", factor=2)
    ask(pipeline, [5, 5], "two")  # in the cache before
    wanted = [("two", 4), ("one", 3), ("two", 5), ("one", 1), ("two", 4)]
    requests = [InferenceRequest(f"r{n}", model, [value, value]) for n, (model, value) in enumerate(wanted)]
    responses = asyncio.run(pipeline.batch_predict(requests))
    assert [response.request_id for response in responses] == ["r0", "r1", "r2", "r3", "r4"]
    assert [response.prediction for response in responses] == [16, 6, 20, 2, 16]
    assert [response.cache_hit for response in responses] == [False, False, True, False, True]


def test_requests_of_one_call_find_their_version_once(pipeline: HokusaiInferencePipeline, platform: Sandbox) -> None:
    put_sum()
    before = len(platform.calls("GET", "*/model-versions/search"))
    asyncio.run(pipeline.batch_predict(InferenceRequest(str(n), "m", [n, n]) for n in range(20)))
    assert len(platform.calls("GET", "*/model-versions/search")) == before + 1


def test_no_requests_give_no_responses(pipeline: HokusaiInferencePipeline) -> None:
    assert asyncio.run(pipeline.batch_predict([])) == []


def test_the_first_request_that_fails_is_the_error(pipeline: HokusaiInferencePipeline) -> None:
    put_sum()
    with pytest.raises(ModelNotFoundError, match="'nothing'"):
        asyncio.run(
            pipeline.batch_predict([InferenceRequest("a", "m", [1, 2]), InferenceRequest("b", "nothing", [1, 2])])
        )


# --- A/B tests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def router() -> ModelTrafficRouter:
    return ModelTrafficRouter()


@pytest.fixture
def testing(registry: ModelRegistry, router: ModelTrafficRouter) -> HokusaiInferencePipeline:
    """A pipeline with versions 1.0.0 (sums) and 1.1.0 (sums times 100) of `m`."""
    put_sum()
    put_sum(version="1.1.0", factor=100)
    return HokusaiInferencePipeline(registry, traffic_router=router)


def test_a_user_is_answered_by_the_model_of_the_test(
    testing: HokusaiInferencePipeline, router: ModelTrafficRouter
) -> None:
    test_id = router.create_ab_test(ABTestConfig("t", model_a="m/1.0.0", model_b="m/1.1.0"))
    users = [f"u{number}" for number in range(12)]
    models = [router.route_request(test_id, user) for user in users]
    assert set(models) == {"m/1.0.0", "m/1.1.0"}
    responses = [ask(testing, [1, 2], user_id=user) for user in users]
    assert [response.prediction for response in responses] == [{"m/1.0.0": 3, "m/1.1.0": 300}[m] for m in models]
    assert {response.ab_test_id for response in responses} == {"t"}
    assert [response.metadata["ab_test_model"] for response in responses] == models
    assert [f"m/{response.model_version}" for response in responses] == models


def test_without_user_or_with_a_version_no_test_takes_part(
    testing: HokusaiInferencePipeline, router: ModelTrafficRouter
) -> None:
    router.create_ab_test(ABTestConfig("t", {"model_a": 1, "model_b": 0}, model_a="m/1.0.0", model_b="m/1.1.0"))
    for more, expected in (({}, 300), ({"user_id": "u", "model_version": "1.1.0"}, 300), ({"user_id": "u"}, 3)):
        response = ask(testing, [1, 2], **more)
        assert (response.prediction, response.ab_test_id) == (expected, "t" if expected == 3 else None)


def test_a_test_on_other_models_or_one_that_ended_takes_no_part(
    testing: HokusaiInferencePipeline, router: ModelTrafficRouter
) -> None:
    router.create_ab_test(ABTestConfig("other", model_a="x", model_b="y"))
    router.create_ab_test(ABTestConfig("ended", {"model_a": 1, "model_b": 0}, model_a="m/1.0.0", model_b="m/1.1.0"))
    router.end_test("ended")
    assert (ask(testing, [1, 2], user_id="u").prediction, ask(testing, [1, 2], user_id="u").ab_test_id) == (300, None)


def test_a_request_may_name_its_test(testing: HokusaiInferencePipeline, router: ModelTrafficRouter) -> None:
    router.create_ab_test(ABTestConfig("first", {"model_a": 1, "model_b": 0}, model_a="m/1.0.0", model_b="m/1.1.0"))
    router.create_ab_test(ABTestConfig("second", {"model_a": 0, "model_b": 1}, model_a="m/1.0.0", model_b="m/1.1.0"))
    assert ask(testing, [1, 2], user_id="u").ab_test_id == "first"
    assert ask(testing, [1, 2], user_id="u", metadata={"ab_test_id": "second"}).prediction == 300
    with pytest.raises(ABTestException, match="'third'"):
        ask(testing, [1, 2], user_id="u", metadata={"ab_test_id": "third"})


def test_models_of_a_test_may_be_named_by_alias_and_by_id(
    registry: ModelRegistry, router: ModelTrafficRouter, testing: HokusaiInferencePipeline
) -> None:
    number = put_sum("m", "2.0.0", 1000, model_id="m-by-id")
    client().set_registered_model_alias("m", "champion", "1")
    router.create_ab_test(ABTestConfig("t", {"model_a": 1, "model_b": 0}, model_a="m@champion", model_b="m-by-id"))
    assert ask(testing, [1, 2], user_id="u").model_version == "1.0.0"
    router.end_test("t")
    router.create_ab_test(ABTestConfig("t", {"model_a": 0, "model_b": 1}, model_a="m@champion", model_b="m-by-id"))
    response = ask(testing, [1, 2], user_id="u")
    assert (response.prediction, response.metadata["mlflow_version"]) == (3000, number)


def test_a_model_of_a_test_that_does_not_exist_is_an_error(
    testing: HokusaiInferencePipeline, router: ModelTrafficRouter
) -> None:
    router.create_ab_test(ABTestConfig("t", {"model_a": 0, "model_b": 1}, model_a="m", model_b="m/9.9.9"))
    with pytest.raises(ModelNotFoundError, match=r"9\.9\.9"):
        ask(testing, [1, 2], user_id="u")


def test_a_router_in_place_of_the_version_manager_is_named(registry: ModelRegistry, router: Any) -> None:
    with pytest.raises(InvalidParameterError, match="traffic_router="):
        HokusaiInferencePipeline(registry, router)


@pytest.mark.parametrize(
    "wrong", [{"traffic_router": "t"}, {"max_models_in_memory": 0}, {"max_models_in_memory": True}]
)
def test_an_argument_of_another_type_is_refused_by_name(registry: ModelRegistry, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        HokusaiInferencePipeline(registry, **wrong)


# --- more rows than fit -----------------------------------------------------------------------------------------------


def endless() -> Iterator[list[int]]:
    number = 0
    while True:
        yield [number, number]
        number += 1


def test_an_endless_input_is_predicted_batch_by_batch(pipeline: HokusaiInferencePipeline) -> None:
    put_sum()
    rows = endless()
    answers = BatchProcessor(pipeline, batch_size=10).process(rows, "m", "1.0.0")
    assert [next(answers) for _ in range(25)] == [2 * number for number in range(25)]
    assert next(rows) == [30, 30]


def test_every_batch_meets_the_version_that_was_there_first(pipeline: HokusaiInferencePipeline) -> None:
    put_sum()
    answers = BatchProcessor(pipeline, batch_size=1).process(endless(), "m")
    first = [next(answers) for _ in range(2)]
    put_sum(version="1.1.0", factor=100)
    assert [*first, next(answers)] == [0, 2, 4]


@pytest.mark.parametrize("rows", [pd.DataFrame({"a": [1]}), {"a": [1]}, "text", 5])
def test_one_table_is_not_taken_row_by_row(pipeline: HokusaiInferencePipeline, rows: Any) -> None:
    with pytest.raises(InvalidParameterError, match="predict_batch"):
        BatchProcessor(pipeline).process(rows, "m")


@pytest.mark.parametrize("size", [0, 1.5, True, "10"])
def test_a_batch_has_a_size(pipeline: HokusaiInferencePipeline, size: Any) -> None:
    with pytest.raises(InvalidParameterError, match="batch_size"):
        BatchProcessor(pipeline, size)


# --- threads ----------------------------------------------------------------------------------------------------------


def test_threads_that_want_one_model_load_it_once(registry: ModelRegistry, platform: Sandbox) -> None:
    put_sum()
    pipeline = HokusaiInferencePipeline(registry, cache_config=CacheConfig(enabled=False))
    start = threading.Barrier(8)

    def work(number: int) -> Any:
        start.wait(20)
        return pipeline.predict_batch([[number, 1]], "m")

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [[number + 1] for number in range(8)]
    assert len(platform.calls("GET", "*/python_model.pkl")) == 1


def test_a_model_that_loads_slowly_keeps_no_other_waiting(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sum("slow")
    put_sum("quick")
    pipeline, gate, inside = HokusaiInferencePipeline(registry), threading.Event(), threading.Event()
    load = _loading._load

    def gated(backend: Any, version: Any) -> Any:
        if version.name == "slow":
            inside.set()
            assert gate.wait(20)
        return load(backend, version)

    monkeypatch.setattr(_loading, "_load", gated)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(pipeline.predict_batch, [[1, 1]], "slow")
        assert inside.wait(20)
        assert pipeline.predict_batch([[1, 2]], "quick") == [3]
        gate.set()
        assert slow.result(20) == [2]


def test_a_closed_pipeline_has_forgotten_its_models(registry: ModelRegistry, platform: Sandbox) -> None:
    put_sum()
    with HokusaiInferencePipeline(registry) as pipeline:
        pipeline.predict_batch([[1, 2]], "m")
    pipeline.predict_batch([[1, 2]], "m")
    assert len(platform.calls("GET", "*/python_model.pkl")) == 2
