"""The one resolver: argument > `setup()` > environment > configuration file > default.

Reads variables and files and returns values; writes nothing, sends nothing, and never loads MLflow. What the values are
then used for (modes, MLflow's authentication) lives elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from hokusai.auth._credentials import Credential, Origin, is_hokusai, is_loopback, origin_of
from hokusai.auth._key import check_key
from hokusai.exceptions import ConfigurationError, InvalidParameterError

__all__ = [
    "DEFAULT_ENDPOINT",
    "SETUP",
    "Mode",
    "Settings",
    "SetupValues",
    "check_endpoint",
    "check_tracking_uri",
    "check_transport",
    "data_directory",
    "environment_credential",
    "flag",
    "foreign_authentication",
    "resolve",
    "tracking_uri_in_force",
]

DEFAULT_ENDPOINT = "https://registry.hokus.ai/api"
Mode = Literal["online", "local"]

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://|file:|databricks|uc:")
_MISSPELT = re.compile(r"(?i)^(?:https?:?)?/+")
"""The beginning of `http:/host`, `http//host` and `//host`, before the host."""


@dataclass(frozen=True, slots=True)
class SetupValues:
    """What `setup()` was given; `None` means that it says nothing about it."""

    api_key: str | None = field(default=None, repr=False)
    api_endpoint: str | None = None


class _Setup:
    """Holds the values of the last `setup()` of this process."""

    values = SetupValues()


SETUP = _Setup()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an SDK object needs to know, and where it came from. The key never appears in the representation."""

    api_key: str | None = field(repr=False)
    key_source: str | None
    api_endpoint: str
    tracking_uri: str
    tracking_source: str
    mode: Mode
    optional_mlflow: bool | None
    """`None`: fall back on outages; `True`: on 401 and 403 too; `False`: never."""
    explicit_online: bool
    local_store: Path
    timeout: float
    credential: Credential | None


def resolve(
    tracking_uri: str | None = None,
    api_key: str | None = None,
    api_endpoint: str | None = None,
    *,
    mode: str | None = None,
    timeout: float = 30.0,
) -> Settings:
    """Resolve and check the configuration; `ConfigurationError` names what cannot work, before anything is sent."""
    chosen_mode = _mode(mode)
    key, key_source = _key(api_key)
    endpoint = _endpoint(api_endpoint)
    uri, uri_source = _tracking_uri(tracking_uri, endpoint)
    together = tracking_uri is not None and api_key is not None
    credential = Credential.bearer(key, (endpoint, uri) if together else (endpoint,)) if key else None
    if chosen_mode == "online":
        _check_access(uri, uri_source, endpoint, credential)
    return Settings(
        api_key=key,
        key_source=key_source,
        api_endpoint=endpoint,
        tracking_uri=uri,
        tracking_source=uri_source,
        mode=chosen_mode,
        optional_mlflow=flag("HOKUSAI_OPTIONAL_MLFLOW"),
        explicit_online=mode == "online",
        local_store=_local_store(),
        timeout=timeout,
        credential=credential,
    )


def flag(name: str, environ: Mapping[str, str] | None = None) -> bool | None:
    """Read a boolean variable strictly; `None` when it is not set, `ConfigurationError` for any other word (F05)."""
    raw = (os.environ if environ is None else environ).get(name, "").strip()
    if not raw:
        return None
    if raw.lower() in _TRUE:
        return True
    if raw.lower() in _FALSE:
        return False
    raise ConfigurationError(
        f"{name}={raw!r} is neither true nor false.",
        code="F05",
        remedy=f"Set it to one of {', '.join(_TRUE)} or {', '.join(_FALSE)}, or unset it.",
    )


def environment_credential() -> Credential | None:
    """Return the credential that `setup()`, environment and file give on their own, for plain MLflow scripts."""
    key, _ = _key(None)
    return Credential.bearer(key, (_endpoint(None),)) if key else None


def tracking_uri_in_force() -> tuple[str, str]:
    """Return the tracking URI that holds when none is passed, and where it comes from."""
    return _tracking_uri(None, _endpoint(None))


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


def check_endpoint(value: str, source: str) -> str:
    """Return an http or https base URL without its trailing slash; `ConfigurationError` otherwise (B08)."""
    url = check_tracking_uri(value, source)
    if urlsplit(url).scheme.lower() not in ("http", "https"):
        raise ConfigurationError(f"{source} must be an http:// or https:// URL, not {url!r}.", code="B08")
    return url.rstrip("/")


def _mode(argument: str | None) -> Mode:
    if argument is None:
        return "local" if flag("HOKUSAI_MOCK_MODE") else "online"
    if argument == "online":
        return "online"
    if argument == "local":
        return "local"
    raise InvalidParameterError(f"mode must be 'online', 'local' or None, not {argument!r}.")


def _key(argument: str | None) -> tuple[str | None, str | None]:
    """Return the key and the name of where it was found."""
    for value, source in (
        (argument, "the argument api_key"),
        (SETUP.values.api_key, "setup()"),
        (os.environ.get("HOKUSAI_API_KEY"), "HOKUSAI_API_KEY"),
    ):
        if value:
            return check_key(value, source), source
    value, source = _file_value("api_key")
    return (check_key(value, source), source) if value else (None, None)


def _endpoint(argument: str | None) -> str:
    for value, source in (
        (argument, "the argument api_endpoint"),
        (SETUP.values.api_endpoint, "setup()"),
        (os.environ.get("HOKUSAI_API_ENDPOINT"), "HOKUSAI_API_ENDPOINT"),
    ):
        if value:
            return check_endpoint(value, source)
    value, source = _file_value("api_endpoint")
    return check_endpoint(value, source) if value else DEFAULT_ENDPOINT


def _tracking_uri(argument: str | None, endpoint: str) -> tuple[str, str]:
    for value, source in (
        (argument, "the argument tracking_uri"),
        (os.environ.get("MLFLOW_TRACKING_URI"), "MLFLOW_TRACKING_URI"),
    ):
        if value:
            return check_tracking_uri(value, source), source
    return f"{endpoint}/mlflow", "the API endpoint"


def check_tracking_uri(value: object, source: str) -> str:
    """Refuse a URI that MLflow would take for a folder (B08), or whose user-info it would print (A12)."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{source} must be a URI, not {type(value).__name__} or blank.", code="B08")
    uri = value.strip()
    if not _SCHEME.match(uri):
        raise ConfigurationError(
            f"{source} is {uri.rpartition('@')[2]!r}: it has no scheme, so MLflow would write to a folder.",
            code="B08",
            remedy=f"Write https://{_MISSPELT.sub('', uri.rpartition('@')[2])} (or http:// on this machine).",
        )
    if uri.lower().startswith(("http://", "https://")):
        parts = urlsplit(uri)
        if "@" in parts.netloc:
            raise ConfigurationError(
                f"{source} holds a user name or password, which MLflow prints in its messages.",
                code="A12",
                remedy="Take the part before the @ out; set HOKUSAI_API_KEY, or use setup_mlflow_auth().",
            )
        if not parts.hostname:
            raise ConfigurationError(f"{source} is {uri!r}: it names no host.", code="B08")
    return uri


def _check_access(uri: str, uri_source: str, endpoint: str, credential: Credential | None) -> None:
    """Refuse what must fail: no key where one is needed (A01), a key over plain http, foreign authentication (A12)."""
    origin = origin_of(uri)
    if origin.scheme not in ("http", "https"):
        return
    if credential is None:
        if is_hokusai(origin) or _below(uri, endpoint):
            raise _no_key(uri, uri_source)
        return
    if credential.rank(origin, "") is None:
        return
    check_transport(uri)
    foreign = foreign_authentication()
    if foreign:
        raise ConfigurationError(
            f"{foreign} is set, so MLflow would not authenticate with the Hokusai key.",
            code="A12",
            remedy=f"Unset {foreign.partition('=')[0]} in this process, or set MLFLOW_TRACKING_AUTH=hokusai.",
        )


def _below(uri: str, endpoint: str) -> bool:
    """Tell whether `uri` lies below `endpoint`: same origin, and the path continues it."""
    path, prefix = urlsplit(uri).path, urlsplit(endpoint).path.rstrip("/")
    same: Origin = origin_of(endpoint)
    return origin_of(uri) == same and (path == prefix or path.startswith(prefix + "/"))


def _no_key(uri: str, uri_source: str) -> ConfigurationError:
    token = bool(os.environ.get("MLFLOW_TRACKING_TOKEN"))
    hint = " MLFLOW_TRACKING_TOKEN is set, but the SDK reads HOKUSAI_API_KEY only (A02)." if token else ""
    return ConfigurationError(
        f"No API key: none was passed, and HOKUSAI_API_KEY is not set, but {uri} (from {uri_source}) needs one.{hint}",
        code="A01",
        remedy='Set HOKUSAI_API_KEY, or call hokusai.setup(api_key="...").',
        url=uri,
    )


def foreign_authentication() -> str | None:
    """Name the variable by which MLflow would authenticate differently than the SDK."""
    chosen = os.environ.get("MLFLOW_TRACKING_AUTH", "").strip()
    if chosen and chosen != "hokusai":
        return f"MLFLOW_TRACKING_AUTH={chosen}"
    if os.environ.get("MLFLOW_TRACKING_AWS_SIGV4", "").strip().lower() in _TRUE:
        return "MLFLOW_TRACKING_AWS_SIGV4=true"
    return None


def _local_store() -> Path:
    """Return HOKUSAI_LOCAL_STORE, or `hokusai/local` in the user's data directory."""
    given = os.environ.get("HOKUSAI_LOCAL_STORE", "").strip()
    return Path(given).expanduser().absolute() if given else data_directory() / "local"


def data_directory() -> Path:
    """Return the SDK's folder in the user's data directory (XDG, macOS or Windows convention)."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "hokusai"
    xdg = os.environ.get("XDG_DATA_HOME", "").strip()
    return (Path(xdg) if xdg else Path.home() / ".local" / "share") / "hokusai"


def _file_value(name: str) -> tuple[str | None, str]:
    """Read one value of the first configuration file that exists; later files are not looked at."""
    for path in (Path("~/.hokusai/config").expanduser(), Path(".hokusai"), Path("hokusai.ini")):
        if path.is_file():
            return _read_file(path).get(name) or None, str(path)
    return None, ""


def _read_file(path: Path) -> dict[str, str]:
    from configparser import ConfigParser, Error  # noqa: PLC0415 - most processes have no such file

    parser = ConfigParser(interpolation=None, default_section="default")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except (Error, UnicodeDecodeError) as error:
        # The parser's own message quotes the line, which may be the key.
        raise ConfigurationError(
            f"{path} is not an ini file ({type(error).__name__}).",
            remedy="Write a section [default] with api_key and api_endpoint.",
        ) from None
    return dict(parser.defaults())
