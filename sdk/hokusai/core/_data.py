"""What goes into a model: rows in any documented shape, checked and in the form that the model takes.

No model is loaded here and no server asked. What comes out of a model is in `_answers.py`.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain
from typing import Any, Literal

from hokusai import _mlflow
from hokusai.exceptions import InvalidParameterError

__all__ = ["Form", "Takes", "as_input", "is_row", "missing_value", "row_count"]

Form = Literal["given", "array", "table"]
"""How a model takes its data: as the caller gave it, as an array or named table, or as whatever fits a table."""

_CELLS = (
    bool, int, float, str, bytes, type(None), list, tuple, dict,
    datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction,
)  # fmt: skip
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Takes:
    """What a model takes: the form, the names of its columns where it knows them, and how many there are."""

    form: Form
    columns: tuple[str, ...] | None = None
    """All columns by name, in the model's order; `None` where it knows no names."""
    optional: frozenset[str] = frozenset()
    """Those of `columns` that may be missing."""
    width: int | None = None
    """The number of columns, where it is known."""


def row_count(data: Any) -> int:
    """Return the number of rows of a list, a 2-D array, a DataFrame or a dict of columns.

    Raises:
        InvalidParameterError: any other type, an array that is not 2-D, or columns of different lengths.
    """
    if isinstance(data, dict):
        return _column_length(data)
    if isinstance(data, (list, tuple)) or (hasattr(data, "iloc") and hasattr(data, "columns")):
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


def _column_length(columns: dict[Any, Any]) -> int:
    lengths = {name: len(column) for name, column in columns.items() if is_row(column)}
    if len(lengths) != len(columns) or not columns:
        raise InvalidParameterError("data is a dict, but not of columns: each value must be a list of N values.")
    if len(set(lengths.values())) > 1:
        raise InvalidParameterError(f"The columns of data have different lengths: {_listed(lengths)}.")
    return next(iter(lengths.values()))


def is_row(value: object) -> bool:
    """Tell a sequence of values (a list, a tuple, an array, a Series) from a single value."""
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes, bytearray, dict, set, frozenset))


def as_input(data: Any, takes: Takes) -> Any:
    """Return `data` in the form that the model takes.

    A dict of columns, and a list of dicts, become a DataFrame. `given`: everything else stays as it was. Otherwise
    rows of numbers become a 2-D array. Where the model knows the names of its columns, an array with as many becomes a
    DataFrame with those names, and a DataFrame is put into their order; `array`: where it knows none, a DataFrame
    becomes an array, because scikit-learn warns about names that it was not fitted with.

    Raises:
        InvalidParameterError: ragged rows, rows of different kinds, values that no model takes, columns that the model
            does not have or too few of them.
    """
    pandas = _mlflow.require("pandas")
    if isinstance(data, dict):
        data = pandas.DataFrame(data)
    if takes.form == "given":
        return data
    if isinstance(data, (list, tuple)):
        data = _from_rows(list(data), lift=takes.form == "array")
    if isinstance(data, pandas.DataFrame):
        _check_kinds(zip(data.columns, data.dtypes, strict=True), data)
        return _in_order(data, takes)
    if getattr(data, "ndim", 0) != 2:
        return data
    _check_cells_of(data)
    if takes.columns is not None and data.shape[1] == len(takes.columns):
        frame = pandas.DataFrame(data, columns=list(takes.columns))
        return frame.infer_objects() if data.dtype.kind == "O" else frame
    _check_width(data.shape[1], takes)
    return data


# --- rows ------------------------------------------------------------------------------------------------------------


def _from_rows(rows: list[Any], *, lift: bool) -> Any:
    """Return rows as a table: dicts as a DataFrame, sequences as a 2-D array; single values stay a list.

    With `lift` single numbers become an array of one column.
    """
    tables, sequences = sum(isinstance(row, dict) for row in rows), sum(map(is_row, rows))
    if not rows or (not tables and not sequences):
        if lift and rows and all(isinstance(row, (int, float)) for row in rows):
            return _mlflow.require("numpy").asarray([[row] for row in rows])
        _check_types(rows, "data")
        return rows
    if len(rows) not in (tables, sequences):
        raise InvalidParameterError(
            f"The rows of data are of different kinds: {_listed(sorted({type(row).__name__ for row in rows}))}."
        )
    return _from_dicts(rows) if tables else _from_sequences(rows)


def _from_dicts(rows: list[dict[Any, Any]]) -> Any:
    names = rows[0].keys()
    for number, row in enumerate(rows):
        if row.keys() != names:
            odd = sorted(map(repr, names ^ row.keys()))
            raise InvalidParameterError(
                f"The rows of data have different columns: only one of row 0 and row {number} has {_listed(odd)}."
            )
    _check_types(chain.from_iterable(row.values() for row in rows), "data")
    return _mlflow.require("pandas").DataFrame(rows)


def _from_sequences(rows: list[Any]) -> Any:
    numpy = _mlflow.require("numpy")
    width = len(rows[0])
    for number, row in enumerate(rows):
        if len(row) != width:
            raise InvalidParameterError(
                f"The rows of data have different lengths: row 0 has {width} values, row {number} has {len(row)}."
            )
    try:
        array = numpy.asarray(rows)
    except ValueError:  # cells that are lists of different lengths
        array = numpy.empty(0, dtype=object)
    if array.dtype.kind in "biuf":
        return array
    # As one array, numbers beside texts would all become texts.
    _check_types(chain.from_iterable(rows), "data")
    table = numpy.empty((len(rows), width), dtype=object)
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            table[number, place] = value
    return table


# --- values ----------------------------------------------------------------------------------------------------------


def _check_types(cells: Iterable[Any], where: str) -> None:
    """Refuse cells of a type that no model takes."""
    for kind in set(map(type, cells)):
        known = issubclass(kind, _CELLS) or kind.__module__.partition(".")[0] in ("numpy", "pandas")
        if not known or issubclass(kind, complex) or getattr(kind, "__name__", "").startswith("complex"):
            raise InvalidParameterError(
                f"{where} holds values of the type {kind.__name__}; a model takes numbers, strings, times and None."
            )


def _check_cells_of(array: Any) -> None:
    if array.dtype.kind in "cV":
        raise InvalidParameterError(f"data is an array of {array.dtype}; a model takes numbers, strings and times.")
    if array.dtype.kind == "O":
        _check_types(array.ravel(), "data")


def _check_kinds(columns: Iterable[tuple[Any, Any]], frame: Any) -> None:
    for name, dtype in columns:
        if getattr(dtype, "kind", "") == "c":
            raise InvalidParameterError(f"Column {name!r} of data holds complex numbers, which no model takes.")
        if getattr(dtype, "kind", "") == "O" and frame.columns.is_unique:
            _check_types(frame[name], f"Column {name!r} of data")


def missing_value(table: Any) -> str | None:
    """Say where the first missing or infinite value of a prepared table is; `None` when there is none."""
    pandas, numpy = _mlflow.require("pandas"), _mlflow.require("numpy")
    if not isinstance(table, pandas.DataFrame):
        if getattr(table, "ndim", 0) != 2 or table.dtype.kind not in "fO":
            return None
        table = pandas.DataFrame(table)
    numbers = table.select_dtypes("floating")
    odd = table.isna() | numpy.isinf(numbers).reindex(columns=table.columns, fill_value=False)
    where = numpy.argwhere(odd.to_numpy())
    if not len(where):
        return None
    row, place = (int(index) for index in where[0])
    return f"row {row}, column {table.columns[place]!r}: {table.iat[row, place]}"


# --- columns ---------------------------------------------------------------------------------------------------------


def _in_order(frame: Any, takes: Takes) -> Any:
    """Put a DataFrame's columns into the model's order; those that the model does not have are left out."""
    if takes.columns is None:
        _check_width(frame.shape[1], takes)
        return frame.to_numpy() if takes.form == "array" else frame
    if list(frame.columns) == list(range(len(takes.columns))):  # a DataFrame that was made without names
        return frame.set_axis(list(takes.columns), axis=1)
    present = set(frame.columns)
    absent = [name for name in takes.columns if name not in present and name not in takes.optional]
    if absent:
        near = get_close_matches(absent[0], [str(name) for name in frame.columns], 1)
        hint = f" Did you mean it by {near[0]!r}?" if near else ""
        raise InvalidParameterError(
            f"data has no column {_listed(map(repr, absent))}; the model takes {_listed(takes.columns)}, and data has "
            f"{_listed(frame.columns)}.{hint}"
        )
    return frame[[name for name in takes.columns if name in present]]


def _check_width(width: int, takes: Takes) -> None:
    wanted = takes.width if takes.columns is None else len(takes.columns)
    if wanted is not None and width != wanted:
        names = f": {_listed(takes.columns)}" if takes.columns else ""
        raise InvalidParameterError(f"data has {width} columns; the model takes {wanted}{names}.")


def _listed(names: Iterable[Any] | Sequence[Any]) -> str:
    known = [f"{name}: {names[name]}" for name in names] if isinstance(names, dict) else [str(name) for name in names]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(known[:_SHOWN]) + more
