"""`CacheConfig`: whether, where, how long and how much of what was predicted is kept.

The caches themselves are in `_cache.py` and `_redis_cache.py`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from hokusai.exceptions import ConfigurationError, InvalidParameterError

__all__ = ["CacheConfig"]

_DEFAULTS: Mapping[str, Any] = {"redis_host": "localhost", "redis_port": 6379, "redis_db": 0}
_REDIS = (*_DEFAULTS, "redis_username", "redis_password", "redis_ssl")


@dataclass(frozen=True)
class CacheConfig:
    """Where predictions are kept, for how long, and how much of them.

    `ttl_seconds` is how long a prediction is kept. `max_cache_size_mb` bounds the cache in memory, in MiB of JSON; the
    least recently used goes first (`eviction_policy="lru"`, the only one). In Redis the server's `maxmemory` bounds it.

    Predictions are kept in this process, unless Redis is configured: by any of the `redis_*` arguments, or by the
    environment, `REDIS_URL` or `REDIS_HOST` with `REDIS_PORT`, `REDIS_DB`, `REDIS_USERNAME` and `REDIS_PASSWORD`.
    Arguments win over the environment; `use_redis` says which it is, and False keeps them in this process anyway. It
    needs the extra `hokusai-minimal-sdk[redis]`.

    Raises:
        InvalidParameterError: a value that cannot be.
        ConfigurationError: a variable that cannot be read.
    """

    enabled: bool = True
    ttl_seconds: float = 300
    max_cache_size_mb: float = 1024
    eviction_policy: str = "lru"
    redis_host: str | None = None
    redis_port: int | None = None
    redis_db: int | None = None
    redis_username: str | None = None
    redis_password: str | None = field(default=None, repr=False)
    redis_ssl: bool = False
    use_redis: bool | None = None

    def __post_init__(self) -> None:
        given = {name: value for name in _REDIS if (value := getattr(self, name)) is not None and value is not False}
        asked = self.enabled is True and self.use_redis is not False
        found = _from_environment(os.environ) if asked else {}
        if given.get("redis_host", found.get("redis_host")) != found.get("redis_host"):
            found = {}  # of another server: its password is not for this one
        for name, value in {**_DEFAULTS, **found, **given}.items():
            object.__setattr__(self, name, value)
        if self.use_redis is None:
            object.__setattr__(self, "use_redis", asked and bool(given or found))
        self._check()

    def _check(self) -> None:
        for name in ("enabled", "redis_ssl", "use_redis"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidParameterError(f"{name} must be True or False, not {getattr(self, name)!r}.")
        for name in ("ttl_seconds", "max_cache_size_mb"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
                raise InvalidParameterError(
                    f"{name} must be a number above 0, not {value!r}. To keep nothing pass enabled=False."
                )
        if self.eviction_policy != "lru":
            raise InvalidParameterError(f"eviction_policy must be 'lru', not {self.eviction_policy!r}.")
        if not isinstance(self.redis_host, str) or not self.redis_host.strip():
            raise InvalidParameterError(f"redis_host must be a host's name or address, not {self.redis_host!r}.")
        for name, least, most in (("redis_port", 1, 65535), ("redis_db", 0, 2**31)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidParameterError(f"{name} must be a whole number from {least} to {most}, not {value!r}.")


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the `REDIS_*` variables; nothing unless `REDIS_URL` or `REDIS_HOST` is set.

    `REDIS_PORT` alone says nothing: Kubernetes sets it, as `tcp://10.0.0.1:6379`, wherever a service is called redis.
    """
    if environ.get("REDIS_URL"):
        return _from_url(environ["REDIS_URL"])
    if not environ.get("REDIS_HOST"):
        return {}
    found: dict[str, Any] = {"redis_host": environ["REDIS_HOST"]}
    for variable, name in (("REDIS_PORT", "redis_port"), ("REDIS_DB", "redis_db")):
        if text := environ.get(variable):
            found[name] = _number(variable, text.rpartition(":")[2] if text.startswith("tcp://") else text)
    for variable, name in (("REDIS_USERNAME", "redis_username"), ("REDIS_PASSWORD", "redis_password")):
        if environ.get(variable):
            found[name] = environ[variable]
    return found


def _from_url(url: str) -> dict[str, Any]:
    form = "REDIS_URL must be of the form redis://[user:password@]host[:port][/db], or rediss:// for TLS."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigurationError(form) from None
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ConfigurationError(form)
    found = {
        "redis_host": parts.hostname,
        "redis_port": port,
        "redis_db": _number("The database of REDIS_URL", parts.path.strip("/")) if parts.path.strip("/") else None,
        "redis_username": unquote(parts.username) if parts.username else None,
        "redis_password": unquote(parts.password) if parts.password else None,
        "redis_ssl": parts.scheme == "rediss",
    }
    return {name: value for name, value in found.items() if value is not None}


def _number(what: str, text: str) -> int:
    if not text.isdecimal():
        raise ConfigurationError(f"{what} must be a whole number, not {text!r}.")
    return int(text)
