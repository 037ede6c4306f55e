"""`HokusaiInferencePipeline`: predictions from registered models.

Here the documented methods decide which version answers. How it answers is in `_answering.py`, finding a version in
`_versions.py`, A/B tests in `ab_testing.py`, predicting more rows than fit into memory in `_batches.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hokusai.core._answering import Answering, open_cache
from hokusai.core._batches import BatchProcessor
from hokusai.core._cache_config import CacheConfig
from hokusai.core._reads import by_id, model_id_of
from hokusai.core._requests import InferenceRequest, InferenceResponse, Question
from hokusai.core._versions import ModelVersion, check_name, find_version
from hokusai.core.ab_testing import ModelTrafficRouter, split_model
from hokusai.exceptions import InferenceException, InvalidParameterError, ModelNotFoundError

if TYPE_CHECKING:
    from hokusai.core.registry import ModelRegistry
    from hokusai.core.versioning import ModelVersionManager

__all__ = [
    "BatchProcessor",
    "CacheConfig",
    "HokusaiInferencePipeline",
    "InferenceException",
    "InferenceRequest",
    "InferenceResponse",
]


class HokusaiInferencePipeline:
    """Predictions from the models in `registry`; at most `max_models_in_memory` stay loaded. Making one sends nothing.

    Which version answers is read from the registry for every call, so that a new version, or an alias that moves, is
    seen at once. Predictions are kept by version and data for a while, in this process unless `cache_config` or the
    environment says Redis. With a `traffic_router`, requests that name a user take part in its A/B tests.
    `version_manager` is accepted as documented; versions are found without it.

    One pipeline may be used from many threads, as far as the models themselves allow that. `close()`, or leaving a
    `with` block, gives back models and connections.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        version_manager: ModelVersionManager | None = None,
        traffic_router: ModelTrafficRouter | None = None,
        cache_config: CacheConfig | None = None,
        max_models_in_memory: int = 10,
    ) -> None:
        """Predict with the models of `registry`, keeping at most `max_models_in_memory` of them loaded.

        Nothing is sent. Predictions are cached in this process, unless `cache_config` or the environment names a Redis.

        Raises:
            InvalidParameterError: an argument of another type, or less than one model in memory.
            ImportError: Redis is configured and its package is not installed; the message names what to install.
        """
        backend = getattr(registry, "_backend", None)
        if backend is None:
            raise InvalidParameterError(f"registry must be a ModelRegistry, not {type(registry).__name__}.")
        if isinstance(version_manager, ModelTrafficRouter):
            raise InvalidParameterError("version_manager is a ModelTrafficRouter: pass it as traffic_router=.")
        _check_type("traffic_router", traffic_router, ModelTrafficRouter)
        _check_type("cache_config", cache_config, CacheConfig)
        if isinstance(max_models_in_memory, bool) or not isinstance(max_models_in_memory, int):
            raise InvalidParameterError(f"max_models_in_memory must be a whole number, not {max_models_in_memory!r}.")
        if max_models_in_memory < 1:
            raise InvalidParameterError(f"max_models_in_memory must be at least 1, not {max_models_in_memory}.")
        self.registry = registry
        self.version_manager = version_manager
        self.traffic_router = traffic_router
        self.cache_config = cache_config or CacheConfig()
        self._backend = backend
        self._answering = Answering(backend, max_models_in_memory, open_cache(self.cache_config))

    def predict_batch(self, data: Any, model_name: str, model_version: str | int | None = None) -> list[Any]:
        """Predict with a registered model; return one prediction for each row of `data`, in the order of the rows.

        `data` holds N rows: a list of rows (lists of values, or dicts by column), a numpy array of shape (N, features),
        a pandas DataFrame, or a dict of columns of N values; it is not changed. `model_version` is a semantic version,
        an MLflow number or an alias; without it the highest semantic version answers. The answer is a list of N Python
        numbers, strings or lists, from the registered model itself, and a list of its own for each call; no rows give
        `[]`. Asking again gives the same shape. Above 1,000 rows nothing is cached. Works inside a running event loop.

        Raises:
            InvalidParameterError: `data` of another shape or type, rows or columns of different lengths, values that
                the model cannot take; a name that is empty or a URI; a `model_version` that is no text and no number.
            ModelNotFoundError: no such model or version; `model_name` and `version` say what was asked for.
            MLflowAuthenticationError: the registry answered 401 or 403; `code` says why.
            MLflowConnectionError: the registry could not be reached, or answered 5xx.
            InferenceException: the artifact cannot be loaded, the model failed (its exception is the `__cause__`), or
                it gave another number of predictions than rows.

        Source: ISSUE-4.

        Note:
            Loading a model runs its code. A model that gives several columns gives a dict a row.
        """
        question = Question.batch(data)
        return self._answering.answer(self._version(model_name, model_version), question).predictions

    async def predict(self, request: InferenceRequest) -> InferenceResponse:
        """Answer one `InferenceRequest`, without blocking the event loop while the model works.

        Where the pipeline has a `traffic_router` with a running test on `request.model_type`, and the request names a
        user and no version, the test chooses the model. Raises what `predict_batch` raises.
        """
        return await asyncio.to_thread(self._respond, _checked(request), {})

    async def batch_predict(self, requests: Iterable[InferenceRequest]) -> list[InferenceResponse]:
        """Answer many requests; returns a list of responses in the order of the requests, whichever were cached.

        A request that fails fails the call: no response is made up. Raises what `predict` raises.
        """
        checked = [_checked(request) for request in requests]
        return await asyncio.to_thread(self._respond_to_all, checked)

    def close(self) -> None:
        """Forget loaded models and kept predictions of this process, and close connections to Redis."""
        self._answering.close()

    def __enter__(self) -> HokusaiInferencePipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _version(self, model_name: object, wanted: object, parameter: str = "model_name") -> ModelVersion:
        """Find a version in the registry."""
        name = check_name(model_name, parameter)
        with self._backend.calling(f"find {name!r}", InferenceException):
            return find_version(self._backend.client, name, wanted)

    def _taking_part(self, model: str) -> ModelVersion:
        """Find what an A/B test means by `model`: a name, a name and a version or alias, or a model's id."""
        try:
            return self._version(*split_model(model))
        except ModelNotFoundError:
            with self._backend.calling(f"find {model!r}", InferenceException), suppress(ModelNotFoundError):
                return by_id(self._backend.client, model)
            raise

    def _respond_to_all(self, requests: list[InferenceRequest]) -> list[InferenceResponse]:
        seen: dict[tuple[str, str], ModelVersion] = {}
        return [self._respond(request, seen) for request in requests]

    def _respond(self, request: InferenceRequest, seen: dict[tuple[str, str], ModelVersion]) -> InferenceResponse:
        """Answer one request; `seen` are the versions that were found for others of the same call."""
        started = time.perf_counter()
        question = Question.of(request)
        test = self._test_of(request)
        key = ("test", test[1]) if test else (request.model_type, repr(request.model_version))
        if key not in seen:
            seen[key] = (
                self._taking_part(test[1])
                if test
                else self._version(request.model_type, request.model_version, "model_type")
            )
        version = seen[key]
        answer = self._answering.answer(version, question)
        metadata = {"mlflow_version": str(version.number)}
        if test:
            metadata["ab_test_model"] = test[1]
        return InferenceResponse(
            request_id=request.request_id,
            prediction=answer.predictions[0] if question.single else answer.predictions,
            model_version=str(version.semantic or version.number),
            model_id=model_id_of(version),
            latency_ms=(time.perf_counter() - started) * 1000,
            cache_hit=answer.cached,
            ab_test_id=test[0] if test else None,
            metadata=metadata,
        )

    def _test_of(self, request: InferenceRequest) -> tuple[str, str] | None:
        """Return test and model that an A/B test chooses for a request; `None` when it takes part in none."""
        if self.traffic_router is None or request.user_id is None or request.model_version is not None:
            return None
        chosen = (request.metadata or {}).get("ab_test_id")
        return self.traffic_router._choose(request.model_type, request.user_id, chosen)


def _checked(request: object) -> InferenceRequest:
    if not isinstance(request, InferenceRequest):
        raise InvalidParameterError(
            f"A request must be an InferenceRequest, not {type(request).__name__}: "
            "InferenceRequest(request_id=..., model_type=..., data=...)."
        )
    check_name(request.model_type, "model_type")
    return request


def _check_type(name: str, value: object, wanted: type) -> None:
    if value is not None and not isinstance(value, wanted):
        raise InvalidParameterError(f"{name} must be a {wanted.__name__}, not {type(value).__name__}.")
