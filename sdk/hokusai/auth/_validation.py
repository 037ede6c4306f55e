"""Asking the auth service whether a key is good, before it is used: only where the user wants it.

The key travels in the `Authorization` header, as the platform's own gateway sends it; published SDKs sent it in the
body, where the service does not look (A19).
"""

from __future__ import annotations

import logging
from typing import Any

from hokusai.auth._credentials import Credential
from hokusai.auth._key import Secret
from hokusai.auth._platform import ask, refusal
from hokusai.config._flags import flag
from hokusai.config._resolver import SETUP, auth_service
from hokusai.exceptions import HokusaiException

__all__ = ["validate_key", "wanted"]

_PATH = "/api/v1/keys/validate"
_SECONDS = 10.0
_log = logging.getLogger("hokusai.auth")


def wanted(argument: bool | None = None) -> bool:
    """Tell whether keys are to be validated: by the argument, by `setup()`, or by `HOKUSAI_VALIDATE_API_KEY`."""
    if argument is not None:
        return argument
    return SETUP.values.validate or bool(flag("HOKUSAI_VALIDATE_API_KEY"))


def validate_key(key: Secret, service: str | None = None, *, timeout: float = _SECONDS) -> dict[str, Any] | None:
    """Ask the auth service about `key`; one request of at most `timeout` seconds, never repeated.

    Returns what the service says (`user_id`, `email`, `key_id`, `scopes`, `roles`, `is_admin`, ...), or None when it
    could not say: it is down or unreachable, which is logged as a warning and holds nobody up.

    Raises:
        AuthenticationError: the key is wrong, expired or revoked (A03).
        RateLimitError: the service has had too many questions (C11).
    """
    base = auth_service(service)
    credential = Credential.bearer(key, (base,))
    action = "validate the API key"
    try:
        response = ask(
            "POST", base + _PATH, credential, action=action, timeout=timeout, json={"service_id": "platform"}
        )
    except HokusaiException as silence:
        if silence.code is None:
            raise
        _log.warning("The API key was not validated: %s", silence.message)
        return None
    with response:
        if response.status_code == 200:
            return _object(response)
        problem = refusal(response, action)
    if response.status_code in (401, 429):
        raise problem
    _log.warning("The API key was not validated: %s", problem.message)
    return None


def _object(response: Any) -> dict[str, Any] | None:
    try:
        said = response.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        _log.warning("The API key was not validated: the auth service's answer is not a JSON object.")
        return None
    return {**said, **said["user"]} if isinstance(said.get("user"), dict) else said
