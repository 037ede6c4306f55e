from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arranged_models import client, put

from hokusai import HokusaiInferencePipeline, ModelRegistry
from hokusai.core import CacheConfig
from hokusai.core._cache import MAX_ROWS, MemoryCache, decoded, encoded, key_of
from hokusai.core._requests import Question
from hokusai.core._versions import ModelVersion
from hokusai.exceptions import (
    ConfigurationError,
    InvalidParameterError,
    MissingMLExtraError,
    ModelNotFoundError,
)

REDIS = ("REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD")
VERSION = ModelVersion("m", 1, None, "runs:/r/model", "r", 1)


def requests_for_models(platform: Any) -> int:
    return len(platform.calls("GET", "*/python_model.pkl"))


# --- through the pipeline ---------------------------------------------------------------------------------------------


def test_a_hit_is_answered_as_a_miss_and_without_the_model(registry: ModelRegistry, platform: Any) -> None:
    put(lambda data: [{"p": [0.5, 1], "row": row, "n": None, "yes": True} for row in data], "m")
    rows = [["a", 1], ["b", 2.5]]
    first = HokusaiInferencePipeline(registry, max_models_in_memory=1)
    put(lambda data: [*data], "other")
    miss = first.predict_batch(rows, "m")
    first.predict_batch(rows, "other")  # drops the first model
    before = requests_for_models(platform)
    hit = first.predict_batch(rows, "m")
    assert requests_for_models(platform) == before
    assert hit == miss
    assert [type(value) for row in hit for value in row.values()] == [
        type(value) for row in miss for value in row.values()
    ]


def test_a_callers_change_of_an_answer_changes_no_later_one(registry: ModelRegistry) -> None:
    put(lambda data: [[row] for row in data], "m")
    pipeline = HokusaiInferencePipeline(registry)
    for _ in range(2):
        answer = pipeline.predict_batch([1], "m")
        assert answer == [[1]]
        answer[0].append("changed")


def test_an_alias_that_moves_is_answered_by_the_other_version(registry: ModelRegistry) -> None:
    put(lambda data: ["old" for _ in data], "m", "1.0.0")
    put(lambda data: ["new" for _ in data], "m", "1.1.0")
    pipeline, tracking = HokusaiInferencePipeline(registry), client()
    answers = []
    for number in ("1", "2", "1"):
        tracking.set_registered_model_alias("m", "champion", number)
        answers.append(pipeline.predict_batch([0], "m", "champion"))
    assert answers == [["old"], ["new"], ["old"]]


def test_a_new_version_is_answered_at_once(registry: ModelRegistry) -> None:
    put(lambda data: ["old" for _ in data], "m", "1.0.0")
    pipeline = HokusaiInferencePipeline(registry)
    assert pipeline.predict_batch([0], "m") == ["old"]
    put(lambda data: ["new" for _ in data], "m", "1.1.0")
    assert pipeline.predict_batch([0], "m") == ["new"]


def test_a_model_made_again_under_its_old_name_is_another_one(registry: ModelRegistry) -> None:
    put(lambda data: ["first" for _ in data], "m")
    pipeline = HokusaiInferencePipeline(registry)
    assert pipeline.predict_batch([0], "m") == ["first"]
    client().delete_registered_model("m")
    put(lambda data: ["second" for _ in data], "m")
    assert pipeline.predict_batch([0], "m") == ["second"]


def test_a_deleted_model_is_not_answered_from_the_cache(registry: ModelRegistry) -> None:
    put(lambda data: ["first" for _ in data], "m")
    pipeline = HokusaiInferencePipeline(registry)
    pipeline.predict_batch([0], "m")
    client().delete_registered_model("m")
    with pytest.raises(ModelNotFoundError):
        pipeline.predict_batch([0], "m")


@pytest.mark.parametrize(("enabled", "different"), [(True, 1), (False, 2)])
def test_the_cache_can_be_off(registry: ModelRegistry, enabled: bool, different: int) -> None:
    put(lambda data: [__import__("uuid").uuid4().hex for _ in data], "m")
    pipeline = HokusaiInferencePipeline(registry, cache_config=CacheConfig(enabled=enabled))
    answers = [pipeline.predict_batch([1], "m") for _ in range(2)]
    assert len({answer[0] for answer in answers}) == different


@pytest.mark.parametrize("wrong", [{"enabled": True}, "redis", 5])
def test_only_a_cache_config_configures_the_cache(registry: ModelRegistry, wrong: Any) -> None:
    with pytest.raises(InvalidParameterError, match="cache_config must be a CacheConfig"):
        HokusaiInferencePipeline(registry, cache_config=wrong)


# --- the key ----------------------------------------------------------------------------------------------------------


def key(data: Any, version: ModelVersion = VERSION, uri: str = "http://server", **how: bool) -> str | None:
    question = Question(data, len(data) if not isinstance(data, dict) else 1, **how)
    return key_of(uri, version, question)


DIFFERENT = [
    [[1, 2]],
    [[1.0, 2]],
    [["1", 2]],
    [[True, 2]],
    [[1, 2], [1, 2]],
    [[1], [2]],
    [{"a": 1}],
    [{"b": 1}],
    [{"a": 1.0}],
    [{1: 1}],
    [{"1": 1}],
    [{"a": 1, "b": 2}],
    [{"b": 2, "a": 1}],
    [b"a"],
    ["a"],
    [None],
    ["a", ["b"]],
    [[["a"]]],
    [["a", [1]]],
    [{"a": [1]}],
    {"a": [1]},
    {"b": [1]},
    {"a": [1.0]},
    {"a": ["1"]},
    {"a": [1], "b": [2]},
    {"b": [2], "a": [1]},
    {0: [1]},
    {"0": [1]},
    np.array([[1, 2]]),
    np.array([[1.0, 2.0]]),
    np.array([[1, 2]], dtype="int32"),
    np.array([[1], [2]]),
    np.array([["1", "2"]]),
    np.array([[1, "2"]], dtype=object),
    [np.array([1, 2], dtype="float32")],
    [np.array([1, 2], dtype="int32")],
    pd.DataFrame({"a": [1]}),
    pd.DataFrame({"b": [1]}),
    pd.DataFrame({"a": [1.0]}),
    pd.DataFrame({"a": ["x"]}),
    pd.DataFrame({"a": [1]}, index=[5]),
    pd.DataFrame({"a": [1], "b": [2]}),
    pd.DataFrame({"a": [1], "b": [2.0]}),
    pd.DataFrame({"a": [1, 2]}),
    pd.DataFrame({"b": [2], "a": [1]}),
    {"a": pd.Series([1])},
    {"a": np.array([1.0])},
]


def test_data_that_differs_in_value_type_order_or_name_has_another_key() -> None:
    keys = [key(data) for data in DIFFERENT]
    assert None not in keys
    assert len(set(keys)) == len(DIFFERENT)


def test_equal_data_has_the_same_key() -> None:
    for make in (
        lambda: [[1, "x"]],
        lambda: [{"a": 1, "b": [2]}],
        lambda: [["".join(["lo", "ng"])] * 3],
        lambda: {"a": [1]},
        lambda: np.ones((2, 2)),
        lambda: pd.DataFrame({"a": ["x"]}),
    ):
        assert key(make()) == key(make())
    assert key(np.ones((4, 2))[::2]) == key(np.ones((2, 2)))


def test_the_key_tells_servers_versions_and_processing_apart() -> None:
    again = dataclasses.replace(VERSION, created=2)
    keys = {
        key([1]),
        key([1], uri="http://other"),
        key([1], dataclasses.replace(VERSION, number=2)),
        key([1], dataclasses.replace(VERSION, name="n")),
        key([1], again),
        key([1], preprocess=True),
        key([1], postprocess=True),
    }
    assert len(keys) == 7


def test_there_is_no_key_above_a_thousand_rows() -> None:
    assert key([[0]] * MAX_ROWS) is not None
    assert key([[0]] * (MAX_ROWS + 1)) is None


@pytest.mark.parametrize("odd", [[object()], [{1: [2]}], [datetime(2026, 1, 1)], [[{1, 2}]], [[1j]], [[b"x", [1]]]])
def test_data_that_cannot_be_told_apart_has_no_key(odd: Any) -> None:
    assert key(odd) is None


# --- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [[1, 2.5, "x", None, True], [[1, [2]], {"a": [0.1]}], []])
def test_what_is_kept_comes_back_as_it_was(kept: list[Any]) -> None:
    text = encoded(kept)
    assert text is not None
    assert decoded(text, len(kept)) == kept


@pytest.mark.parametrize("odd", [[float("nan")], [float("inf")], [{1: 2}], [datetime(2026, 1, 1)], [b"x"], [1j]])
def test_what_json_would_change_is_not_kept(odd: list[Any]) -> None:
    assert encoded(odd) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[1, 2]",
        "null",
        '{"predictions": [1, 2]}',
        '{"format": 99, "predictions": [1, 2]}',
        '{"format": 1}',
        '{"format": 1, "predictions": "ab"}',
        '{"format": 1, "predictions": [1]}',
        '{"format": 1, "predictions": [1, 2',
        "[" * 100_000,
        "9" * 10_000,
    ],
)
def test_what_others_put_there_counts_as_nothing(text: str) -> None:
    assert decoded(text, 2) is None


# --- in memory --------------------------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_text_expires() -> None:
    clock = Clock()
    cache = MemoryCache(10_000, ttl=5, clock=clock)
    cache.put("k", "text")
    clock.now = 4.9
    assert cache.get("k") == "text"
    clock.now = 5.0
    assert cache.get("k") is None


def test_the_least_recently_used_goes_first_and_the_size_stays_bounded() -> None:
    cache = MemoryCache(3 * (1000 + 300), ttl=60)
    for name in "abc":
        cache.put(name, "x" * 1000)
    cache.get("a")
    cache.put("d", "x" * 1000)
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]
    for number in range(100):
        cache.put(str(number), "x" * 1000)
    assert cache._size <= 3 * (1000 + 300)


def test_a_text_that_is_put_again_is_counted_once() -> None:
    cache = MemoryCache(2500, ttl=60)
    for _ in range(10):
        cache.put("k", "x" * 1000)
    cache.put("other", "x" * 800)
    assert (cache.get("k"), cache.get("other")) == ("x" * 1000, "x" * 800)


def test_a_text_larger_than_the_cache_is_not_kept_and_drives_nothing_out() -> None:
    cache = MemoryCache(2000, ttl=60)
    cache.put("k", "small")
    cache.put("large", "x" * 2000)
    assert (cache.get("k"), cache.get("large")) == ("small", None)


# --- configuration ----------------------------------------------------------------------------------------------------


def test_the_defaults_are_the_documented_ones() -> None:
    config = CacheConfig()
    assert (config.enabled, config.ttl_seconds, config.max_cache_size_mb, config.eviction_policy) == (
        True,
        300,
        1024,
        "lru",
    )
    assert (config.redis_host, config.redis_port, config.redis_db) == ("localhost", 6379, 0)
    assert config.use_redis is False


@pytest.mark.parametrize("given", [{"redis_host": "localhost"}, {"redis_port": 6379}, {"redis_db": 0}])
def test_any_redis_argument_configures_redis(given: dict[str, Any]) -> None:
    config = CacheConfig(**given)
    assert config.use_redis is True
    assert (config.redis_host, config.redis_port, config.redis_db) == ("localhost", 6379, 0)


def test_the_environment_configures_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(REDIS, ("cache.example.com", "6380", "2", "me", "hidden"), strict=True):
        monkeypatch.setenv(name, value)
    config = CacheConfig()
    assert (config.use_redis, config.redis_host, config.redis_port, config.redis_db) == (
        True,
        "cache.example.com",
        6380,
        2,
    )
    assert (config.redis_username, config.redis_password) == ("me", "hidden")
    assert "hidden" not in repr(config)


def test_a_url_configures_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "rediss://me:p%40ss@cache.example.com:6390/3")
    config = CacheConfig()
    assert (config.redis_host, config.redis_port, config.redis_db) == ("cache.example.com", 6390, 3)
    assert (config.redis_username, config.redis_password, config.redis_ssl) == ("me", "p@ss", True)


def test_arguments_win_over_the_environment_and_take_no_foreign_password_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_HOST", "one.example.com")
    monkeypatch.setenv("REDIS_PASSWORD", "hidden")
    assert CacheConfig(redis_port=7000).redis_password == "hidden"
    other = CacheConfig(redis_host="two.example.com")
    assert (other.redis_host, other.redis_password) == ("two.example.com", None)
    assert CacheConfig(use_redis=False).use_redis is False
    assert CacheConfig(enabled=False).use_redis is False


def test_a_port_that_kubernetes_sets_for_a_service_configures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PORT", "tcp://10.0.0.1:6379")
    assert CacheConfig().use_redis is False
    monkeypatch.setenv("REDIS_HOST", "redis")
    assert CacheConfig().redis_port == 6379


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://x"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://h:port/"),
        ("REDIS_URL", "redis://:hidden@h/db"),
        ("REDIS_PORT", "many"),
        ("REDIS_DB", "-1"),
    ],
)
def test_a_variable_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("REDIS_HOST", "h")
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as caught:
        CacheConfig()
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ttl_seconds": 0},
        {"ttl_seconds": "300"},
        {"ttl_seconds": float("nan")},
        {"max_cache_size_mb": -1},
        {"eviction_policy": "fifo"},
        {"redis_port": 0},
        {"redis_port": "6379"},
        {"redis_db": -1},
        {"redis_host": ""},
        {"redis_host": 5},
        {"enabled": "yes"},
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        CacheConfig(**wrong)


def test_a_config_can_be_changed_in_one_field() -> None:
    assert dataclasses.replace(CacheConfig(), ttl_seconds=5).use_redis is False
    assert dataclasses.replace(CacheConfig(redis_db=1), ttl_seconds=5).use_redis is True


def test_without_its_package_redis_is_an_error_that_names_the_extra(
    registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(MissingMLExtraError, match=r"hokusai-minimal-sdk\[redis\]"):
        HokusaiInferencePipeline(registry, cache_config=CacheConfig(redis_host="localhost"))
