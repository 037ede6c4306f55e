"""Credentials: the documented names. The MLflow plug-in is `mlflow_plugin.py`, the scoping rule `_credentials.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.auth.client import AuthenticatedClient
    from hokusai.auth.config import AuthConfig, ProfileManager
    from hokusai.auth.hokusai_auth import HokusaiAuth
    from hokusai.exceptions import AuthenticationError, AuthorizationError, HokusaiAuthError, RateLimitError

__all__ = [
    "AuthConfig",
    "AuthenticatedClient",
    "AuthenticationError",
    "AuthorizationError",
    "HokusaiAuth",
    "HokusaiAuthError",
    "ProfileManager",
    "RateLimitError",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "AuthConfig": "hokusai.auth.config",
        "AuthenticatedClient": "hokusai.auth.client",
        "AuthenticationError": "hokusai.exceptions",
        "AuthorizationError": "hokusai.exceptions",
        "HokusaiAuth": "hokusai.auth.hokusai_auth",
        "HokusaiAuthError": "hokusai.exceptions",
        "ProfileManager": "hokusai.auth.config",
        "RateLimitError": "hokusai.exceptions",
    },
)
