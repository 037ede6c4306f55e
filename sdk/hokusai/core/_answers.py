"""What comes out of a model: one plain Python value a row, in the order of the rows."""

from __future__ import annotations

from typing import Any

from hokusai.exceptions import InferenceException

__all__ = ["as_list", "plain"]

_PYTHONS_OWN = "biufUS"
"""Kinds of numpy arrays whose `tolist()` is Python's own all through: no need to look at each value."""


def as_list(predictions: Any, rows: int) -> list[Any]:
    """Return one plain Python value a row, in order; `InferenceException` when the model gave another number.

    A DataFrame of one column gives its values, one of several columns (or a dict of N values each) a dict a row.
    """
    values = _values(predictions, rows)
    if not isinstance(values, list) or len(values) != rows:
        got = f"{len(values)} predictions" if isinstance(values, list) else f"a single {type(values).__name__}"
        raise InferenceException(
            f"The model returned {got} for {rows} rows.",
            remedy="predict must return one prediction a row, in the order of the rows.",
        )
    return values


def _values(predictions: Any, rows: int) -> Any:
    if hasattr(predictions, "columns") and hasattr(predictions, "to_dict"):
        names = list(predictions.columns)
        return plain(predictions[names[0]] if len(names) == 1 else predictions.to_dict("records"))
    values = plain(predictions)
    if isinstance(values, dict) and values and all(isinstance(v, list) and len(v) == rows for v in values.values()):
        return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return values


def plain(value: Any) -> Any:
    """Turn numpy scalars, arrays, Series and tensors into Python numbers, strings and lists, at any depth."""
    if hasattr(value, "toarray"):  # a sparse matrix
        value = value.toarray()
    if hasattr(value, "tolist"):
        dtype = getattr(value, "dtype", None)
        kind = getattr(dtype, "kind", "") if type(dtype).__module__.startswith("numpy") else ""
        if kind == "M" and type(value).__module__ == "numpy":
            value = value.astype("datetime64[us]")  # of nanoseconds, tolist() makes bare integers
        value = value.tolist()
        if kind and kind in _PYTHONS_OWN:
            return value
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if type(value).__name__ in ("NAType", "NaTType"):  # what pandas has for a value that is missing
        return None
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
