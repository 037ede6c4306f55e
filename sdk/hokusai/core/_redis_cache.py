"""Keeping predictions in Redis, shared by processes and machines.

A cache must never cost more than it saves: the first contact is bounded as a whole, each command by a short time-out,
and after the first failure Redis is not asked again: this process keeps its predictions itself from then on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from hokusai._backend import within
from hokusai.core._cache import Store
from hokusai.core._cache_config import CacheConfig
from hokusai.exceptions import MissingMLExtraError

__all__ = ["TIMEOUT", "RedisCache"]

TIMEOUT = 0.5
"""Seconds to wait for Redis: for the first contact in all, and for each command after it."""

_LARGEST = 16 * 1024 * 1024
"""Bytes of a value that is read at most: what others may have put there is not read without end."""

_LOG = logging.getLogger("hokusai.inference")
_Result = TypeVar("_Result")


class RedisCache:
    """Texts in Redis for `ttl_seconds` each; `instead` keeps them once Redis has failed."""

    def __init__(self, config: CacheConfig, instead: Store) -> None:
        """Make the client; nothing is sent. MissingMLExtraError, naming the extra, where the package is missing."""
        self._redis = _package()
        self._client = _client(self._redis, config)
        self._where = f"{config.redis_host}:{config.redis_port}"
        self._ttl = max(1, round(config.ttl_seconds * 1000))
        self._instead = instead
        self._greeted = False
        self._failed = False
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        """Return what is kept under `key`; a value that is no text or far too long counts as nothing."""
        if not self._usable():
            return self._instead.get(key)
        value = self._ask(lambda: self._client.getrange(key, 0, _LARGEST))
        if not isinstance(value, bytes) or not 0 < len(value) <= _LARGEST:
            return None
        try:
            return value.decode("ascii")
        except UnicodeDecodeError:
            return None

    def put(self, key: str, text: str) -> None:
        """Keep `text` under `key`."""
        if self._usable():
            self._ask(lambda: self._client.set(key, text, px=self._ttl))
        if self._failed:
            self._instead.put(key, text)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._instead.close()

    def _usable(self) -> bool:
        """Say whether Redis can be asked; the first call greets it, once, while the others wait for that."""
        if not self._greeted:
            with self._lock:
                if not self._greeted:
                    self._ask(self._greet)
                    self._greeted = True
        return not self._failed

    def _greet(self) -> None:
        # In a thread with an end: looking up a host's name knows no time-out of its own.
        if within(TIMEOUT, self._client.ping) is None:
            raise TimeoutError

    def _ask(self, command: Callable[[], _Result]) -> _Result | None:
        try:
            return command()
        except self._redis.ResponseError as error:  # it works, and has something of another kind under this key
            _LOG.debug("Redis at %s refused a command: %s", self._where, error)
        except (self._redis.RedisError, OSError, ValueError) as error:
            self._failed = True
            _LOG.warning(
                "Redis at %s cannot be used (%s): predictions are kept in this process instead.",
                self._where,
                type(error).__name__,  # its text may hold what was configured
            )
        return None


def _package() -> Any:
    try:
        return import_module("redis")
    except ImportError as error:
        raise MissingMLExtraError(
            "Predictions are configured to be kept in Redis, and the package redis is not installed.",
            name="redis",
            remedy="pip install 'hokusai-minimal-sdk[redis]', or keep them here: CacheConfig(use_redis=False).",
        ) from error


def _client(redis: Any, config: CacheConfig) -> Any:
    retry = import_module("redis.retry").Retry(import_module("redis.backoff").NoBackoff(), 0)
    return redis.Redis(
        host=config.redis_host,
        port=config.redis_port,
        db=config.redis_db,
        username=config.redis_username,
        password=config.redis_password,
        ssl=config.redis_ssl,
        socket_connect_timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        retry=retry,
    )
