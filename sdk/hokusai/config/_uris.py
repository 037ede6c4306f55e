"""What a tracking URI and an endpoint may look like: decisions on text, before anything is sent.

A URI that MLflow would take for a folder is refused (B08), one that loses what MLflow appends too (B03), and one that
holds a login, which MLflow would print (A12). Where the values come from is decided in `_resolver.py`.
"""

from __future__ import annotations

import difflib
import re
from urllib.parse import urlsplit

from hokusai.auth._credentials import is_loopback, origin_of
from hokusai.config._flags import flag
from hokusai.exceptions import ConfigurationError

__all__ = ["check_endpoint", "check_tracking_uri", "check_transport", "without_api_path"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://|file:|databricks|uc:")
_MISSPELT = re.compile(r"(?i)^(?:https?:?)?/+")
"""The beginning of `http:/host`, `http//host` and `//host`, before the host."""
_API_PATH = re.compile(r"/(?:ajax-)?api/[23]\.0(?:/preview)?(?:/mlflow(?:-artifacts)?(?:/.*)?)?/*$")
"""What MLflow's client appends itself, at the end of a URI."""


def check_tracking_uri(value: object, source: str) -> str:
    """Return `value` without blanks around it.

    Raises:
        ConfigurationError: blank, without a scheme or a host (B08); with a fragment or a query (B03); with a login
            (A12).
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(
            f"{source} must be a URI, and is {'blank' if isinstance(value, str) else type(value).__name__}.",
            code="B08",
            remedy="Pass the server's address with its scheme, for example https://registry.hokus.ai/api/mlflow.",
        )
    uri = value.strip()
    if not _SCHEME.match(uri):
        shown = _without_login(uri)
        raise ConfigurationError(
            f"{source} is {shown!r}: it has no scheme (https://), and would be taken for a folder.",
            code="B08",
            remedy=f"Write https://{_MISSPELT.sub('', shown)} (or http:// on this machine).",
        )
    _check_scheme(uri, source)
    if uri.lower().startswith(("http://", "https://")):
        _check_http(uri, source)
    return uri


def _check_scheme(uri: str, source: str) -> None:
    """Refuse a misspelt http or https; any other scheme may be one that MLflow has a plug-in for."""
    scheme, _, rest = uri.partition("://")
    meant = difflib.get_close_matches(scheme.lower(), ("https", "http"), 1, 0.7)
    if rest and meant and scheme.lower() not in ("http", "https"):
        raise ConfigurationError(
            f"{source} has the scheme {scheme!r}, which does not exist.",
            code="B08",
            remedy=f"Write {meant[0]}://{_without_login(rest)}.",
        )


def _check_http(uri: str, source: str) -> None:
    parts = urlsplit(uri)
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"{source} holds a user name or password, which MLflow prints in its messages.",
            code="A12",
            remedy="Take the part before the @ out; set HOKUSAI_API_KEY, or use setup_mlflow_auth().",
        )
    if not parts.hostname:
        raise ConfigurationError(
            f"{source} is {uri!r}: it names no host.",
            code="B08",
            remedy="Write the server's address whole, for example https://registry.hokus.ai/api/mlflow.",
        )
    _check_port(uri, source)
    if parts.query or parts.fragment or uri.endswith(("#", "?")):
        sign = "#" if "#" in uri else "?"
        raise ConfigurationError(
            f"{source} has a {sign!r} in it: what MLflow appends would be lost behind it.",
            code="B03",
            remedy=f"Write {re.split('[#?]', uri)[0].rstrip('/')}: the server's address, not that of a page.",
        )
    if any(character.isspace() for character in uri):
        raise ConfigurationError(
            f"{source} is {uri!r}: it has a blank in it.", code="B08", remedy=f"Write {''.join(uri.split())}."
        )


def _check_port(uri: str, source: str) -> None:
    try:
        _ = urlsplit(uri).port
    except ValueError:
        raise ConfigurationError(
            f"{source} is {uri!r}: its port is no number from 0 to 65535.",
            code="B08",
            remedy="Correct the part between the last ':' of the host and the next '/'.",
        ) from None


def without_api_path(uri: str) -> str | None:
    """Return `uri` without the path that MLflow's client appends itself; `None` when it does not end with it."""
    shorter = _API_PATH.sub("", uri)
    return shorter if shorter != uri else None


def check_endpoint(value: object, source: str) -> str:
    """Return an http or https base URL without its trailing slash; `ConfigurationError` otherwise (B08)."""
    url = check_tracking_uri(value, source)
    if urlsplit(url).scheme.lower() not in ("http", "https"):
        raise ConfigurationError(
            f"{source} must be an http:// or https:// URL, not {url!r}.",
            code="B08",
            remedy="The platform's endpoint is https://registry.hokus.ai/api.",
        )
    return url.rstrip("/")


def check_transport(url: str) -> None:
    """Refuse to send a key over plain http anywhere but to this machine, unless `HOKUSAI_ALLOW_HTTP=true`."""
    origin = origin_of(url)
    if origin.scheme != "http" or is_loopback(origin.host) or flag("HOKUSAI_ALLOW_HTTP"):
        return
    raise ConfigurationError(
        f"The API key would travel unencrypted to http://{origin.host}.",
        remedy="Use https://, or set HOKUSAI_ALLOW_HTTP=true if this network is yours.",
        url=url,
    )


def _without_login(text: str) -> str:
    return text.rpartition("@")[2]
