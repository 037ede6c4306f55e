"""The one table of environment variables that `serve` prints and `run`, `hokusai_env` and `reproduce` apply.

A table maps a name to its value, or to `None` where the variable must not be set. Scenarios put their `[client]`
changes on top. This module knows names and URLs only: standard library, no Flask.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

__all__ = ["APPENDED", "LOOPBACK", "REMOVED", "TRUST", "apply", "table"]

LOOPBACK = "localhost,127.0.0.1,::1"

REMOVED = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_INSECURE_TLS",
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_RUN_ID",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_ACTIVE_MODEL_ID",
    "HOKUSAI_MOCK_MODE",
    "HOKUSAI_OPTIONAL_MLFLOW",
    "HOKUSAI_SITE_WEBHOOK_SECRET",
    "WEBHOOK_SECRET",
)
"""Variables of a developer's machine that would win over the mock, or carry a real secret to it."""

TRUST = (
    "MLFLOW_TRACKING_SERVER_CERT_PATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)
"""Where clients look for the authority that they shall trust; set, or removed, only where TLS is spoken."""

APPENDED = ("NO_PROXY", "no_proxy")
"""Variables whose value is added to the one that is there."""


def table(root: str, *, api_key: str | None, plain: bool = False) -> dict[str, str | None]:
    """Return the environment in which unmodified code talks to the mock at `root`.

    `root` is the base URL of a sandbox (`http://127.0.0.1:PORT/s/<id>`), without a slash at the end. With `plain` it is
    a plain MLflow server: no key, no token.
    """
    api = f"{root}/api"
    key = None if plain else api_key
    changes: dict[str, str | None] = dict.fromkeys(REMOVED)
    changes.update(
        {
            "HOKUSAI_API_KEY": key,
            "HOKUSAI_API_ENDPOINT": api,
            "HOKUSAI_API_URL": api,
            "HOKUSAI_AUTH_SERVICE_URL": root,
            "HOKUSAI_SITE_WEBHOOK_URL": f"{api}/webhooks/model-registration",
            "WEBHOOK_URL": f"{api}/webhooks/model-registration",
            "MLFLOW_TRACKING_URI": root if plain else f"{api}/mlflow",
            "MLFLOW_TRACKING_TOKEN": key,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
            "NETRC": os.devnull,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }
    )
    return changes


def apply(changes: Mapping[str, str | None], base: Mapping[str, str]) -> dict[str, str]:
    """Return `base` with `changes` made: `None` removes a variable; NO_PROXY keeps the hosts that `base` had."""
    result = dict(base)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif name in APPENDED and base.get(name):
            hosts = base[name].split(",")
            result[name] = ",".join([*hosts, *(host for host in value.split(",") if host not in hosts)])
        else:
            result[name] = value
    return result
