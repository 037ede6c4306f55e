"""`HokusaiModel`, the base class of models that are written for Hokusai, and the kinds that `ModelFactory` makes.

How a model becomes an artifact lives in `_packaging.py`, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

from hokusai.exceptions import InvalidParameterError, MethodNotImplementedError

__all__ = ["ClassificationModel", "CustomModel", "HokusaiModel", "ModelFactory", "ModelType", "RegressionModel"]


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


class ModelType(str, Enum):
    """The kinds of models that `ModelFactory` makes."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    CUSTOM = "custom"


class _Carrier(HokusaiModel):
    """A model of one kind that predicts by the object that it carries: `model`, with a `predict` of its own."""

    kind: ModelType

    def __init__(
        self,
        model_id: str | None = None,
        version: str | None = None,
        config: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        model: Any = None,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Carry `model`; `metrics` are what `get_metrics` returns."""
        super().__init__(model_id, self.kind.value, version, config, metadata, **kwargs)
        self.model = model
        self.metrics = dict(metrics or {})

    def predict(self, data: Any) -> Any:
        """Return what the carried model predicts for `data`.

        Raises:
            MethodNotImplementedError: nothing is carried; no prediction is ever made up.
        """
        return self._carried("predict")(data)

    def _carried(self, method: str) -> Any:
        found = getattr(self.model, method, None)
        if not callable(found):
            raise MethodNotImplementedError(
                f"{type(self).__name__} has nothing to ask for {method}(data).",
                remedy=f"Pass model=, an object with {method}(data), or write {method} in a subclass.",
            )
        return found


class ClassificationModel(_Carrier):
    """A model that predicts classes: one label a row."""

    kind = ModelType.CLASSIFICATION

    def predict_proba(self, data: Any) -> Any:
        """Return the probabilities of the classes, a row of `data` each, where the carried model knows them."""
        return self._carried("predict_proba")(data)


class RegressionModel(_Carrier):
    """A model that predicts numbers: one a row."""

    kind = ModelType.REGRESSION


class CustomModel(_Carrier):
    """A model that predicts whatever it likes, one value a row; it may carry a plain function too."""

    kind = ModelType.CUSTOM

    def predict(self, data: Any) -> Any:
        """Return what the carried model or function makes of `data`."""
        if callable(self.model) and not hasattr(self.model, "predict"):
            return self.model(data)
        return self._carried("predict")(data)


_KINDS: dict[str, type[_Carrier]] = {
    kind.kind.value: kind for kind in (ClassificationModel, RegressionModel, CustomModel)
}


class ModelFactory:
    """Makes models by the name of their kind."""

    @staticmethod
    def create_model(
        model_type: str | ModelType,
        model_id: str,
        version: str,
        config: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> HokusaiModel:
        """Make a model of the kind `model_type`: `"classification"`, `"regression"` or `"custom"`.

        The model is a `HokusaiModel` with these `model_id` and `version`: a `ClassificationModel`, `RegressionModel` or
        `CustomModel`. It makes no prediction up: what it predicts by is the implementation's own argument, or a
        subclass. Can be called on the class itself.

        Raises:
            ValueError: another kind; the message names it.
        """
        name = model_type.value if isinstance(model_type, ModelType) else model_type
        made = _KINDS.get(str(name))
        if made is None:
            near = get_close_matches(str(name).lower(), _KINDS, 1, 0.5)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InvalidParameterError(f"Unknown model type: {name!r}; known are {', '.join(_KINDS)}.{hint}")
        return made(model_id, version, config, metadata, **kwargs)
