"""The classes around the pipeline: its constructor, requests and responses as values, how the cache is configured."""

from __future__ import annotations

import socket
from typing import Any

from hokusai_testkit.contract import expect
from hokusai_testkit.contract.case import case, signature_case
from hokusai_testkit.contract.models import ROWS, predictions
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.predicting import MODEL, ask, linear, pipeline_of
from hokusai_testkit.contract.sdk import DOCUMENTED_IMPORTS, Sdk

PIPELINE = "HokusaiInferencePipeline"
FULL = "full"

test_inference_request_signature = signature_case("InferenceRequest", "test_inference_request_signature")
test_inference_response_signature = signature_case("InferenceResponse", "test_inference_response_signature")
test_cache_config_signature = signature_case("CacheConfig", "test_cache_config_signature")


def _check_imports(sdk: Sdk, *names: str) -> None:
    for name in names:
        found = {place: sdk.imported(place, name) for place in DOCUMENTED_IMPORTS[name]}
        expect.equal(len(set(found.values())), 1, f"the number of different classes called {name}")


@case(
    PIPELINE,
    call="from hokusai.core.inference import BatchProcessor, InferenceException  # HokusaiInferencePipeline",
    criteria=("C1",),
)
def test_names_beside_the_pipeline_can_be_imported(sdk: Sdk) -> None:
    """BatchProcessor and InferenceException can be imported from `hokusai.core` and `hokusai.core.inference`."""
    _check_imports(sdk, "BatchProcessor", "InferenceException")


@case(PIPELINE, call="HokusaiInferencePipeline(registry)", criteria=("C1",), needs=("journal",))
def test_pipeline_sends_nothing_when_it_is_made(sdk: Sdk, platform: Platform) -> None:
    """Making a pipeline sends nothing, with every documented argument."""
    registry = sdk.ModelRegistry()
    before = len(platform.received())
    sdk.HokusaiInferencePipeline(registry)
    sdk.HokusaiInferencePipeline(
        registry, sdk.ModelVersionManager(registry), sdk.ModelTrafficRouter(), sdk.CacheConfig(), 3
    )
    expect.equal(len(platform.received()), before, "the number of requests after making two pipelines")


@case(PIPELINE, call='HokusaiInferencePipeline("https://...")', criteria=("C5",), level=FULL)
def test_pipeline_of_something_else_than_a_registry(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - its environment
    """Anything but a registry is an InvalidParameterError that names the parameter."""
    for wrong in ("https://registry.hokus.ai/api", None, 5):
        with expect.raises(sdk, "InvalidParameterError", naming="registry"):
            sdk.HokusaiInferencePipeline(wrong)


@case(PIPELINE, call="HokusaiInferencePipeline(registry, max_models_in_memory=0)", criteria=("C5",), level=FULL)
def test_pipeline_arguments_of_another_type(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - its environment
    """A cache that is no CacheConfig, a router that is none, no room for a model: each is refused by its name."""
    registry = sdk.ModelRegistry()
    wrong: dict[str, Any] = {"max_models_in_memory": 0, "cache_config": {"enabled": False}, "traffic_router": "test"}
    for name, value in wrong.items():
        with expect.raises(sdk, "InvalidParameterError", naming=name):
            sdk.HokusaiInferencePipeline(registry, **{name: value})


@case("InferenceRequest", call='InferenceRequest("r-1", "fraud", data)', criteria=("C1",))
def test_inference_request_fields(sdk: Sdk) -> None:
    """A request keeps what it was given; what is left out is None or False."""
    _check_imports(sdk, "InferenceRequest")
    request = sdk.InferenceRequest("r-1", "fraud", ROWS)
    expect.equal((request.request_id, request.model_type, request.data), ("r-1", "fraud", ROWS), "what was given")
    left = (request.user_id, request.model_version, request.metadata)
    expect.equal(left, (None, None, None), "user_id, model_version, metadata")
    flags = (request.preprocessing_required, request.postprocessing_required)
    expect.equal(flags, (False, False), "preprocessing_required and postprocessing_required")


@case("InferenceResponse", call='InferenceResponse("r-1", 0.5, "1.0.0", "id", 1.5)', criteria=("C1",))
def test_inference_response_fields(sdk: Sdk) -> None:
    """A response has its documented fields and defaults; two responses share no metadata."""
    _check_imports(sdk, "InferenceResponse")
    response = sdk.InferenceResponse("r-1", 0.5, "1.0.0", "id", 1.5)
    given = (response.request_id, response.prediction, response.model_version, response.model_id, response.latency_ms)
    expect.equal(given, ("r-1", 0.5, "1.0.0", "id", 1.5), "what was given")
    left = (response.cache_hit, response.ab_test_id, response.fallback_used, response.metadata)
    expect.equal(left, (False, None, False, {}), "cache_hit, ab_test_id, fallback_used, metadata")
    other = sdk.InferenceResponse("r-2", 0.5, "1.0.0", "id", 1.5)
    expect.that(other.metadata is not response.metadata, "each response has metadata of its own", "they share it")


@case("CacheConfig", call="CacheConfig()", criteria=("C1",))
def test_cache_config_defaults(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - its environment
    """The documented defaults: on, 300 seconds, 1,024 MiB, lru, localhost, 6379, 0."""
    _check_imports(sdk, "CacheConfig")
    config = sdk.CacheConfig()
    expect.equal(
        (config.enabled, config.ttl_seconds, config.max_cache_size_mb, config.eviction_policy),
        (True, 300, 1024, "lru"),
        "enabled, ttl_seconds, max_cache_size_mb, eviction_policy",
    )
    expect.equal((config.redis_host, config.redis_port, config.redis_db), ("localhost", 6379, 0), "the Redis fields")


@case("CacheConfig", call="CacheConfig(ttl_seconds=0)", criteria=("C5",), level=FULL)
def test_cache_config_values_that_cannot_be(sdk: Sdk, platform: Platform) -> None:  # noqa: ARG001 - its environment
    """A value that cannot be is an InvalidParameterError that names it."""
    wrong: dict[str, Any] = {"ttl_seconds": 0, "max_cache_size_mb": -1, "eviction_policy": "fifo", "redis_port": 99999}
    for name, value in wrong.items():
        with expect.raises(sdk, "InvalidParameterError", naming=name):
            sdk.CacheConfig(**{name: value})


@case("CacheConfig", call="CacheConfig(enabled=False)", criteria=("C4",), writes=True, level=FULL, needs=MODEL)
def test_cache_config_without_cache(sdk: Sdk, platform: Platform) -> None:
    """Without a cache every request is answered by the model, with the same predictions."""
    name, pipeline = linear(platform, (2.0, "1.0.0")), pipeline_of(sdk, cache_config=sdk.CacheConfig(enabled=False))
    responses = [ask(sdk, pipeline, name, ROWS) for _ in range(2)]
    expect.equal([response.cache_hit for response in responses], [False, False], "cache_hit")
    expect.equal([response.prediction for response in responses], [predictions(2.0)] * 2, "the predictions")


@case(
    "CacheConfig",
    call='CacheConfig(redis_host="127.0.0.1", redis_port=port)',
    criteria=("C4",),
    writes=True,
    level=FULL,
    needs=(*MODEL, "package:redis"),
)
def test_cache_config_of_a_redis_that_is_not_there(sdk: Sdk, platform: Platform) -> None:
    """A Redis that cannot be reached changes no prediction."""
    name = linear(platform, (2.0, "1.0.0"))
    with socket.socket() as nobody:  # bound, and not listening: connections are refused
        nobody.bind(("127.0.0.1", 0))
        config = sdk.CacheConfig(redis_host="127.0.0.1", redis_port=nobody.getsockname()[1])
        pipeline = pipeline_of(sdk, cache_config=config)
        for _ in range(2):
            expect.equal(ask(sdk, pipeline, name, ROWS).prediction, predictions(2.0), "the predictions")
