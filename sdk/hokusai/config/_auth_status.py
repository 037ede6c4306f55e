"""What will really be sent to the tracking server, and what stands in its way: a report, made without a request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hokusai.auth._credentials import Credential
from hokusai.config._flags import flag
from hokusai.config._resolver import (
    ambient_key_source,
    ambient_secret,
    foreign_authentication,
    local_store,
    standing_credential,
    tracking_uri_in_force,
)

__all__ = ["get_mlflow_auth_status", "get_mlflow_status", "status_of"]

_CERTIFICATE = "MLFLOW_TRACKING_CLIENT_CERT_PATH"


def get_mlflow_auth_status() -> dict[str, Any]:
    """Report how MLflow calls of this process will be authenticated, without making one.

    The keys are `tracking_uri`, `auth_type` (the scheme that will really be sent: `bearer`, `basic`, `aws_sigv4`,
    `mtls`, `none`), `is_remote`, `is_configured`, `source` (what the credential comes from, None without one) and
    `conflicts` (sentences, each beginning with an incident: A02, A12, A13). No value holds a secret.

    Raises:
        ConfigurationError: the configuration cannot work at all (A14, B08, F05).
    """
    if flag("HOKUSAI_MOCK_MODE"):
        return _report(str(local_store()), "none", False, "HOKUSAI_MOCK_MODE")
    return status_of(tracking_uri_in_force()[0])


get_mlflow_status = get_mlflow_auth_status


def status_of(uri: str) -> dict[str, Any]:
    """Report as `get_mlflow_auth_status()` does, for the server at `uri`."""
    if urlsplit(uri).scheme.lower() not in ("http", "https"):
        return _report(uri, "none", False, None)
    auth_type, source = _effective(uri)
    return {**_report(uri, auth_type, True, source), "conflicts": _conflicts(uri)}


def _report(uri: str, auth_type: str, remote: bool, source: str | None) -> dict[str, Any]:
    return {
        "tracking_uri": uri,
        "auth_type": auth_type,
        "is_remote": remote,
        "is_configured": not remote or auth_type != "none",
        "source": source,
        "conflicts": [],
    }


def _effective(uri: str) -> tuple[str, str | None]:
    """Name the scheme that MLflow's client and the plug-in, taken together, will send to `uri`, and its source."""
    foreign = foreign_authentication()
    if foreign:
        name, _, value = foreign.partition("=")
        return ("aws_sigv4" if name.endswith("SIGV4") else f"plugin:{value}"), name
    credential = standing_credential(uri)
    if credential is not None:
        return str(credential.header).partition(" ")[0].lower(), _source(credential)
    return _without_sdk(uri)


def _source(credential: Credential) -> str | None:
    """Name where a credential of the process's table comes from."""
    if not credential.hokusai:
        return "setup_mlflow_auth()"
    return ambient_key_source() if credential.secret == ambient_secret() else "the argument api_key"


def _without_sdk(uri: str) -> tuple[str, str | None]:
    """Name what MLflow's client sends by itself, in its own order."""
    if has_netrc_entry(uri):
        return "basic", "netrc"
    login = login_source()
    if login:
        return "basic", login
    if os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return "bearer", "MLFLOW_TRACKING_TOKEN"
    return ("mtls", _CERTIFICATE) if os.environ.get(_CERTIFICATE) or _given_certificate() else ("none", None)


def _given_certificate() -> bool:
    from hokusai import _mlflow  # noqa: PLC0415 - this report must not load it for nothing

    return _mlflow.has_client_certificate()


def has_netrc_entry(uri: str) -> bool:
    """Tell whether requests would find a login for the host of `uri` in .netrc (or the file that NETRC names)."""
    from requests.utils import get_netrc_auth  # noqa: PLC0415 - not needed by `import hokusai`

    return get_netrc_auth(uri) is not None


def login_source() -> str | None:
    """Name where MLflow's client finds a user name and a password: its two variables, or its credentials file."""
    if os.environ.get("MLFLOW_TRACKING_USERNAME") and os.environ.get("MLFLOW_TRACKING_PASSWORD"):
        return "MLFLOW_TRACKING_USERNAME"
    path = Path("~/.mlflow/credentials").expanduser()
    return str(path) if path.is_file() and _has_login(path) else None


def _has_login(path: Path) -> bool:
    from configparser import ConfigParser, Error  # noqa: PLC0415 - most homes have no such file

    parser = ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (Error, OSError, UnicodeDecodeError):
        return False
    names = ("mlflow_tracking_username", "mlflow_tracking_password")
    return all(parser.get("mlflow", name, fallback="") for name in names)


def _conflicts(uri: str) -> list[str]:
    """Name what would win over, or differs from, the key without the SDK."""
    found = []
    key, token = ambient_secret(), os.environ.get("MLFLOW_TRACKING_TOKEN")
    if key and token and key != token:
        found.append("A02: the API key and MLFLOW_TRACKING_TOKEN hold different values; the SDK sends the first.")
    if token and not key:
        found.append("A02: MLFLOW_TRACKING_TOKEN is set and HOKUSAI_API_KEY is not; the SDK reads the second only.")
    login = login_source()
    if login:
        found.append(f"A12: user name and password ({login}) win over a token wherever the SDK is not at work.")
    if has_netrc_entry(uri):
        found.append("A13: .netrc has an entry for the tracking host; it wins wherever the SDK is not at work.")
    foreign = foreign_authentication()
    if foreign:
        found.append(f"A12: {foreign} makes MLflow authenticate in its own way.")
    other = os.environ.get("MLFLOW_REGISTRY_URI", "").strip()
    if other and other.rstrip("/") != uri.rstrip("/"):
        found.append(f"B09: MLFLOW_REGISTRY_URI is {other!r}: plain MLflow code registers there, the SDK does not.")
    return found
