"""Authentication of plain MLflow servers: basic, bearer, client certificate, own CA.

The Hokusai platform needs none of this: `HOKUSAI_API_KEY` is enough. What will really be sent is told by
`_auth_status.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hokusai import _mlflow
from hokusai.auth._credentials import TABLE, Credential, origin_of
from hokusai.auth._key import Secret, check_key, hide
from hokusai.config._auth_status import get_mlflow_auth_status, get_mlflow_status, status_of
from hokusai.config._resolver import foreign_authentication, tracking_uri_in_force
from hokusai.config._uris import check_tracking_uri, check_transport
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
    """Configure this process for a plain MLflow server: basic, bearer, client certificate (mTLS), own CA.

    The secret goes to the origin (scheme, host, port) of `tracking_uri` only, and `os.environ` stays as it is. With
    `validate` the server is asked once, bounded to 10 s. Paths are those of PEM files. The Hokusai platform needs
    none of this: `HOKUSAI_API_KEY` is enough.

    Raises:
        InvalidParameterError: `username` without `password`, or both a password and a token; nothing is changed.
        ConfigurationError: a URI without a scheme (B08), a token that cannot be sent (A14), a secret that would
            travel over plain http to another machine; nothing is changed.
        MLflowAuthenticationError: the server refused (with `validate`); `code` says why.
        MLflowConnectionError: the server was not reached (with `validate`).
    """
    password, token = hide(password), hide(token)
    _check_combination(username, password, token, insecure_tls, ca_bundle_path, client_cert_path, client_key_path)
    uri = tracking_uri_in_force()[0]
    if tracking_uri is not None:
        uri = check_tracking_uri(tracking_uri, "the argument tracking_uri")
    credential = _credential(uri, username, password, token)
    if credential is not None:
        check_transport(uri)
        _check_foreign()
    certificate = _certificate(client_cert_path, client_key_path)
    authorities = _file(ca_bundle_path, "ca_bundle_path")
    if credential is not None:
        TABLE.add(credential)
    _mlflow.select_plugin()
    _mlflow.set_tls(insecure_tls, certificate, authorities)
    if insecure_tls:
        TABLE.unverified = origin_of(uri)
    if tracking_uri is not None:
        _mlflow.set_tracking_uri(uri)
    if validate and urlsplit(uri).scheme.lower() in ("http", "https"):
        from hokusai._backend import check_server  # noqa: PLC0415 - imports this package in turn

        check_server(uri)
    return status_of(uri)


def _check_combination(  # noqa: PLR0917 - the documented parameters, all of them
    username: str | None,
    password: str | None,
    token: str | None,
    insecure_tls: bool,
    authorities: str | None,
    certificate: str | None,
    key: str | None,
) -> None:
    if (username is None) != (password is None):
        raise InvalidParameterError("username and password belong together: give both or neither.")
    if username is not None and ":" in username:
        raise InvalidParameterError("username cannot have a ':' in it: it would end there (RFC 7617).")
    if token is not None and username is not None:
        raise InvalidParameterError("Give either token, or username and password, not both.")
    if insecure_tls and authorities:
        raise InvalidParameterError("Give either insecure_tls or ca_bundle_path: MLflow refuses both at once.")
    if key and not certificate:
        raise InvalidParameterError("client_key_path needs client_cert_path.")


def _credential(uri: str, username: str | None, password: str | None, token: str | None) -> Credential | None:
    if token is not None:
        return Credential.bearer(check_key(token, "the argument token"), (uri,), hokusai=False)
    if username is not None and password is not None:
        return Credential.basic(username, Secret(password), uri)
    return None


def _check_foreign() -> None:
    foreign = foreign_authentication()
    if foreign:
        raise ConfigurationError(
            f"{foreign} is set, so MLflow would authenticate in its own way.",
            code="A12",
            remedy=f"Unset {foreign.partition('=')[0]} in this process.",
        )


def _certificate(certificate: str | None, key: str | None) -> str | tuple[str, str] | None:
    """Return the client certificate as MLflow hands it on: one file with both, or certificate and key."""
    first, second = _file(certificate, "client_cert_path"), _file(key, "client_key_path")
    return (first, second) if first and second and first != second else first


def _file(path: str | None, parameter: str) -> str | None:
    if path is None:
        return None
    if not Path(path).expanduser().exists():
        raise ConfigurationError(
            f"{parameter}={path!r} does not exist.", code="D06", remedy=f"Correct the path in {parameter}."
        )
    return str(Path(path).expanduser().absolute())
