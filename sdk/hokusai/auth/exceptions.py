"""The documented path of the authentication errors; they live in `hokusai.exceptions`."""

from __future__ import annotations

from hokusai.exceptions import AuthenticationError, AuthorizationError, HokusaiAuthError, RateLimitError

__all__ = ["AuthenticationError", "AuthorizationError", "HokusaiAuthError", "RateLimitError"]
