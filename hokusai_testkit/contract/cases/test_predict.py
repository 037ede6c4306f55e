"""`HokusaiInferencePipeline.predict` and `batch_predict`: requests and responses, asynchronously."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hokusai_testkit.contract import api, expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import ROWS, predictions
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.predicting import MODEL, ask, linear, odd, pipeline_of
from hokusai_testkit.contract.sdk import Sdk

PREDICT = "HokusaiInferencePipeline.predict"
BATCH = "HokusaiInferencePipeline.batch_predict"
CALL = 'await pipeline.predict(InferenceRequest(request_id="r-1", model_type="fraud", data=data))'
BATCH_CALL = "await pipeline.batch_predict(requests)"
FULL = "full"

test_predict_signature = signature_case(PREDICT, "test_predict_signature")
test_batch_predict_signature = signature_case(BATCH, "test_batch_predict_signature")


@case(PREDICT, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_response_to_rows(sdk: Sdk, platform: Platform) -> None:
    """N rows give a list of N predictions; the response bears the request's id, version and id of the model."""
    name = linear(platform, (2.0, "1.0.0"))
    response = ask(sdk, pipeline_of(sdk), name, ROWS)
    expect.equal(response.prediction, predictions(2.0), "the prediction")
    expect.equal((response.request_id, response.model_version), ("r-1", "1.0.0"), "request_id and model_version")
    expect.that(response.model_id, "the response has the model's id", response.model_id)
    expect.equal((response.ab_test_id, response.fallback_used), (None, False), "ab_test_id and fallback_used")


@case(PREDICT, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_response_to_one_row(sdk: Sdk, platform: Platform) -> None:
    """One row, as a list of values or as a dict by column, gives one value and no list."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    for row in ([1.0, 10.0], {"first": 1.0, "second": 10.0}):
        value = ask(sdk, pipeline, name, row).prediction
        expect.equal((value, type(value)), (42.0, float), "the prediction and its type")


@case(PREDICT, call=CALL + ".cache_hit", criteria=("C4",), writes=True, needs=MODEL)
def test_hit_has_the_shape_of_a_miss(sdk: Sdk, platform: Platform) -> None:
    """The second of two equal requests is a cache hit, with the same prediction in the same shape."""
    name, pipeline = odd(platform, "vector"), pipeline_of(sdk)
    first, second = ask(sdk, pipeline, name, ROWS), ask(sdk, pipeline, name, ROWS)
    expect.equal((first.cache_hit, second.cache_hit), (False, True), "cache_hit of both")
    expect.equal(second.prediction, first.prediction, "the prediction of the second")
    expect.equal(
        (second.model_version, second.model_id), (first.model_version, first.model_id), "version and id of the second"
    )


@case(PREDICT, call=CALL + ".latency_ms", criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_latency_is_in_milliseconds(sdk: Sdk, platform: Platform) -> None:
    """`latency_ms` is a float above 0, and no more than the call took."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)

    async def timed() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        request = sdk.InferenceRequest(request_id="r-1", model_type=name, data=ROWS)
        response = await pipeline.predict(request)
        return response.latency_ms, (loop.time() - started) * 1000

    latency, whole = asyncio.run(timed())
    expect.that(isinstance(latency, float), "latency_ms is a float", type(latency))
    expect.that(0.1 < latency <= whole, f"latency_ms is at most the {whole:.1f} ms of the call", latency)


@case(
    PREDICT,
    call="await pipeline.predict(InferenceRequest(..., model_version=version))",
    criteria=("C4",),
    writes=True,
    needs=(*MODEL, "fresh"),
)
def test_version_of_a_request(sdk: Sdk, platform: Platform) -> None:
    """`model_version` is a semantic version, a number or an alias; the response says the semantic version."""
    name, pipeline = linear(platform, (2.0, "1.0.0"), (3.0, "1.1.0")), pipeline_of(sdk)
    platform.tracking.set_alias(name, "champion", "1")
    for wanted, version, factor in (("1.0.0", "1.0.0", 2.0), ("2", "1.1.0", 3.0), ("champion", "1.0.0", 2.0)):
        response = ask(sdk, pipeline, name, ROWS, model_version=wanted)
        expect.equal((response.model_version, response.prediction), (version, predictions(factor)), f"of {wanted!r}")


@case(PREDICT, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_version_without_a_semantic_one(sdk: Sdk, platform: Platform) -> None:
    """Where a version has no semantic version, the response says MLflow's number."""
    name = linear(platform, (2.0, None))
    number = platform.tracking.versions(name)[-1].number
    expect.equal(ask(sdk, pipeline_of(sdk), name, ROWS).model_version, number, "model_version")


@case(
    PREDICT,
    call="await pipeline.predict(InferenceRequest(..., preprocessing_required=True))",
    criteria=("C4",),
    writes=True,
    level=FULL,
    needs=MODEL,
)
def test_processing_of_the_model(sdk: Sdk, platform: Platform) -> None:
    """With the flags the model's own `preprocess` and `postprocess` take part, without them they do not."""
    name, pipeline = odd(platform, "processing"), pipeline_of(sdk)
    for before, after, value in ((False, False, 1.0), (True, False, 10.0), (True, True, "10 points")):
        flags = {"preprocessing_required": before, "postprocessing_required": after}
        expect.equal(ask(sdk, pipeline, name, [1.0, 2.0], **flags).prediction, value, f"the prediction with {flags}")


@case(
    PREDICT,
    call="await pipeline.predict(InferenceRequest(..., preprocessing_required=True))",
    criteria=("C5",),
    writes=True,
    level=FULL,
    needs=MODEL,
)
def test_processing_that_the_model_does_not_have(sdk: Sdk, platform: Platform) -> None:
    """A model without `preprocess` is an error that says so, never a prediction of unprocessed rows."""
    name = linear(platform, (2.0, "1.0.0"))
    with expect.raises(sdk, "HokusaiException", naming="preprocess"):
        ask(sdk, pipeline_of(sdk), name, [1.0, 2.0], preprocessing_required=True)


@case(PREDICT, call=CALL, criteria=("C5",), level=FULL)
def test_request_for_an_unknown_model(sdk: Sdk, platform: Platform) -> None:
    """A request for a model that does not exist raises ModelNotFoundError and names it."""
    with expect.raises(sdk, "ModelNotFoundError", naming=platform.name("nothing")):
        ask(sdk, pipeline_of(sdk), platform.name("nothing"), ROWS)


@case(PREDICT, call=CALL, criteria=("C5",), writes=True, level=FULL, needs=MODEL)
def test_request_to_a_model_that_fails(sdk: Sdk, platform: Platform) -> None:
    """A model that raises is an InferenceException with its words; nothing else answers in its place."""
    with expect.raises(sdk, "InferenceException", naming="weights are broken"):
        ask(sdk, pipeline_of(sdk), odd(platform, "failing"), ROWS)


@case(PREDICT, call=CALL, criteria=("C5",), level=FULL, needs=("journal",))
def test_request_without_data(sdk: Sdk, platform: Platform) -> None:
    """Data that is no row and no rows is refused before anything is sent."""
    pipeline = pipeline_of(sdk)
    before = len(platform.received())
    with expect.raises(sdk, "InvalidParameterError", naming="data"):
        ask(sdk, pipeline, platform.name("fraud"), None)
    expect.equal(len(platform.received()), before, "the number of requests after the refusal")


@case(PREDICT, call=CALL, criteria=("C5",), writes=True, level=FULL, needs=("scenarios", *MODEL))
def test_request_in_an_outage(sdk: Sdk, platform: Platform) -> None:
    """An outage raises MLflowConnectionError; `fallback_used` is no excuse for an answer."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    platform.play("gateway.lb_error", status=502)
    with expect.raises(sdk, "MLflowConnectionError", status_code=502, unless=platform.api_key):
        ask(sdk, pipeline, name, ROWS)


def _answers(
    sdk: Sdk, pipeline: api.HokusaiInferencePipeline, *asked: tuple[str, float]
) -> Sequence[api.InferenceResponse]:
    requests = [
        sdk.InferenceRequest(request_id=f"r-{number}", model_type=name, data=[value, 0.0])
        for number, (name, value) in enumerate(asked)
    ]
    return asyncio.run(pipeline.batch_predict(requests))


@case(BATCH, call=BATCH_CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_responses_are_in_input_order(sdk: Sdk, platform: Platform) -> None:
    """Responses come in the order of the requests, of whichever model, cached or not."""
    one, two = linear(platform, (1.0, "1.0.0"), base="one"), linear(platform, (10.0, "1.0.0"), base="two")
    pipeline = pipeline_of(sdk)
    asked = [(two, 1.0), (one, 2.0), (two, 3.0), (one, 2.0), (two, 4.0)]
    for _ in range(2):
        responses = _answers(sdk, pipeline, *asked)
        found = [response.prediction for response in responses]
        expect.equal(found, [10.0, 2.0, 30.0, 2.0, 40.0], "the predictions in order")
        ids = [response.request_id for response in responses]
        expect.equal(ids, [f"r-{number}" for number in range(5)], "the request ids in order")


@case(BATCH, call=BATCH_CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_hits_and_misses_keep_their_places(sdk: Sdk, platform: Platform) -> None:
    """Requests that were answered before do not come first: each response stands where its request stood."""
    name, pipeline = linear(platform, (1.0, "1.0.0")), pipeline_of(sdk)
    _answers(sdk, pipeline, (name, 5.0))
    responses = _answers(sdk, pipeline, (name, 4.0), (name, 5.0), (name, 6.0))
    expect.equal([one.prediction for one in responses], [4.0, 5.0, 6.0], "the predictions in order")
    expect.equal([one.cache_hit for one in responses], [False, True, False], "cache_hit in order")


@case(BATCH, call=BATCH_CALL, criteria=("C4",), level=FULL)
def test_no_requests_give_no_responses(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - its environment
    """No requests give an empty list."""
    expect.equal(_answers(sdk, pipeline_of(sdk)), [], "the responses")


@case(BATCH, call=BATCH_CALL, criteria=("C5",), writes=True, level=FULL, needs=MODEL)
def test_request_that_fails_fails_the_call(sdk: Sdk, platform: Platform) -> None:
    """One request for a model that does not exist raises its error: no response is left out or made up."""
    name, missing = linear(platform, (1.0, "1.0.0")), platform.name("nothing")
    with expect.raises(sdk, "ModelNotFoundError", naming=missing):
        _answers(sdk, pipeline_of(sdk), (name, 1.0), (missing, 2.0))
