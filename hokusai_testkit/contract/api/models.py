"""Making models by the name of their kind: `ModelFactory`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["ModelFactory", "ModelFactoryClass"]


class ModelFactory(Protocol):
    """Makes models of the documented kinds. Documented import: `from hokusai.core import ModelFactory`."""

    def create_model(
        self,
        model_type: str,
        model_id: str,
        version: str,
        config: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a model of the kind `model_type`: `"classification"`, `"regression"` or `"custom"`.

        The model is a `HokusaiModel` with these `model_id` and `version`: a `ClassificationModel`, `RegressionModel` or
        `CustomModel`. It makes no prediction up: what it predicts by is the implementation's own argument, or a
        subclass. Can be called on the class itself.

        Raises:
            ValueError: another kind; the message names it.
        """


class ModelFactoryClass(Protocol):
    """The class `ModelFactory` itself."""

    def __call__(self) -> ModelFactory:
        """Make a factory; it holds nothing."""
