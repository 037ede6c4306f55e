"""Credentials: the documented names. The MLflow plug-in is `mlflow_plugin.py`, the scoping rule `_credentials.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai._lazy import lazy

if TYPE_CHECKING:
    from hokusai.auth.hokusai_auth import HokusaiAuth
    from hokusai.exceptions import AuthenticationError, AuthorizationError, HokusaiAuthError, RateLimitError

__all__ = ["AuthenticationError", "AuthorizationError", "HokusaiAuth", "HokusaiAuthError", "RateLimitError"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "AuthenticationError": "hokusai.exceptions",
        "AuthorizationError": "hokusai.exceptions",
        "HokusaiAuth": "hokusai.auth.hokusai_auth",
        "HokusaiAuthError": "hokusai.exceptions",
        "RateLimitError": "hokusai.exceptions",
    },
)
