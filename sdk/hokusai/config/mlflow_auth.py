"""Authentication of plain MLflow servers, and the report of what will really be sent.

The Hokusai platform needs none of this: `HOKUSAI_API_KEY` is enough.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from hokusai import _mlflow
from hokusai.auth._credentials import TABLE, Credential, origin_of
from hokusai.auth._key import check_key
from hokusai.config._resolver import (
    check_tracking_uri,
    environment_credential,
    foreign_authentication,
    tracking_uri_in_force,
)
from hokusai.exceptions import ConfigurationError, InvalidParameterError

__all__ = ["get_mlflow_auth_status", "get_mlflow_status", "setup_mlflow_auth"]


def setup_mlflow_auth(
    tracking_uri: str | None = None,
    username: str | None = None,
    password: str | None = None,
    token: str | None = None,
    validate: bool = True,
    *,
    insecure_tls: bool = False,
    client_cert_path: str | None = None,
    client_key_path: str | None = None,
    ca_bundle_path: str | None = None,
) -> dict[str, Any]:
    """Configure this process for a plain MLflow server: basic, bearer, client certificate, own CA.

    The secret goes to the origin of `tracking_uri` only. `os.environ` stays as it is. With `validate` one request is
    made, bounded to 10 s. Returns what `get_mlflow_auth_status()` says afterwards.

    Raises:
        InvalidParameterError: `username` without `password`, or both a password and a token.
        ConfigurationError: a URI without a scheme (B08), or a token that cannot be sent (A14).
        MLflowAuthenticationError, MLflowConnectionError: the server refused, or was not reached (with `validate`).
    """
    if (username is None) != (password is None):
        raise InvalidParameterError("username and password belong together: give both or neither.")
    if token is not None and username is not None:
        raise InvalidParameterError("Give either token, or username and password, not both.")
    if insecure_tls and ca_bundle_path:
        raise InvalidParameterError("Give either insecure_tls or ca_bundle_path: MLflow refuses both at once.")
    if client_key_path and not client_cert_path:
        raise InvalidParameterError("client_key_path needs client_cert_path.")
    uri = check_tracking_uri(tracking_uri, "the argument tracking_uri") if tracking_uri else tracking_uri_in_force()[0]
    if token is not None:
        TABLE.add(Credential.bearer(check_key(token, "the argument token"), (uri,), hokusai=False))
    elif username is not None and password is not None:
        TABLE.add(Credential.basic(username, password, uri))
    _mlflow.select_plugin()
    _mlflow.set_tls(insecure_tls, _pair(client_cert_path, client_key_path), ca_bundle_path)
    if tracking_uri:
        _mlflow.set_tracking_uri(uri)
    if validate and urlsplit(uri).scheme in ("http", "https"):
        from hokusai._backend import check_server  # noqa: PLC0415 - imports this package in turn

        check_server(uri)
    return _status(uri)


def _pair(certificate: str | None, key: str | None) -> str | None:
    """Return the one file that MLflow takes; a key in a file of its own cannot be passed on."""
    if certificate and key and os.path.realpath(certificate) != os.path.realpath(key):
        raise ConfigurationError(
            "MLflow takes the client certificate and its key from one file.",
            remedy=f"cat {certificate} {key} > client.pem, and pass client_cert_path='client.pem'.",
        )
    return certificate


def get_mlflow_auth_status() -> dict[str, Any]:
    """Report how MLflow calls of this process will be authenticated, without making one.

    Keys: `tracking_uri`; `auth_type` (`bearer`, `basic`, `netrc`, `aws_sigv4`, `plugin:<name>` or `none`: what will
    really be sent); `is_remote`; `is_configured`; `source`; `conflicts` (sentences that name the incident).
    """
    return _status(tracking_uri_in_force()[0])


get_mlflow_status = get_mlflow_auth_status


def _status(uri: str) -> dict[str, Any]:
    remote = urlsplit(uri).scheme.lower() in ("http", "https")
    auth_type, source = _effective(uri) if remote else ("none", None)
    return {
        "tracking_uri": uri,
        "auth_type": auth_type,
        "is_remote": remote,
        "is_configured": not remote or auth_type != "none",
        "source": source,
        "conflicts": _conflicts() if remote else [],
    }


def _effective(uri: str) -> tuple[str, str | None]:
    """Name the scheme that MLflow's client and the plug-in, taken together, will send to `uri`, and its source."""
    foreign = foreign_authentication()
    if foreign:
        name, _, value = foreign.partition("=")
        return ("aws_sigv4" if name.endswith("SIGV4") else f"plugin:{value}"), name
    credential = TABLE.find(uri)
    ambient = environment_credential()
    if credential is None and ambient is not None and ambient.rank(origin_of(uri), "") is not None:
        credential = ambient
    if credential is not None:
        return credential.header.partition(" ")[0].lower(), "hokusai"
    return _without_sdk(uri)


def _without_sdk(uri: str) -> tuple[str, str | None]:
    from requests.utils import get_netrc_auth  # noqa: PLC0415 - not needed by `import hokusai`

    if get_netrc_auth(uri):
        return "basic", "netrc"
    if os.environ.get("MLFLOW_TRACKING_USERNAME") and os.environ.get("MLFLOW_TRACKING_PASSWORD"):
        return "basic", "MLFLOW_TRACKING_USERNAME"
    return ("bearer", "MLFLOW_TRACKING_TOKEN") if os.environ.get("MLFLOW_TRACKING_TOKEN") else ("none", None)


def _conflicts() -> list[str]:
    """Name what would win over, or differ from, the key without the SDK."""
    from requests.utils import get_netrc_auth  # noqa: PLC0415

    found = []
    key, token = os.environ.get("HOKUSAI_API_KEY"), os.environ.get("MLFLOW_TRACKING_TOKEN")
    if key and token and key != token:
        found.append("A02: HOKUSAI_API_KEY and MLFLOW_TRACKING_TOKEN hold different values; the SDK sends the first.")
    if token and not key:
        found.append("A02: MLFLOW_TRACKING_TOKEN is set and HOKUSAI_API_KEY is not; the SDK reads the second only.")
    if os.environ.get("MLFLOW_TRACKING_USERNAME") and os.environ.get("MLFLOW_TRACKING_PASSWORD"):
        found.append("A12: MLFLOW_TRACKING_USERNAME and _PASSWORD win over a token wherever the SDK is not at work.")
    if get_netrc_auth(tracking_uri_in_force()[0]):
        found.append("A13: .netrc has an entry for the tracking host; it wins wherever the SDK is not at work.")
    foreign = foreign_authentication()
    if foreign:
        found.append(f"A12: {foreign} makes MLflow authenticate in its own way.")
    return found
