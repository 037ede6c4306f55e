"""`HokusaiModel`: the base class of models that are written for Hokusai.

How a model becomes an artifact lives in `_packaging.py`, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hokusai.exceptions import MethodNotImplementedError

__all__ = ["HokusaiModel"]


class HokusaiModel:
    """A model with an id, a version and metrics. Subclass it and write `predict`.

    `version` is a semantic version (`1.2.0`), or `None` to let the registry count. The whole object is pickled into the
    artifact; `predict` gets the data as it was given to `predict_batch` (a dict of columns arrives as a DataFrame).
    """

    def __init__(
        self,
        model_id: str | None = None,
        model_type: str | None = None,
        version: str | None = None,
        config: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep the description; `kwargs` are kept as further configuration."""
        self.model_id = model_id
        self.model_type = model_type
        self.version = version
        self.config = {**(config or {}), **kwargs}
        self.metadata = dict(metadata or {})
        self.metrics: dict[str, float] = {}

    def predict(self, data: Any) -> Any:  # noqa: ARG002 - for subclasses
        """Return one prediction a row of `data`, in the same order."""
        raise MethodNotImplementedError(f"{type(self).__name__} has no predict(data) of its own.")

    def load(self, path: str) -> None:  # noqa: ARG002 - for subclasses
        """Read the model's state from `path`; the registry does not use it."""
        raise MethodNotImplementedError(f"{type(self).__name__} has no load(path) of its own.")

    def save(self, path: str) -> None:  # noqa: ARG002 - for subclasses
        """Write the model's state to `path`; the registry does not use it."""
        raise MethodNotImplementedError(f"{type(self).__name__} has no save(path) of its own.")

    def get_metrics(self) -> dict[str, float]:
        """Return the model's metrics by name."""
        return dict(self.metrics)
