"""Data that a model cannot take is refused by name; what it can take arrives as it should."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arranged_models import model_that, put
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from hokusai import HokusaiInferencePipeline, ModelRegistry
from hokusai.core._answers import as_list, plain
from hokusai.core._data import Takes, as_input, missing_value
from hokusai.exceptions import InferenceException, InvalidParameterError

ARRAY, TABLE, GIVEN = Takes("array"), Takes("table"), Takes("given")
NAMED = Takes("table", ("age", "income"))


@pytest.fixture
def pipeline(registry: ModelRegistry) -> HokusaiInferencePipeline:
    return HokusaiInferencePipeline(registry)


# --- what goes in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([[1, 2], [3]], "row 0 has 2 values, row 1 has 1"),
        ([[1], [2], [3, 4]], "row 0 has 1 values, row 2 has 2"),
        ([[1, 2], 3], "different kinds: int, list"),
        ([[1], {"a": 1}], "different kinds: dict, list"),
        ([{"a": 1}, {"a": 1, "b": 2}], "only one of row 0 and row 1 has 'b'"),
        ([{"a": 1}, {"c": 1}], "row 1 has 'a', 'c'"),
        ([[1, 2j]], "complex"),
        ([[1, object()]], "type object"),
        ([{"a": {1, 2}}], "type set"),
        ([object()], "type object"),
        (np.array([[1j, 2]]), "complex"),
        (np.array([[1, object()]], dtype=object), "type object"),
        (pd.DataFrame({"a": [1j]}), "Column 'a' of data holds complex"),
        (pd.DataFrame({"a": [object()]}), "Column 'a' of data holds values of the type object"),
    ],
)
@pytest.mark.parametrize("takes", [ARRAY, TABLE])
def test_data_that_no_model_takes_is_refused_by_name(data: Any, said: str, takes: Takes) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        as_input(data, takes)


@pytest.mark.parametrize("data", [[[1, 2], [3]], [{"a": 1}, {"b": 2}], [object()]])
def test_a_model_that_takes_data_as_given_decides_for_itself(data: list[Any]) -> None:
    assert as_input(data, GIVEN) is data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"age": 1, "incme": 2}], "no column 'income'; .* Did you mean it by 'incme'"),
        (
            pd.DataFrame({"x": [1], "y": [2]}),
            "no column 'age', 'income'; the model takes age, income, and data has x, y",
        ),
        ({"age": [1]}, "no column 'income'"),
        ([[1, 2, 3]], "data has 3 columns; the model takes 2: age, income"),
        (np.ones((2, 1)), "data has 1 columns; the model takes 2"),
    ],
)
def test_missing_columns_are_named(data: Any, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        as_input(data, NAMED)


def test_columns_are_put_into_order_and_others_left_out() -> None:
    given = pd.DataFrame({"other": [0], "income": [2], "age": [1]})
    assert list(as_input(given, NAMED).columns) == ["age", "income"]
    assert list(given.columns) == ["other", "income", "age"]


def test_an_optional_column_may_be_missing() -> None:
    takes = Takes("table", ("age", "income"), frozenset({"income"}))
    assert list(as_input({"age": [1]}, takes).columns) == ["age"]


def test_a_frame_without_names_gets_those_of_the_model() -> None:
    assert list(as_input(pd.DataFrame([[1, 2]]), NAMED).columns) == ["age", "income"]


def test_numbers_beside_texts_stay_numbers() -> None:
    table = as_input([[1, "x"], [2, "y"]], ARRAY)
    assert (table.shape, table.tolist()) == ((2, 2), [[1, "x"], [2, "y"]])
    frame = as_input([[1, "x"], [2, "y"]], NAMED)
    assert frame["age"].dtype.kind == "i"


@pytest.mark.parametrize(
    ("takes", "said"), [(Takes("array", None, frozenset(), 3), "data has 2 columns; the model takes 3")]
)
def test_the_number_of_columns_is_checked_where_it_is_known(takes: Takes, said: str) -> None:
    for data in ([[1, 2]], np.ones((1, 2)), pd.DataFrame({"a": [1], "b": [2]})):
        with pytest.raises(InvalidParameterError, match=said):
            as_input(data, takes)


def test_rows_that_are_tables_arrive_as_tables() -> None:
    assert as_input([[[1, 2], [3, 4]]], TABLE).shape == (1, 2, 2)


@pytest.mark.parametrize(
    ("table", "where"),
    [
        (np.array([[1.0, 2.0], [3.0, np.nan]]), "row 1, column 1: nan"),
        (np.array([[np.inf, 1.0]]), "row 0, column 0: inf"),
        (pd.DataFrame({"a": [1.0], "b": [None]}), "row 0, column 'b': None"),
        (np.array([[1, 2]]), None),
        (pd.DataFrame({"a": ["x"]}), None),
        (["x"], None),
    ],
)
def test_the_first_missing_value_is_found(table: Any, where: str | None) -> None:
    assert missing_value(table) == where


# --- through a model --------------------------------------------------------------------------------------------------


def test_missing_values_that_a_model_does_not_take_are_the_datas_fault(pipeline: HokusaiInferencePipeline) -> None:
    put(LinearRegression().fit([[0.0, 1.0], [1.0, 3.0]], [0, 1]))
    with pytest.raises(InvalidParameterError, match=r"row 1, column 0: nan.*contains NaN") as caught:
        pipeline.predict_batch([[1.0, 2.0], [float("nan"), 2.0]], "m")
    assert isinstance(caught.value.__cause__, ValueError)


def test_missing_values_that_a_model_takes_are_predicted(pipeline: HokusaiInferencePipeline) -> None:
    put(HistGradientBoostingRegressor(max_iter=1).fit([[0.0], [1.0], [np.nan]], [0.0, 0.0, 0.0]))
    assert pipeline.predict_batch([[float("nan")], [1.0]], "m") == [0.0, 0.0]


def test_an_estimator_says_how_many_columns_it_takes(pipeline: HokusaiInferencePipeline) -> None:
    put(LinearRegression().fit([[0.0, 1.0], [1.0, 3.0]], [0, 1]))
    with pytest.raises(InvalidParameterError, match="data has 3 columns; the model takes 2"):
        pipeline.predict_batch([[1.0, 2.0, 3.0]], "m")


def test_an_estimator_of_mixed_columns_takes_rows_dicts_and_frames(pipeline: HokusaiInferencePipeline) -> None:
    frame = pd.DataFrame({"colour": ["red", "blue", "red"], "size": [1, 2, 3]})
    encoder = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
    put(make_pipeline(encoder, LinearRegression()).fit(frame, [11.0, 2.0, 13.0]))
    columns = {"size": [2], "colour": ["red"]}
    for data in ([["red", 2]], [{"size": 2, "colour": "red"}], columns, pd.DataFrame(columns)):
        assert pipeline.predict_batch(data, "m") == pytest.approx([12.0])


def test_an_estimator_of_texts_takes_a_list_of_texts(pipeline: HokusaiInferencePipeline) -> None:
    put(make_pipeline(CountVectorizer(), LinearRegression()).fit(["good", "bad"], [1.0, 0.0]))
    assert pipeline.predict_batch(["good", "bad"], "m") == pytest.approx([1.0, 0.0])


def test_data_that_the_signature_refuses_is_the_datas_fault(pipeline: HokusaiInferencePipeline) -> None:
    from mlflow.models import infer_signature  # noqa: PLC0415 - MLflow is imported by the tests that need it

    example = pd.DataFrame({"age": [1.0], "income": [2.0]})
    put(model_that(lambda data: [1.0] * len(data)), signature=infer_signature(example, np.array([1.0])))
    assert pipeline.predict_batch([[1.0, 2.0]], "m") == [1.0]
    with pytest.raises(InvalidParameterError, match="does not fit the signature of 'm' version"):
        pipeline.predict_batch([["many", 2.0]], "m")


def test_a_model_that_fails_is_named_with_its_cause_and_without_the_key(pipeline: HokusaiInferencePipeline) -> None:
    def fail(data: Any) -> Any:
        raise KeyError("no such feature, asked with hk_test_admin")

    put(model_that(fail))
    with pytest.raises(InferenceException, match=r"'m' version 1\.0\.0 failed: KeyError") as caught:
        pipeline.predict_batch([[1]], "m")
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.remedy
    assert "hk_test_admin" not in f"{caught.value} {caught.value!r}"


def test_an_artifact_that_needs_a_missing_package_names_it(
    pipeline: HokusaiInferencePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(model_that(lambda data: data))

    def load(folder: str) -> Any:
        raise ModuleNotFoundError("No module named 'mlflow_flavour'", name="mlflow.flavour")

    monkeypatch.setattr("hokusai._mlflow_loaded.load_pyfunc", load)
    with pytest.raises(InferenceException, match="cannot be loaded: ModuleNotFoundError") as caught:
        pipeline.predict_batch([[1]], "m")
    assert caught.value.remedy == "Install it: pip install 'mlflow'."


# --- what comes out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predictions", "expected"),
    [
        (np.array([1.5, 2.5]), [1.5, 2.5]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (pd.Series([True, False]), [True, False]),
        (pd.DataFrame({"p": [1, 2]}), [1, 2]),
        (pd.DataFrame({"p": [1, 2], "q": ["x", "y"]}), [{"p": 1, "q": "x"}, {"p": 2, "q": "y"}]),
        ({"p": np.array([1, 2]), "q": ["x", "y"]}, [{"p": 1, "q": "x"}, {"p": 2, "q": "y"}]),
        ((np.float32(1), np.int8(2)), [1.0, 2]),
        (pd.Series([1, None], dtype="Int64"), [1, None]),
        (pd.Series(["x", None], dtype="string"), ["x", None]),
    ],
)
def test_predictions_become_one_plain_value_a_row(predictions: Any, expected: list[Any]) -> None:
    found = as_list(predictions, 2)
    assert found == expected
    json.dumps(found)


@pytest.mark.parametrize("odd", [np.array([1]), 5, "text", {"p": [1]}, None, np.float64(1), []])
def test_another_number_of_predictions_is_an_error(odd: Any) -> None:
    with pytest.raises(InferenceException, match="for 2 rows"):
        as_list(odd, 2)


@pytest.mark.parametrize(
    "moment",
    [
        np.datetime64("2026-01-02T03:04:05", "ns"),
        pd.Timestamp("2026-01-02T03:04:05"),
        np.array(["2026-01-02T03:04:05"], dtype="datetime64[ns]"),
        pd.Series(pd.to_datetime(["2026-01-02T03:04:05"])),
    ],
)
def test_moments_become_pythons_own(moment: Any) -> None:
    found = plain(moment)
    found = found[0] if isinstance(found, list) else found
    assert (type(found), found) == (datetime.datetime, datetime.datetime(2026, 1, 2, 3, 4, 5))
