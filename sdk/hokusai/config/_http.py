"""MLflow's variables for HTTP: values that MLflow would refuse at every call are refused when an object is made.

Reads variables, sends nothing. What the variables mean is MLflow's business; here is only what they must look like.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from hokusai.exceptions import ConfigurationError

__all__ = ["check_http_variables"]

_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_LEAST = {_RETRIES: 0, "MLFLOW_HTTP_REQUEST_TIMEOUT": 1, "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": 0}
_MOST_ANYWHERE = 9
"""So many retries every MLflow takes; some take one more."""
_INSECURE, _AUTHORITY = "MLFLOW_TRACKING_INSECURE_TLS", "MLFLOW_TRACKING_SERVER_CERT_PATH"


def check_http_variables(most_retries: Callable[[], int], environ: Mapping[str, str] | None = None) -> None:
    """Refuse what MLflow cannot use; `most_retries` is asked where only the installed MLflow knows.

    Raises:
        ConfigurationError: a retry or time-out variable holds no usable number (C13), or TLS is both switched off and
            given an authority (D06).
    """
    variables = os.environ if environ is None else environ
    for name, least in _LEAST.items():
        if name in variables:
            _check_number(name, variables[name], least)
    count = int(variables.get(_RETRIES, "0"))
    if count > _MOST_ANYWHERE and count > most_retries():
        raise _unusable(_RETRIES, variables[_RETRIES], f"is more than MLflow allows: set at most {_MOST_ANYWHERE}")
    if variables.get(_INSECURE, "").lower() in ("true", "1") and variables.get(_AUTHORITY):
        raise ConfigurationError(
            f"{_INSECURE} and {_AUTHORITY} are both set, which MLflow refuses.",
            code="D06",
            remedy=f"Unset {_INSECURE}.",
        )


def _check_number(name: str, value: str, least: int) -> None:
    try:
        number = int(value)
    except ValueError:
        raise _unusable(name, value, "is no whole number") from None
    if number < least:
        raise _unusable(name, value, f"must be at least {least}")


def _unusable(name: str, value: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name}={value!r} {why}.",
        code="C13",
        remedy=f"Correct {name}, or unset it.",
    )
