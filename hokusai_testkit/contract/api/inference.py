"""Predictions from registered models: `HokusaiInferencePipeline`, what it is asked and how it answers, its cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from hokusai_testkit.contract.api.own import (
    OwnCacheConfig,
    OwnInferenceRequest,
    OwnModelRegistry,
    OwnModelTrafficRouter,
    OwnModelVersionManager,
)

__all__ = [
    "CacheConfig",
    "CacheConfigClass",
    "HokusaiInferencePipeline",
    "HokusaiInferencePipelineClass",
    "InferenceRequest",
    "InferenceRequestClass",
    "InferenceResponse",
    "InferenceResponseClass",
]


class HokusaiInferencePipeline(Protocol):
    """Predictions from registered models. Documented import: `from hokusai import HokusaiInferencePipeline`.

    Every call finds the version that answers in the registry: a new version, or an alias that moves, is seen at once,
    whatever is cached. A model is downloaded and loaded once, also when several threads ask for it. Loading a model
    runs its code, so models come from the configured registry only, never from a URI.
    """

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
        """

    async def predict(self, request: OwnInferenceRequest) -> InferenceResponse:
        """Answer one `InferenceRequest`, without blocking the event loop while the model works.

        Where the pipeline has a `traffic_router` with a running test on `request.model_type`, and the request names a
        user and no version, the test chooses the model. Raises what `predict_batch` raises.
        """

    async def batch_predict(self, requests: Iterable[OwnInferenceRequest]) -> Sequence[InferenceResponse]:
        """Answer many requests; returns a list of responses in the order of the requests, whichever were cached.

        A request that fails fails the call: no response is made up. Raises what `predict` raises.
        """


class HokusaiInferencePipelineClass(Protocol):
    """The class `HokusaiInferencePipeline` itself."""

    def __call__(
        self,
        registry: OwnModelRegistry,
        version_manager: OwnModelVersionManager | None = None,
        traffic_router: OwnModelTrafficRouter | None = None,
        cache_config: OwnCacheConfig | None = None,
        max_models_in_memory: int = 10,
    ) -> HokusaiInferencePipeline:
        """Predict with the models of `registry`, keeping at most `max_models_in_memory` of them loaded.

        Nothing is sent. Predictions are cached in this process, unless `cache_config` or the environment names a Redis.

        Raises:
            InvalidParameterError: an argument of another type, or less than one model in memory.
            ImportError: Redis is configured and its package is not installed; the message names what to install.
        """


class InferenceRequest(Protocol):
    """One question to a registered model. Documented import: `from hokusai.core.inference import InferenceRequest`."""

    @property
    def request_id(self) -> str:
        """The caller's name for it; the response bears the same."""

    @property
    def model_type(self) -> str:
        """The registered model's name."""

    @property
    def data(self) -> Any:
        """One row (a flat list of values, or a dict of values by column), or N rows as `predict_batch` takes them."""

    @property
    def user_id(self) -> str | None:
        """Who asks; chooses the model in an A/B test."""

    @property
    def model_version(self) -> str | int | None:
        """A semantic version, an MLflow number or an alias; None for the latest, or for an A/B test to choose."""

    @property
    def metadata(self) -> Mapping[str, Any] | None:
        """What else the caller says; `ab_test_id` names the A/B test to take part in."""

    @property
    def preprocessing_required(self) -> bool:
        """Whether the rows go through the model's own `preprocess(rows)` first; an error where it has none."""

    @property
    def postprocessing_required(self) -> bool:
        """Whether the predictions go through the model's own `postprocess(predictions)`; an error where it has none."""


class InferenceRequestClass(Protocol):
    """The class `InferenceRequest` itself."""

    def __call__(  # noqa: PLR0917 - as documented
        self,
        request_id: str,
        model_type: str,
        data: Any,
        user_id: str | None = None,
        model_version: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        preprocessing_required: bool = False,
        postprocessing_required: bool = False,
    ) -> InferenceRequest:
        """Ask the model `model_type` about `data`. Nothing is checked and nothing is sent."""


class InferenceResponse(Protocol):
    """What came of a request. Documented import: `from hokusai.core.inference import InferenceResponse`."""

    @property
    def request_id(self) -> str:
        """That of the request."""

    @property
    def prediction(self) -> Any:
        """One value for one row, a list of N values for N rows; the same shape whether it was cached or not."""

    @property
    def model_version(self) -> str:
        """The semantic version that answered; MLflow's number where it has none."""

    @property
    def model_id(self) -> str:
        """The id of the version that answered."""

    @property
    def latency_ms(self) -> float:
        """From the request to the answer, in milliseconds; loading the model is part of it."""

    @property
    def cache_hit(self) -> bool:
        """Whether the model was spared."""

    @property
    def ab_test_id(self) -> str | None:
        """The A/B test that chose the model; None when none did."""

    @property
    def fallback_used(self) -> bool:
        """Whether another model answered than the one that was asked."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What else there is to say about the answer."""


class InferenceResponseClass(Protocol):
    """The class `InferenceResponse` itself."""

    def __call__(  # noqa: PLR0917 - as documented
        self,
        request_id: str,
        prediction: Any,
        model_version: str,
        model_id: str,
        latency_ms: float,
        cache_hit: bool = False,
        ab_test_id: str | None = None,
        fallback_used: bool = False,
        metadata: dict[str, Any] = ...,
    ) -> InferenceResponse:
        """Describe an answer; pipelines make these. `metadata` is an empty dict of its own by default."""


class CacheConfig(Protocol):
    """Where predictions are kept, and for how long. `from hokusai.core.inference import CacheConfig`.

    What is kept is JSON, never a pickle. A Redis that cannot be reached costs one short time-out, once; the predictions
    are the same.
    """

    @property
    def enabled(self) -> bool:
        """Whether predictions are kept at all."""

    @property
    def ttl_seconds(self) -> float:
        """For how many seconds a prediction is kept."""

    @property
    def max_cache_size_mb(self) -> float:
        """How much is kept in memory, in MiB."""

    @property
    def eviction_policy(self) -> str:
        """`lru`: what was not used for longest goes first."""

    @property
    def redis_host(self) -> str | None:
        """The host of Redis; `localhost` when only a port or a database was named, or nothing at all."""

    @property
    def redis_port(self) -> int | None:
        """The port of Redis; 6379 when nothing was said."""

    @property
    def redis_db(self) -> int | None:
        """The number of the database in Redis; 0 when nothing was said."""


class CacheConfigClass(Protocol):
    """The class `CacheConfig` itself."""

    def __call__(  # noqa: PLR0917 - as documented
        self,
        enabled: bool = True,
        ttl_seconds: int = 300,
        max_cache_size_mb: int = 1024,
        eviction_policy: str = "lru",
        redis_host: str = "localhost",
        redis_port: int = 6379,
        redis_db: int = 0,
    ) -> CacheConfig:
        """Keep predictions in this process, or in Redis when one of the `redis_*` arguments is given.

        Without them the environment is read: `REDIS_URL`, or `REDIS_HOST` with `REDIS_PORT`, `REDIS_DB` and
        `REDIS_PASSWORD`. Raises `InvalidParameterError` for a value that cannot be.
        """
