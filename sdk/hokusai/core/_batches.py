"""`BatchProcessor`: predictions for more rows than fit into memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from hokusai.core._requests import Question
from hokusai.exceptions import InvalidParameterError

if TYPE_CHECKING:
    from hokusai.core._versions import ModelVersion
    from hokusai.core.inference import HokusaiInferencePipeline

__all__ = ["BatchProcessor"]


class BatchProcessor:
    """Predicts row by row of an endless or very long input, `batch_size` rows at a time."""

    def __init__(self, pipeline: HokusaiInferencePipeline, batch_size: int = 1000) -> None:
        """Predict with the models of `pipeline`; `InvalidParameterError` for anything that is no pipeline."""
        if getattr(pipeline, "_answering", None) is None:
            raise InvalidParameterError(f"pipeline must be a HokusaiInferencePipeline, not {type(pipeline).__name__}.")
        if type(batch_size) is not int or batch_size < 1:
            raise InvalidParameterError(f"batch_size must be a whole number of at least 1, not {batch_size!r}.")
        self.pipeline = pipeline
        self.batch_size = batch_size

    def process(self, rows: Iterable[Any], model_name: str, model_version: str | int | None = None) -> Iterator[Any]:
        """Yield one prediction a row, in order; at most `batch_size` rows are taken from `rows` ahead of it.

        Rows are lists of values or dicts by column. The version is found at once and once, so that all rows meet the
        same model.

        Raises:
            InvalidParameterError: `rows` is one table (see `predict_batch`), not something to take rows from.
            HokusaiException: what `HokusaiInferencePipeline.predict_batch` raises, when its batch is reached.
        """
        if isinstance(rows, (str, bytes, dict)) or hasattr(rows, "iloc") or not isinstance(rows, Iterable):
            raise InvalidParameterError(
                f"rows must be something to take rows from, such as a generator or a list, not {type(rows).__name__}; "
                "a DataFrame or a dict of columns goes to predict_batch()."
            )
        return self._batches(rows, self.pipeline._version(model_name, model_version))

    def _batches(self, rows: Iterable[Any], version: ModelVersion) -> Iterator[Any]:
        remaining = iter(rows)
        while batch := list(islice(remaining, self.batch_size)):
            yield from self.pipeline._answering.answer(version, Question.batch(batch)).predictions
