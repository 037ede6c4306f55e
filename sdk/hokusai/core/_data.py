"""What goes into a model and what comes out: rows in any documented shape, predictions as plain Python values.

No model is loaded here and no server asked.
"""

from __future__ import annotations

from typing import Any, Literal

from hokusai import _mlflow
from hokusai.exceptions import InferenceException, InvalidParameterError

__all__ = ["Form", "as_input", "as_list", "plain", "row_count"]

Form = Literal["given", "array", "table"]
"""How a model takes its data: as the caller gave it, as an array or named table, or as whatever fits a table."""


def row_count(data: Any) -> int:
    """Return the number of rows of a list, a 2-D array, a DataFrame or a dict of columns.

    Raises:
        InvalidParameterError: any other type, an array that is not 2-D, or columns of different lengths.
    """
    if isinstance(data, dict):
        lengths = {name: len(column) for name, column in data.items() if hasattr(column, "__len__")}
        if len(lengths) != len(data) or not data or any(isinstance(column, str) for column in data.values()):
            raise InvalidParameterError("data is a dict, but not of columns: each value must be a list of N values.")
        if len(set(lengths.values())) > 1:
            raise InvalidParameterError(f"The columns of data have different lengths: {lengths}.")
        return next(iter(lengths.values()))
    if isinstance(data, (list, tuple)):
        return len(data)
    if hasattr(data, "iloc") and hasattr(data, "columns"):
        return len(data)
    if hasattr(data, "ndim") and hasattr(data, "tolist"):
        if data.ndim != 2:
            raise InvalidParameterError(
                f"data is an array of {data.ndim} dimensions; it must have 2: rows and columns."
            )
        return len(data)
    raise InvalidParameterError(
        f"data must be a list, a 2-D numpy array, a pandas DataFrame or a dict of columns, not {type(data).__name__}."
    )


def as_input(data: Any, *, columns: list[str] | None, form: Form) -> Any:
    """Return `data` in the form that the model takes.

    A dict of columns, and a list of dicts, become a DataFrame. `given`: everything else stays as it was. Otherwise
    rows of numbers become a 2-D array. Where the model knows the names of its columns, an array with as many becomes a
    DataFrame with those names, and a DataFrame is put into their order; `array`: where it knows none, a DataFrame
    becomes an array, because scikit-learn warns about names that it was not fitted with.
    """
    pandas = _mlflow.require("pandas")
    if isinstance(data, dict):
        data = pandas.DataFrame(data)
    if form == "given":
        return data
    if isinstance(data, (list, tuple)):
        is_table = bool(data) and all(isinstance(row, dict) for row in data)
        data = pandas.DataFrame(list(data)) if is_table else _as_array(list(data), lift=form == "array")
    if isinstance(data, pandas.DataFrame):
        return _ordered(data, columns, form)
    if columns and getattr(data, "ndim", 0) == 2 and data.shape[1] == len(columns):
        return pandas.DataFrame(data, columns=columns)
    return data


def _ordered(frame: Any, columns: list[str] | None, form: Form) -> Any:
    if columns is None:
        return frame.to_numpy() if form == "array" else frame
    return frame[columns] if set(columns) <= set(frame.columns) else frame


def _as_array(rows: list[Any], *, lift: bool) -> Any:
    """Return rows of numbers as a 2-D array; with `lift` single numbers too, as one column; anything else as it is."""
    if lift and rows and all(isinstance(row, (int, float)) for row in rows):
        rows = [[row] for row in rows]
    if not rows or not all(hasattr(row, "__len__") and not isinstance(row, (str, bytes, dict)) for row in rows):
        return rows
    if len({len(row) for row in rows}) != 1:
        return rows
    array = _mlflow.require("numpy").asarray(rows)
    return array if array.dtype.kind in "biuf" else rows


def as_list(predictions: Any, rows: int) -> list[Any]:
    """Return one plain Python value a row, in order; `InferenceException` when the model gave another number."""
    if hasattr(predictions, "columns") and hasattr(predictions, "to_dict"):
        names = list(predictions.columns)
        values = predictions[names[0]].tolist() if len(names) == 1 else predictions.to_dict("records")
    else:
        values = plain(predictions)
    if not isinstance(values, list) or len(values) != rows:
        got = f"{len(values)} predictions" if isinstance(values, list) else f"a single {type(values).__name__}"
        raise InferenceException(
            f"The model returned {got} for {rows} rows.",
            remedy="predict must return one prediction a row, in the order of the rows.",
        )
    return [plain(value) for value in values]


def plain(value: Any) -> Any:
    """Turn numpy scalars, arrays and Series into Python numbers, strings and lists, at any depth."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
