"""`HokusaiInferencePipeline`: predictions from registered models.

Shapes are handled in `_data.py`, loading in `_loading.py`, finding a version in `_versions.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hokusai.core._data import as_input, as_list, row_count
from hokusai.core._loading import LoadedModels
from hokusai.core._versions import check_name, find_version
from hokusai.exceptions import HokusaiException, InferenceException, InvalidParameterError

if TYPE_CHECKING:
    from hokusai.core.registry import ModelRegistry
    from hokusai.core.versioning import ModelVersionManager

__all__ = ["HokusaiInferencePipeline", "InferenceException"]


class HokusaiInferencePipeline:
    """Predictions from the models in `registry`; at most `max_models_in_memory` stay loaded. Making one sends nothing.

    `version_manager`, `traffic_router` and `cache_config` are accepted as documented.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        version_manager: ModelVersionManager | None = None,
        traffic_router: Any = None,
        cache_config: Any = None,
        max_models_in_memory: int = 10,
    ) -> None:
        """Use the registry's connection; `InvalidParameterError` for anything that is no registry."""
        backend = getattr(registry, "_backend", None)
        if backend is None:
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        if isinstance(max_models_in_memory, bool) or not isinstance(max_models_in_memory, int):
            raise InvalidParameterError(f"max_models_in_memory must be a whole number, not {max_models_in_memory!r}.")
        if max_models_in_memory < 1:
            raise InvalidParameterError(f"max_models_in_memory must be at least 1, not {max_models_in_memory}.")
        self.registry = registry
        self.version_manager = version_manager
        self.traffic_router = traffic_router
        self.cache_config = cache_config
        self._backend = backend
        self._models = LoadedModels(max_models_in_memory)

    def predict_batch(self, data: Any, model_name: str, model_version: str | int | None = None) -> list[Any]:
        """Return one prediction a row of `data`, in order, from the registered model itself.

        `data` is a list of N rows, an array of shape (N, columns), a DataFrame of N rows, or a dict of columns of N
        values. `model_version` is a semantic version, an MLflow number or an alias; the latest when left out. Values
        are plain Python numbers, strings or lists. Works inside a running event loop. Loading a model runs its code.

        Raises:
            InvalidParameterError: data of another shape or type, or a URI in place of a name.
            ModelNotFoundError: no such model or version.
            MLflowAuthenticationError, MLflowConnectionError: the registry could not be read.
            InferenceException: the artifact cannot be loaded, the model failed, or it returned another number of rows.
        """
        rows = row_count(data)
        name = check_name(model_name, "model_name")
        with self._backend.calling(f"find {name!r}", InferenceException):
            version = find_version(self._backend.client, name, model_version)
        loaded = self._models.get(self._backend, version)
        if rows == 0:
            return []
        try:
            predictions = loaded.model.predict(as_input(data, columns=loaded.columns, form=loaded.form))
        except (HokusaiException, ImportError):
            raise
        except Exception as error:  # the model's own code may raise anything
            raise InferenceException(
                f"{name!r} version {version.semantic or version.number} failed: {type(error).__name__}: {error}",
                remedy="Check that the data has the columns and types that the model was trained with.",
            ) from error
        return as_list(predictions, rows)
