"""The cache in Redis, against a real server, and what its absence costs."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from arranged_models import put
from redis_server import available, redis_server, silent_server

from hokusai import HokusaiInferencePipeline, ModelRegistry
from hokusai.core import CacheConfig
from hokusai.core._redis_cache import TIMEOUT

redis = pytest.importorskip("redis", reason="needs the package redis: pip install redis")
pytestmark = pytest.mark.skipif(available() is not None, reason=str(available()))

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def server(port: int) -> Iterator[Any]:
    """The server, empty, by its own client."""
    with redis.Redis(port=port) as client:
        client.flushall()
        yield client


@pytest.fixture
def pipeline_at(registry: ModelRegistry) -> Iterator[Callable[..., HokusaiInferencePipeline]]:
    made: list[HokusaiInferencePipeline] = []

    def make(port: int, **config: Any) -> HokusaiInferencePipeline:
        made.append(HokusaiInferencePipeline(registry, cache_config=CacheConfig(redis_port=port, **config)))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.close()


@pytest.fixture
def pipeline(pipeline_at: Any, port: int, server: Any) -> HokusaiInferencePipeline:
    made: HokusaiInferencePipeline = pipeline_at(port)
    return made


def put_random() -> None:
    """A model that never answers the same twice: equal answers come from the cache."""
    put(lambda data: [[row, __import__("uuid").uuid4().hex] for row in data])


def test_another_pipeline_is_answered_from_redis(pipeline: Any, pipeline_at: Any, port: int, platform: Any) -> None:
    put_random()
    answer = pipeline.predict_batch([1, 2], "m")
    downloads = len(platform.calls("GET", "*/python_model.pkl"))
    assert pipeline_at(port).predict_batch([1, 2], "m") == answer
    assert len(platform.calls("GET", "*/python_model.pkl")) == downloads


def test_what_is_kept_is_json_for_as_long_as_was_said(pipeline_at: Any, port: int, server: Any) -> None:
    put(lambda data: [0.5 for _ in data])
    pipeline_at(port, ttl_seconds=77).predict_batch([1, 2], "m")
    (key,) = server.keys()
    assert key.startswith(b"inference:")
    assert json.loads(server.get(key))["predictions"] == [0.5, 0.5]
    assert 70 < server.ttl(key) <= 77


@pytest.mark.parametrize(
    "poison",
    [b"\x80\x04\x95pickled", b"\xff\xfe", b"null", b'{"format": 1, "predictions": [1]}', b"[" * 50_000, b""],
    ids=["pickle", "bytes", "null", "wrong number", "deep", "empty"],
)
def test_what_others_put_there_is_ignored_and_replaced(pipeline: Any, server: Any, poison: bytes) -> None:
    put(lambda data: [f"answer {row}" for row in data])
    pipeline.predict_batch([1, 2], "m")
    (key,) = server.keys()
    server.set(key, poison)
    assert pipeline.predict_batch([1, 2], "m") == ["answer 1", "answer 2"]
    assert json.loads(server.get(key))["predictions"] == ["answer 1", "answer 2"]


def test_a_key_of_another_kind_is_ignored_and_replaced(pipeline: Any, server: Any) -> None:
    put(lambda data: [f"answer {row}" for row in data])
    pipeline.predict_batch([1], "m")
    (key,) = server.keys()
    server.delete(key)
    server.rpush(key, "a list")
    assert pipeline.predict_batch([1], "m") == ["answer 1"]
    assert json.loads(server.get(key))["predictions"] == ["answer 1"]


def test_a_value_without_end_is_not_read(pipeline: Any, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hokusai.core._redis_cache._LARGEST", 100)
    put_random()
    assert pipeline.predict_batch([1], "m") == pipeline.predict_batch([1], "m")
    (key,) = server.keys()
    kept = json.loads(server.get(key))
    server.set(key, json.dumps({**kept, "padding": "x" * 100}))
    assert pipeline.predict_batch([1], "m") != kept["predictions"]


def test_many_threads_share_it(pipeline: Any) -> None:
    put(lambda data: [row * 2 for row in data])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: pipeline.predict_batch([number % 5], "m"), range(40)))
    assert answers == [[number % 5 * 2] for number in range(40)]


def test_a_password_is_sent_and_never_told(
    pipeline_at: Any, registry: ModelRegistry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(lambda data: [*data])
    with redis_server(tmp_path, "--requirepass", PASSWORD) as port:
        pipeline_at(port, redis_password=PASSWORD).predict_batch([1], "m")
        with redis.Redis(port=port, password=PASSWORD) as client:
            assert len(client.keys()) == 1
        assert "cannot be used" not in caplog.text
        wrong = pipeline_at(port, redis_password="wrong-" + PASSWORD)
        assert wrong.predict_batch([1], "m") == [1]
    assert "cannot be used" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_server_that_dies_is_replaced_by_memory(
    pipeline_at: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_random()
    with redis_server(tmp_path) as port:
        pipeline = pipeline_at(port)
        pipeline.predict_batch([1], "m")
    caplog.set_level(logging.WARNING, "hokusai.inference")
    answers = [pipeline.predict_batch([2], "m") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len([record for record in caplog.records if record.name == "hokusai.inference"]) == 1


def test_nobody_at_the_port_costs_nothing(pipeline_at: Any, port: int, caplog: pytest.LogCaptureFixture) -> None:
    put_random()
    with socket.socket() as taken:  # bound and not listening: a connection is refused
        taken.bind(("127.0.0.1", 0))
        pipeline = pipeline_at(taken.getsockname()[1])
        assert pipeline.predict_batch([1], "m") == pipeline.predict_batch([1], "m")
    assert caplog.text.count("cannot be used") == 1


def test_a_silent_server_is_asked_once_and_not_waited_for_long(pipeline_at: Any) -> None:
    put_random()
    with silent_server() as (port, connections):
        pipeline = pipeline_at(port)
        answers = [pipeline.predict_batch([1], "m") for _ in range(4)]
        assert answers == answers[:1] * 4
        assert len(connections) == 1
    assert TIMEOUT <= 0.5
