"""The one resolver: argument > `setup()` > environment > configuration file > default.

Reads variables and files and returns values; writes nothing, sends nothing, and never loads MLflow. What the values are
then used for (modes, MLflow's authentication) lives elsewhere.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from hokusai.auth._credentials import TABLE, Credential, Origin, is_hokusai, origin_of
from hokusai.auth._key import Secret, check_key, hide
from hokusai.config._flags import TRUE, flag
from hokusai.config._uris import check_endpoint, check_tracking_uri, check_transport, without_api_path
from hokusai.exceptions import ConfigurationError, InvalidParameterError

__all__ = [
    "DEFAULT_AUTH_SERVICE",
    "DEFAULT_ENDPOINT",
    "SETUP",
    "Mode",
    "Settings",
    "SetupValues",
    "ambient_key_source",
    "ambient_secret",
    "auth_service",
    "check_endpoint",
    "check_tracking_uri",
    "check_transport",
    "data_directory",
    "flag",
    "foreign_authentication",
    "local_store",
    "resolve",
    "standing_credential",
    "tracking_uri_in_force",
]

DEFAULT_ENDPOINT = "https://registry.hokus.ai/api"
DEFAULT_AUTH_SERVICE = "https://auth.hokus.ai"
Mode = Literal["online", "local"]


@dataclass(frozen=True, slots=True)
class SetupValues:
    """What `setup()` was given; `None` means that it says nothing about it."""

    api_key: Secret | None = field(default=None, repr=False)
    api_endpoint: str | None = None
    auth_service_url: str | None = None
    validate: bool = False


class _Setup:
    """Holds the values of the last `setup()` of this process."""

    values = SetupValues()


SETUP = _Setup()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an SDK object needs to know, and where it came from. The key never appears in the representation."""

    api_key: Secret | None = field(repr=False)
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
    api_key = hide(api_key)
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
        local_store=local_store(),
        timeout=timeout,
        credential=credential,
    )


def standing_credential(url: str) -> Credential | None:
    """Return what is to be sent to `url` when no SDK object's call is running, `None` when nothing may be sent there.

    Of what this process was given, and what `setup()`, environment and file give on their own, the one whose path fits
    better. A key or an endpoint that cannot work is no business of a call to some other server.
    """
    found, ambient = TABLE.best(url), _ambient_rank(url)
    if found is not None and (ambient is None or found[0] >= ambient):
        return found[1]
    key, _ = _key(None) if ambient is not None else (None, None)
    if key is None:
        return found[1] if found is not None else None
    return Credential.bearer(key, (_endpoint(None),))


def _ambient_rank(url: str) -> int | None:
    """Say how well the endpoint of `setup()`, environment or file fits `url`; `None` where its key must not go."""
    places: tuple[str, ...] = ()
    with suppress(ConfigurationError):
        places = (_endpoint(None),)
    return Credential.bearer("", places).rank(origin_of(url), urlsplit(url).path)


def ambient_secret() -> Secret | None:
    """Return the key of `setup()`, environment or file, unchecked: what must not be sent elsewhere, nor be shown."""
    try:
        value, _ = _first("api_key", SETUP.values.api_key, "HOKUSAI_API_KEY")
    except ConfigurationError:
        return None
    return Secret(value) if value else None


def ambient_key_source() -> str | None:
    """Name where the key of `setup()`, environment or file was found; `None` where there is none."""
    value, source = _first("api_key", SETUP.values.api_key, "HOKUSAI_API_KEY")
    return source if value else None


def tracking_uri_in_force() -> tuple[str, str]:
    """Return the tracking URI that holds when none is passed, and where it comes from."""
    return _tracking_uri(None, _endpoint(None))


def _mode(argument: str | None) -> Mode:
    if argument is None:
        return "local" if flag("HOKUSAI_MOCK_MODE") else "online"
    if argument == "online":
        return "online"
    if argument == "local":
        return "local"
    raise InvalidParameterError(f"mode must be 'online', 'local' or None, not {argument!r}.")


def _key(argument: str | None) -> tuple[Secret | None, str | None]:
    """Return the key and the name of where it was found."""
    if argument is not None:
        return check_key(argument, "the argument api_key"), "the argument api_key"
    value, source = _first("api_key", SETUP.values.api_key, "HOKUSAI_API_KEY")
    return (check_key(value, source), source) if value else (None, None)


def _endpoint(argument: str | None) -> str:
    if argument is not None:
        return check_endpoint(argument, "the argument api_endpoint")
    value, source = _first("api_endpoint", SETUP.values.api_endpoint, "HOKUSAI_API_ENDPOINT")
    return check_endpoint(value, source) if value else DEFAULT_ENDPOINT


def auth_service(argument: str | None = None) -> str:
    """Return the base URL of the service that validates keys."""
    if argument is not None:
        return check_endpoint(argument, "the argument auth_service_url")
    if SETUP.values.auth_service_url:
        return SETUP.values.auth_service_url
    value = os.environ.get("HOKUSAI_AUTH_SERVICE_URL")
    return check_endpoint(value, "HOKUSAI_AUTH_SERVICE_URL") if value else DEFAULT_AUTH_SERVICE


def _first(name: str, from_setup: str | None, variable: str) -> tuple[str | None, str]:
    """Return the value of `setup()`, else of the environment, else of the file, and what it is called in messages."""
    if from_setup:
        return hide(from_setup), "setup()"
    value = hide(os.environ.get(variable))
    return (value, variable) if value else _file_value(name)


def _tracking_uri(argument: str | None, endpoint: str) -> tuple[str, str]:
    for value, source in (
        (argument, "the argument tracking_uri"),
        (os.environ.get("MLFLOW_TRACKING_URI") or None, "MLFLOW_TRACKING_URI"),
    ):
        if value is not None:
            return check_tracking_uri(value, source), source
    return f"{endpoint}/mlflow", "the API endpoint"


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
    shorter = without_api_path(uri)
    if shorter and not is_hokusai(origin_of(uri)):
        return ConfigurationError(
            f"{uri} (from {uri_source}) ends with a path that MLflow appends itself, so it would be there twice.",
            code="B03",
            remedy=f"Write {shorter}.",
            url=uri,
        )
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
    if os.environ.get("MLFLOW_TRACKING_AWS_SIGV4", "").strip().lower() in TRUE:
        return "MLFLOW_TRACKING_AWS_SIGV4=true"
    return None


def local_store() -> Path:
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
            return hide(_read_file(path).get(name)) or None, str(path)
    return None, ""


def _read_file(path: Path) -> dict[str, str]:
    from configparser import ConfigParser, Error  # noqa: PLC0415 - most processes have no such file

    parser = ConfigParser(interpolation=None, default_section="default")
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror}).", remedy="Make it readable for this user, or take it away."
        ) from error
    except (Error, UnicodeDecodeError) as error:
        # The parser's own message quotes the line, which may be the key.
        raise ConfigurationError(
            f"{path} is not an ini file ({type(error).__name__}).",
            remedy="Write a section [default] with api_key and api_endpoint.",
        ) from None
    return dict(parser.defaults())
