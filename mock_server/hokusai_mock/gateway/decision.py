"""The gateway's decision, in the order of the real auth layer: may this request pass, and if not, with which answer.

Pure: values in, a refusal or nothing out. Each body is the one that the live service was seen to send.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from hokusai_mock.keys import Key, Presented
from hokusai_mock.paths import REGISTRY_PREFIXES

__all__ = ["Refusal", "decide", "is_exempt", "is_registry"]

_EXEMPT = (
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that ends the request at the gateway."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = field(default=())


NO_KEY = Refusal(401, {"detail": "API key required"})
BAD_KEY = Refusal(401, {"detail": "Invalid or expired API key"})
NOT_ADMIN = Refusal(403, {"detail": "Admin access required for the model registry", "error": "REGISTRY_ADMIN_REQUIRED"})
NO_BALANCE = Refusal(402, {"detail": "Insufficient balance"})


def is_exempt(method: str, path: str) -> bool:
    """Whether the auth layer lets the request pass unseen: OPTIONS, and a prefix match as the real one has it."""
    return method == "OPTIONS" or path.startswith(_EXEMPT)


def is_registry(path: str) -> bool:
    """Whether the path belongs to the MLflow registry, by the real layer's lower-cased prefix match."""
    return path.lower().startswith(REGISTRY_PREFIXES)


def decide(path: str, presented: Presented | None, key: Key | None, admin_scopes: Collection[str]) -> Refusal | None:
    """Return the refusal for this request, or `None` when it may pass."""
    if presented is None:
        return NO_KEY
    if key is None or not key.valid:
        return BAD_KEY
    if is_registry(path):
        if not (key.admin or any(scope in admin_scopes for scope in key.scopes)):
            return NOT_ADMIN
    elif key.balance <= 0:
        return NO_BALANCE
    return None
