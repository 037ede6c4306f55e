"""`HokusaiInferencePipeline.predict_batch`: shapes of data, kinds of answers, which version, and what is cached."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case
from hokusai_testkit.contract.models import COLUMNS, ROWS, predictions
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.predicting import MODEL, downloads, linear, odd, pipeline_of
from hokusai_testkit.contract.sdk import Sdk

METHOD = "HokusaiInferencePipeline.predict_batch"
CALL = 'HokusaiInferencePipeline(registry).predict_batch(data, "fraud")'
FULL = "full"


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_list_of_dicts(sdk: Sdk, platform: Platform) -> None:
    """A list of dicts by column gives one prediction per dict."""
    name = linear(platform, (2.0, "1.0.0"))
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    expect.equal(pipeline_of(sdk).predict_batch(rows, name), predictions(2.0), "the predictions")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_one_row_is_a_list_of_one(sdk: Sdk, platform: Platform) -> None:
    """One row gives a list of one prediction, in every shape."""
    import numpy as np  # noqa: PLC0415 - an input of this case only

    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    for data in ([[1.0, 10.0]], np.array([[1.0, 10.0]]), {"first": [1.0], "second": [10.0]}):
        expect.equal(pipeline.predict_batch(data, name), [42.0], f"the predictions for {type(data).__name__}")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_no_rows_give_no_predictions(sdk: Sdk, platform: Platform) -> None:
    """An empty list gives an empty list."""
    name = linear(platform, (2.0, "1.0.0"))
    expect.equal(pipeline_of(sdk).predict_batch([], name), [], "the predictions for no rows")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_whole_numbers_in_rows(sdk: Sdk, platform: Platform) -> None:
    """Rows of integers are rows of numbers."""
    name = linear(platform, (2.0, "1.0.0"))
    expect.equal(pipeline_of(sdk).predict_batch([[1, 10], [2, 20]], name), [42.0, 84.0], "the predictions")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_more_rows_than_are_cached(sdk: Sdk, platform: Platform) -> None:
    """1,500 rows, which are never cached, come back in order, twice."""
    name, pipeline = linear(platform, (1.0, "1.0.0")), pipeline_of(sdk)
    rows = [[float(number), 0.0] for number in range(1500)]
    for _ in range(2):
        expect.equal(pipeline.predict_batch(rows, name), predictions(1.0, rows), "the predictions")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_data_is_not_changed(sdk: Sdk, platform: Platform) -> None:
    """What the caller gave is the caller's: list, dict of columns and DataFrame are as before."""
    import pandas as pd  # noqa: PLC0415 - an input of this case only

    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    rows, columns = [[1.0, 10.0]], {"first": [1.0], "second": [10.0]}
    frame = pd.DataFrame(columns)
    for data in (rows, columns, frame):
        pipeline.predict_batch(data, name)
    expect.equal((rows, columns), ([[1.0, 10.0]], {"first": [1.0], "second": [10.0]}), "the data after the call")
    expect.that(frame.equals(pd.DataFrame(columns)), "the DataFrame is as before", frame.to_dict("list"))


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_texts_are_strings(sdk: Sdk, platform: Platform) -> None:
    """A model of texts gives Python strings."""
    result = pipeline_of(sdk).predict_batch(ROWS, odd(platform, "text"))
    expect.equal(result, ["row 1", "row 2", "row 3"], "the predictions")
    expect.equal({type(value) for value in result}, {str}, "their types")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_vectors_are_lists(sdk: Sdk, platform: Platform) -> None:
    """A model of several numbers a row gives a list of Python numbers a row."""
    result = pipeline_of(sdk).predict_batch(ROWS, odd(platform, "vector"))
    expect.equal(result, [[2.0, 20.0], [4.0, 40.0], [6.0, 60.0]], "the predictions")
    expect.equal([{type(value) for value in row} for row in result], [{float}] * 3, "the types in each row")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_whole_numbers_are_ints(sdk: Sdk, platform: Platform) -> None:
    """A model of numpy integers gives Python integers."""
    result = pipeline_of(sdk).predict_batch(ROWS, odd(platform, "whole"))
    expect.equal((result, {type(value) for value in result}), ([1, 2, 3], {int}), "the predictions and their types")


@case(METHOD, call=CALL + '[0]["score"]', criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_tables_are_a_record_a_row(sdk: Sdk, platform: Platform) -> None:
    """A model that answers with a table of several columns gives a dict by column a row."""
    result = pipeline_of(sdk).predict_batch(ROWS[:2], odd(platform, "record"))
    expect.equal(result, [{"score": 2.0, "label": "yes"}, {"score": 4.0, "label": "yes"}], "the predictions")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, needs=MODEL)
def test_highest_version_answers(sdk: Sdk, platform: Platform) -> None:
    """Without `model_version` the highest semantic version answers, compared numerically; not the newest one."""
    name = linear(platform, (2.0, "1.9.0"), (3.0, "1.10.0"), (4.0, "1.2.0"))
    expect.equal(pipeline_of(sdk).predict_batch(ROWS, name), predictions(3.0), "the predictions of 1.10.0")


@case(
    METHOD, call='predict_batch(data, "fraud", 1)', criteria=("C4",), writes=True, level=FULL, needs=(*MODEL, "fresh")
)
def test_number_as_an_integer(sdk: Sdk, platform: Platform) -> None:
    """MLflow's number may be an integer."""
    name = linear(platform, (2.0, "1.0.0"), (3.0, "1.1.0"))
    expect.equal(pipeline_of(sdk).predict_batch(ROWS, name, 1), predictions(2.0), "the predictions of number 1")


@case(METHOD, call='predict_batch(data, "fraud", "champion")', criteria=("C4",), writes=True, needs=(*MODEL, "fresh"))
def test_moved_alias_is_never_answered_by_the_old_version(sdk: Sdk, platform: Platform) -> None:
    """An alias that moves is answered by the version that it points at now, whatever is cached."""
    name, pipeline = linear(platform, (2.0, "1.0.0"), (3.0, "1.1.0")), pipeline_of(sdk)
    for number, factor in (("1", 2.0), ("2", 3.0), ("1", 2.0)):
        platform.tracking.set_alias(name, "champion", number)
        result = pipeline.predict_batch(ROWS, name, "champion")
        expect.equal(result, predictions(factor), f"the predictions while 'champion' is version {number}")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_new_version_answers_at_once(sdk: Sdk, platform: Platform) -> None:
    """A version that is registered between two calls answers the second one."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    expect.equal(pipeline.predict_batch(ROWS, name), predictions(2.0), "the predictions of 1.0.0")
    linear(platform, (3.0, "1.1.0"))
    expect.equal(pipeline.predict_batch(ROWS, name), predictions(3.0), "the predictions of 1.1.0")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_cached_predictions_of_two_models_are_apart(sdk: Sdk, platform: Platform) -> None:
    """The same rows are predicted by the model that was asked for, whatever another one said of them."""
    pipeline = pipeline_of(sdk)
    one, two = linear(platform, (2.0, "1.0.0"), base="one"), linear(platform, (3.0, "1.0.0"), base="two")
    for _ in range(2):
        expect.equal(pipeline.predict_batch(ROWS, one), predictions(2.0), "the predictions of the first model")
        expect.equal(pipeline.predict_batch(ROWS, two), predictions(3.0), "the predictions of the second model")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_an_answer_is_the_callers_own(sdk: Sdk, platform: Platform) -> None:
    """Changing an answer changes no later one."""
    name, pipeline = odd(platform, "vector"), pipeline_of(sdk)
    for _ in range(3):
        result = pipeline.predict_batch([[1.0, 10.0]], name)
        expect.equal(result, [[2.0, 20.0]], "the predictions")
        result[0].append("changed")
        result.append("changed")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_cached_rows_of_other_types_are_apart(sdk: Sdk, platform: Platform) -> None:
    """Rows in another order, or with other values, are never answered from what was said of similar ones."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    for rows in ([[1.0, 10.0], [2.0, 20.0]], [[2.0, 20.0], [1.0, 10.0]], [[1.0, 10.0], [2.0, 20.5]]):
        expect.equal(pipeline.predict_batch(rows, name), predictions(2.0, rows), f"the predictions for {rows}")


@case(METHOD, call=CALL, criteria=("C4",), writes=True, level=FULL, needs=(*MODEL, "journal"))
def test_model_is_downloaded_once(sdk: Sdk, platform: Platform) -> None:
    """A second call, with other rows, downloads nothing."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    pipeline.predict_batch(ROWS, name)
    before = downloads(platform)
    pipeline.predict_batch(ROWS[:1], name)
    expect.that(before > 0, "the first call downloads the model", f"{before} downloads")
    expect.equal(downloads(platform), before, "the number of downloads after the second call")


@case(
    METHOD, call=CALL + "  # from several threads", criteria=("C4",), writes=True, level=FULL, needs=(*MODEL, "journal")
)
def test_threads_download_the_model_once(sdk: Sdk, platform: Platform) -> None:
    """Threads that ask at once are all answered, each for its own rows, and the model is downloaded once."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk)
    rows = [[[float(number), 1.0]] for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda row: pipeline.predict_batch(row, name), rows))
    expect.equal(results, [predictions(2.0, row) for row in rows], "the predictions of each thread")
    fetched = [entry["path"] for entry in platform.received() if entry["path"].endswith("/MLmodel")]
    expect.equal(len(fetched), 1, "the number of downloads of the model's description")


@case(
    METHOD,
    call='HokusaiInferencePipeline(registry, max_models_in_memory=1).predict_batch(data, "fraud")',
    criteria=("C4",),
    writes=True,
    level=FULL,
    needs=MODEL,
)
def test_more_models_than_stay_in_memory(sdk: Sdk, platform: Platform) -> None:
    """With room for one model, two models still answer in turns, each for itself."""
    pipeline = pipeline_of(sdk, max_models_in_memory=1)
    one, two = linear(platform, (2.0, "1.0.0"), base="one"), linear(platform, (3.0, "1.0.0"), base="two")
    for number in range(2):
        rows = [[float(number), 1.0]]
        expect.equal(pipeline.predict_batch(rows, one), predictions(2.0, rows), "the predictions of the first model")
        expect.equal(pipeline.predict_batch(rows, two), predictions(3.0, rows), "the predictions of the second model")
