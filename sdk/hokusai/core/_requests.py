"""`InferenceRequest` and `InferenceResponse`: one question to a model, and what came of it.

How a request is answered is in `_answering.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hokusai.core._data import is_row, row_count
from hokusai.exceptions import InvalidParameterError

__all__ = ["InferenceRequest", "InferenceResponse", "Question"]


@dataclass(slots=True)
class InferenceRequest:
    """One question to a registered model.

    `model_type` is the registered model's name. `data` is one row (a flat list of values, or a dict of values by
    column), or N rows in any shape that `predict_batch` takes. `user_id` chooses the model where an A/B test is
    running on `model_type` and no `model_version` is given; `metadata["ab_test_id"]` chooses the test. `model_version`
    is a semantic version, an MLflow number or an alias. With `preprocessing_required` the rows go through the model's
    own `preprocess(rows)` first, with `postprocessing_required` the predictions through its `postprocess(predictions)`.
    """

    request_id: str
    model_type: str
    data: Any
    user_id: str | None = None
    model_version: str | int | None = None
    metadata: Mapping[str, Any] | None = None
    preprocessing_required: bool = False
    postprocessing_required: bool = False


@dataclass(frozen=True, slots=True)
class InferenceResponse:
    """What came of a request: `prediction` is one value for one row, a list of N values for N rows.

    `model_version` is the semantic version, or MLflow's number where there is none. `latency_ms` is the time from the
    request to the answer in milliseconds, loading the model included. `ab_test_id` names the test that chose the
    model. `fallback_used` is always False: no other model ever answers in place of the one that was asked. `metadata`
    has MLflow's number as `mlflow_version`, and in a test the chosen model as `ab_test_model`.
    """

    request_id: str
    prediction: Any
    model_version: str
    model_id: str
    latency_ms: float
    cache_hit: bool = False
    ab_test_id: str | None = None
    fallback_used: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked: N rows, and whether its own pre- and postprocessing take part."""

    data: Any
    rows: int
    single: bool = False
    """Whether this is one row, given as itself and not as a list of one."""
    preprocess: bool = False
    postprocess: bool = False

    @classmethod
    def batch(cls, data: Any) -> Question:
        """Ask for N rows; `InvalidParameterError` for what is no batch."""
        return cls(data, row_count(data))

    @classmethod
    def of(cls, request: InferenceRequest) -> Question:
        """Read a request's data; `InvalidParameterError` for what is neither one row nor a batch."""
        data, single = request.data, False
        if _is_one_row(data):
            data, single = [data], True
        return cls(
            data,
            row_count(data),
            single,
            _flag(request, "preprocessing_required"),
            _flag(request, "postprocessing_required"),
        )


def _is_one_row(data: Any) -> bool:
    """Tell one row from N: a dict of single values, a flat list of values, a 1-D array, a single value."""
    if data is None:
        raise InvalidParameterError("The request has no data: data is None.")
    if isinstance(data, dict):
        return not data or not all(is_row(value) for value in data.values())
    if isinstance(data, (list, tuple)):
        return bool(data) and not any(is_row(value) or isinstance(value, dict) for value in data)
    if hasattr(data, "ndim"):
        return int(data.ndim) < 2
    return isinstance(data, (str, bytes, int, float))


def _flag(request: InferenceRequest, name: str) -> bool:
    value = getattr(request, name)
    if not isinstance(value, bool):
        raise InvalidParameterError(f"{name} must be True or False, not {value!r}.")
    return value
