"""The gateway's decision, in the order of the real auth layer: may this request pass, and if not, with which answer.

Pure: values in, a refusal or nothing out. Each body is the one that the live service was seen to send. Asking the auth
service, the cache and the balance is `admission.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hokusai_mock.keys import Key
from hokusai_mock.paths import REGISTRY_PREFIXES
from hokusai_mock.settings import Settings

__all__ = ["OPEN_PATHS", "WRITE_SCOPES", "Refusal", "decide", "has_scope", "is_exempt", "is_registry", "is_write"]

OPEN_PATHS = (
    "/health",
    "/ready",
    "/live",
    "/version",
    "/metrics",
    "/docs",
    "/openapi.json",
    "/redoc",
    "/favicon.ico",
    "/api/v1/dspy/health",
    "/api/health/mlflow",
)
"""What begins so is open to everybody: health and documents."""

WRITE_SCOPES = ("model:write", "mlflow:write", "mlflow:access", "admin", "mlflow:admin", "write", "full_access")
"""Any of these lets a key write: registration events, and the registry by the older rule."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that ends the request at the gateway."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = field(default=())

    def retry_after(self, seconds: str | None) -> Refusal:
        """The same refusal with another `Retry-After`, or without one."""
        return replace(self, headers=() if seconds is None else (("Retry-After", seconds),))


NO_KEY = Refusal(401, {"detail": "API key required"})
BAD_KEY = Refusal(401, {"detail": "Invalid or expired API key"})
NOT_ADMIN = Refusal(403, {"detail": "Admin access required for the model registry", "error": "REGISTRY_ADMIN_REQUIRED"})
NO_BALANCE = Refusal(402, {"detail": "Insufficient balance"})
UNAVAILABLE = Refusal(503, {"detail": "Authentication service unavailable"}).retry_after("1")
TIMEOUT = Refusal(503, {"detail": "Authentication service timeout"}).retry_after("1")
TROUBLE = Refusal(503, {"detail": "Authentication service error"}).retry_after("1")
LIMITED = Refusal(429, {"detail": "Rate limit exceeded"}).retry_after("60")


def is_exempt(method: str, path: str) -> bool:
    """Whether the auth layer lets the request pass unseen: OPTIONS, and a prefix match as the real one has it."""
    return method == "OPTIONS" or path.startswith(OPEN_PATHS)


def is_registry(path: str) -> bool:
    """Whether the path belongs to the MLflow registry, by the real layer's lower-cased prefix match."""
    return path.lower().startswith(REGISTRY_PREFIXES)


def decide(
    method: str, path: str, key: Key, settings: Settings, *, has_balance: bool, arrives: bool = True
) -> Refusal | None:
    """Return the refusal for this request with a key that the auth service calls good, or `None` when it may pass.

    `arrives` is false when the header with the key is lost on the way to the registry's own check.
    """
    if is_registry(path):
        refusal = None if settings.service_id_known else BAD_KEY
        refusal = refusal or (None if arrives else NO_KEY)
        return refusal or _refuse_registry(method, path, key, settings)
    if not has_balance:
        return NO_BALANCE
    return _refuse_write(key) if "/mlflow" in path and is_write(method, path) and not may_write(key) else None


def _refuse_registry(method: str, path: str, key: Key, settings: Settings) -> Refusal | None:
    if settings.registry_rule == "admin":
        return None if _is_registry_admin(key, settings) else NOT_ADMIN
    if settings.registry_rule == "scopes" and is_write(method, path) and not may_write(key):
        return _refuse_write(key)
    return None


def _is_registry_admin(key: Key, settings: Settings) -> bool:
    if key.admin or has_scope(key, settings.registry_admin_scopes):
        return True
    email = key.email.strip("'\" ").lower()
    return bool(email) and email in {one.strip("'\" ").lower() for one in settings.registry_admin_emails}


def has_scope(key: Key, wanted: Iterable[str]) -> bool:
    """Whether the key has any of these scopes, or one of them as a role."""
    return any(one in key.scopes or one in key.roles for one in wanted)


def may_write(key: Key) -> bool:
    """Whether the key has a write scope; an admin needs none."""
    return key.admin or has_scope(key, WRITE_SCOPES)


# -- the older rule: which requests write ------------------------------------------------------------------------------

_RUNS = "create update delete restore log-metric log-parameter log-batch set-tag delete-tag"
_EXPERIMENTS = "create update delete restore set-experiment-tag"
_MODELS = "create update delete rename set-tag delete-tag"
_VERSIONS = "create update delete transition-stage set-tag delete-tag"
_WRITES = tuple(
    f"{resource}/{action}"
    for resource, actions in (
        ("runs", _RUNS),
        ("experiments", _EXPERIMENTS),
        ("registered-models", _MODELS),
        ("model-versions", _VERSIONS),
    )
    for action in actions.split()
)
_READING_POSTS = ("/search", "/get", "/list", "/download")


def is_write(method: str, path: str) -> bool:
    """Whether the older rule takes a request for a write: listed paths, artifacts even to read, and other methods."""
    if "/mlflow-artifacts/" in path or any(write in path for write in _WRITES):
        return True
    if method not in ("POST", "PUT", "PATCH", "DELETE") or "/mlflow/" not in path:
        return False
    return not any(part in path for part in _READING_POSTS)


def _refuse_write(key: Key) -> Refusal:
    scopes = list(key.scopes)
    return Refusal(
        403,
        {
            "detail": "Insufficient permissions for this operation",
            "error": "FORBIDDEN",
            "message": "This operation requires write permissions. Your API key has scopes: "
            f"{scopes}. Required: 'model:write' or 'mlflow:write'",
            "required_scope": "model:write or mlflow:write",
            "current_scopes": scopes,
        },
    )
