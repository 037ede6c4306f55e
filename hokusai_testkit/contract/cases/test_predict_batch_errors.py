"""`HokusaiInferencePipeline.predict_batch`: what is refused, and as what. No prediction is ever made up."""

from __future__ import annotations

from typing import Any

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.failures import ContractViolation
from hokusai_testkit.contract.models import ROWS
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.predicting import MODEL, linear, odd, pipeline_of
from hokusai_testkit.contract.sdk import Sdk

METHOD = "HokusaiInferencePipeline.predict_batch"
CALL = 'HokusaiInferencePipeline(registry).predict_batch(data, "fraud")'
FULL = "full"


def _refused_before_any_request(sdk: Sdk, platform: Platform, data: Any, **more: Any) -> None:
    pipeline = pipeline_of(sdk)
    before = len(platform.received())
    with expect.raises(sdk, "InvalidParameterError"):
        pipeline.predict_batch(data, **{"model_name": platform.name("fraud"), **more})
    expect.equal(len(platform.received()), before, "the number of requests after the refusal")


@case(METHOD, call='predict_batch([[1, 2], [3]], "fraud")', criteria=("C5",), writes=True, needs=MODEL)
def test_ragged_rows(sdk: Sdk, platform: Platform) -> None:
    """Rows of different lengths are an InvalidParameterError (a ValueError) that names the row."""
    name = linear(platform, (2.0, "1.0.0"))
    with expect.raises(sdk, "InvalidParameterError", naming="row 1"):
        pipeline_of(sdk).predict_batch([[1.0, 2.0], [3.0]], name)
    try:
        pipeline_of(sdk).predict_batch([[1.0, 2.0], [3.0]], name)
    except ValueError:
        return
    raise ContractViolation("wrong-error", expected="InvalidParameterError is a ValueError", actual="it is none")


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=MODEL)
def test_dicts_with_different_columns(sdk: Sdk, platform: Platform) -> None:
    """Dicts that do not have the same columns are an InvalidParameterError that names the column."""
    name = linear(platform, (2.0, "1.0.0"))
    with expect.raises(sdk, "InvalidParameterError", naming="second"):
        pipeline_of(sdk).predict_batch([{"first": 1.0, "second": 2.0}, {"first": 1.0}], name)


@case(METHOD, call="predict_batch({'a': [1, 2], 'b': [3]}, \"fraud\")", criteria=("C5",), needs=("journal",))
def test_columns_of_different_lengths(sdk: Sdk, platform: Platform) -> None:
    """Columns of different lengths are refused before anything is sent."""
    _refused_before_any_request(sdk, platform, {"a": [1, 2], "b": [3]})


@case(METHOD, call='predict_batch(5, "fraud")', criteria=("C5",), level=FULL, needs=("journal",))
def test_data_of_another_type(sdk: Sdk, platform: Platform) -> None:
    """A number, a text, None, a set or a dict of single values is refused before anything is sent."""
    for data in (5, "text", None, {1, 2}, {"a": 1}, {}):
        _refused_before_any_request(sdk, platform, data)


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, needs=("journal", "package:numpy"))
def test_array_of_another_number_of_dimensions(sdk: Sdk, platform: Platform) -> None:
    """An array has two dimensions; one or three are refused before anything is sent."""
    import numpy as np  # noqa: PLC0415 - an input of this case only

    for data in (np.array([1.0, 2.0]), np.zeros((2, 2, 2))):
        _refused_before_any_request(sdk, platform, data)


@case(
    METHOD,
    call="predict_batch([[float('nan'), 1.0]], \"fraud\")",
    criteria=("C5",),
    level=FULL,
    writes=True,
    needs=MODEL,
)
def test_missing_values_that_the_model_refuses(sdk: Sdk, platform: Platform) -> None:
    """A missing value that the model does not take is an InvalidParameterError that says where it is."""
    with expect.raises(sdk, "InvalidParameterError", naming="row 1", remedy=True):
        pipeline_of(sdk).predict_batch([[1.0, 2.0], [float("nan"), 2.0]], odd(platform, "strict"))


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=MODEL)
def test_values_that_no_model_takes(sdk: Sdk, platform: Platform) -> None:
    """Complex numbers and arbitrary objects in rows are an InvalidParameterError."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    for value in (1j, object(), {1, 2}):
        with expect.raises(sdk, "InvalidParameterError", naming=type(value).__name__):
            pipeline.predict_batch([[1.0, value]], name)


@case(METHOD, call=CALL, criteria=("C5",), writes=True, needs=MODEL)
def test_model_that_fails(sdk: Sdk, platform: Platform) -> None:
    """What the model raises arrives as InferenceException that names the model, with the original as its cause."""
    name = odd(platform, "failing")
    try:
        with expect.raises(sdk, "InferenceException", naming=name):
            pipeline_of(sdk).predict_batch(ROWS, name)
        pipeline_of(sdk).predict_batch(ROWS, name)
    except sdk.exception("InferenceException") as error:
        expect.that(isinstance(error.__cause__, RuntimeError), "the cause is what the model raised", error.__cause__)
        expect.that("weights are broken" in str(error), "the message says what the model said", str(error))


@case(METHOD, call=CALL, criteria=("C5",), level=FULL, writes=True, needs=MODEL)
def test_model_that_gives_too_few(sdk: Sdk, platform: Platform) -> None:
    """A model that gives one prediction for three rows is an InferenceException, never filled up."""
    with expect.raises(sdk, "InferenceException", naming="3"):
        pipeline_of(sdk).predict_batch(ROWS, odd(platform, "short"))


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, writes=True, needs=("platform", *MODEL))
def test_key_is_not_told_by_what_a_model_says(sdk: Sdk, platform: Platform) -> None:
    """Even when the model's own error holds the key, the message does not."""
    name = odd(platform, "telling")
    with expect.raises(sdk, "InferenceException", naming="feature store", unless=platform.api_key):
        pipeline_of(sdk).predict_batch(ROWS, name)


@case(METHOD, call='predict_batch(data, "fraud", "champion")', criteria=("C5",), level=FULL, writes=True, needs=MODEL)
def test_unknown_alias(sdk: Sdk, platform: Platform) -> None:
    """An alias that does not exist is a ModelNotFoundError with the name and the version that were asked for."""
    name = linear(platform, (2.0, "1.0.0"))
    with expect.raises(sdk, "ModelNotFoundError", naming="champion", model_name=name, version="champion"):
        pipeline_of(sdk).predict_batch(ROWS, name, "champion")


@case(METHOD, call='predict_batch(data, "nothing")', criteria=("C5",), level=FULL)
def test_unknown_model_carries_its_name(sdk: Sdk, platform: Platform) -> None:
    """ModelNotFoundError has the name as `model_name`."""
    name = platform.name("nothing")
    with expect.raises(sdk, "ModelNotFoundError", model_name=name):
        pipeline_of(sdk).predict_batch(ROWS, name)


@case(METHOD, call='predict_batch(data, "models:/fraud/1")', criteria=("C5",), level=FULL, needs=("journal",))
def test_uris_and_paths_are_refused_before_any_request(sdk: Sdk, platform: Platform) -> None:
    """A URI, a path, an empty name or None in place of the name is refused before anything is sent."""
    for name in ("models:/fraud/1", "runs:/abc/model", "/etc/model", "https://example.com/model", "", None):
        _refused_before_any_request(sdk, platform, ROWS, model_name=name)


@case(METHOD, call='predict_batch(data, "fraud", 1.5)', criteria=("C5",), level=FULL, writes=True, needs=MODEL)
def test_version_of_another_type(sdk: Sdk, platform: Platform) -> None:
    """A version that is neither text nor whole number is an InvalidParameterError that names the parameter."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    for version in (1.5, True, ["1.0.0"]):
        wrong: Any = version
        with expect.raises(sdk, "InvalidParameterError", naming="model_version"):
            pipeline.predict_batch(ROWS, name, wrong)


@case(METHOD, call=CALL, criteria=("C5",), writes=True, needs=("scenarios", *MODEL))
def test_outage_is_no_missing_model(sdk: Sdk, platform: Platform) -> None:
    """A 502 is an MLflowConnectionError with the status, for rows that were predicted before too."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    pipeline.predict_batch(ROWS, name)
    platform.play("gateway.lb_error", status=502)
    with expect.raises(sdk, "MLflowConnectionError", status_code=502, remedy=True, unless=platform.api_key):
        pipeline.predict_batch(ROWS, name)


@case(METHOD, call=CALL, criteria=("C2", "C5"), level=FULL, writes=True, needs=("scenarios", *MODEL))
def test_key_that_is_not_known(sdk: Sdk, platform: Platform) -> None:
    """A key that became invalid is an MLflowAuthenticationError (401, A03) without the key in it."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    platform.play("auth.key_invalid")
    with expect.raises(sdk, "MLflowAuthenticationError", status_code=401, remedy=True, unless=platform.api_key):
        pipeline.predict_batch(ROWS, name)
