"""How a question is answered: from the cache, or by the loaded model, with every failure named for what it is.

Which version answers is decided before (`inference.py`, `_versions.py`); loading is in `_loading.py`, the shapes of
data in `_data.py` and `_answers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hokusai import _mlflow_loaded
from hokusai._backend import Backend
from hokusai._errors import mask
from hokusai.core._answers import as_list
from hokusai.core._cache import MemoryCache, Store, decoded, encoded, key_of
from hokusai.core._cache_config import CacheConfig
from hokusai.core._data import as_input, missing_value
from hokusai.core._loading import LoadedModel, LoadedModels
from hokusai.core._requests import Question
from hokusai.core._versions import ModelVersion
from hokusai.exceptions import HokusaiException, InferenceException, InvalidParameterError

__all__ = ["Answer", "Answering", "open_cache"]

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction a row, and whether they came from the cache."""

    predictions: list[Any]
    cached: bool = False


class Answering:
    """Answers questions with the models of one registry. Safe from many threads, as far as the models are."""

    def __init__(self, backend: Backend, limit: int, cache: Store | None) -> None:
        """Keep at most `limit` models loaded, and what they say in `cache`, if there is one."""
        self._backend = backend
        self._models = LoadedModels(limit)
        self._cache = cache

    def answer(self, version: ModelVersion, question: Question) -> Answer:
        """Return one prediction a row, in order, from the model of `version`; no rows, no predictions.

        Raises:
            InvalidParameterError: data that the model cannot take.
            InferenceException: the artifact cannot be loaded, or the model failed.
            MLflowAuthenticationError, MLflowConnectionError: the artifact could not be downloaded.
        """
        if question.rows == 0:
            return Answer([])
        key = key_of(self._backend.uri, version, question) if self._cache else None
        if self._cache and key:
            text = self._cache.get(key)
            known = decoded(text, question.rows) if text else None
            if known is not None:
                return Answer(known, cached=True)
        predictions = ask(self._models.get(self._backend, version), question)
        if self._cache and key and (text := encoded(predictions)):
            self._cache.put(key, text)
        return Answer(predictions)

    def close(self) -> None:
        """Forget the models and give back the cache's connections."""
        self._models.clear()
        if self._cache:
            self._cache.close()


def open_cache(config: CacheConfig) -> Store | None:
    """Return the cache that `config` asks for; `None` when it is off. Nothing is sent."""
    if not config.enabled:
        return None
    memory = MemoryCache(int(config.max_cache_size_mb * 1024 * 1024), config.ttl_seconds)
    if not config.use_redis:
        return memory
    from hokusai.core._redis_cache import RedisCache  # noqa: PLC0415 - only where it is configured

    return RedisCache(config, memory)


def ask(loaded: LoadedModel, question: Question) -> list[Any]:
    """Ask a loaded model; returns one plain Python value a row."""
    data: Any = question.data
    if question.preprocess:
        data = _hook(loaded, "preprocess", data)
    table = as_input(data, loaded.takes)
    try:
        predictions = loaded.model.predict(table)
    except HokusaiException:
        raise
    except Exception as error:  # the model's own code may raise anything
        raise _failure(loaded, table, error) from error
    found = as_list(predictions, question.rows)
    if question.postprocess:
        found = as_list(_hook(loaded, "postprocess", found), question.rows)
    return found


def _failure(loaded: LoadedModel, table: Any, error: Exception) -> HokusaiException:
    """Say whose fault it is that a model failed: the data's, as far as that can be told, or the model's."""
    told = _told(error)
    if _mlflow_loaded.is_refused_by_signature(error):
        return InvalidParameterError(
            f"data does not fit the signature of {loaded.label}: {told}",
            remedy="Give the columns and types that the model was registered with.",
        )
    missing = missing_value(table) if isinstance(error, (ValueError, TypeError)) else None
    if missing:
        return InvalidParameterError(
            f"data has missing or infinite values (the first at {missing}), and {loaded.label} failed on it: {told}",
            remedy="Fill or drop them, or register a model that takes them.",
        )
    return InferenceException(
        f"{loaded.label} failed: {told}",
        remedy="Check that the data has the columns and types that the model was trained with.",
    )


def _hook(loaded: LoadedModel, name: str, value: Any) -> Any:
    """Call the model's own `preprocess` or `postprocess`."""
    carried = _mlflow_loaded.carried_model(loaded.model)
    hook = getattr(getattr(carried, "model", carried), name, None) or getattr(carried, name, None)
    if not callable(hook):
        raise InvalidParameterError(
            f"{name}ing_required is set, but the model of {loaded.label} has no {name}().",
            remedy=f"Write {name}() in the model's class and register it again, or leave {name}ing_required out.",
        )
    try:
        return hook(value)
    except HokusaiException:
        raise
    except Exception as error:  # the model's own code may raise anything
        raise InferenceException(f"{name}() of {loaded.label} failed: {_told(error)}") from error


def _told(error: Exception) -> str:
    text = mask(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"
