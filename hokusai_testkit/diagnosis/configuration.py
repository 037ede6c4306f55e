"""What the doctor examines: key, endpoint and tracking URI, from the environment and the files that the SDK reads.

The order is that of the SDK: environment, then the first of `~/.hokusai/config`, `./.hokusai`, `./hokusai.ini`, then
the default. Nothing is judged here.
"""

from __future__ import annotations

import configparser
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "DEFAULT_ENDPOINT",
    "Configuration",
    "Setting",
    "fingerprint",
    "is_loopback",
    "outline",
    "resolve",
    "without_user_info",
]

DEFAULT_ENDPOINT = "https://registry.hokus.ai/api"
HOKUSAI_DOMAIN = "hokus.ai"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value and where it comes from (`HOKUSAI_API_KEY`, a file, `default`)."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The effective configuration of the examined environment."""

    api_key: Setting | None
    token: Setting | None
    endpoint: Setting
    tracking_uri: Setting
    registry_uri: Setting | None = None
    problems: tuple[str, ...] = ()
    """Configuration files that could not be read, in words."""

    @property
    def key(self) -> Setting | None:
        """The key that is tried: the SDK's, else the one that MLflow sends."""
        return self.api_key or self.token

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value that must not appear in a report."""
        return tuple(setting.value for setting in (self.api_key, self.token) if setting)

    @property
    def parts(self) -> SplitResult | None:
        """The tracking URI taken apart; `None` when it cannot be, or its port is no port."""
        try:
            parts = urlsplit(self.tracking_uri.value.strip())
            _ = parts.port
        except ValueError:
            return None
        return parts

    @property
    def is_http(self) -> bool:
        """Whether the tracking URI is one that can be asked over HTTP."""
        return self.parts is not None and self.parts.scheme in ("http", "https") and bool(self.parts.hostname)

    @property
    def base(self) -> str:
        """The tracking URI as MLflow's client uses it: one slash at the end is taken off, fragment and query too."""
        parts = self.parts
        if parts is None:
            return self.tracking_uri.value
        host = parts.netloc.rpartition("@")[2]
        path = parts.path[:-1] if parts.path.endswith("/") else parts.path
        return f"{parts.scheme}://{host}{path}"

    @property
    def root(self) -> str:
        """Where `/health` is: the tracking URI without the platform's MLflow mount."""
        for mount in ("/api/mlflow", "/mlflow"):
            if self.base.endswith(mount):
                return self.base[: -len(mount)]
        return self.base

    @property
    def host(self) -> str:
        """The host of the tracking URI, without user and port."""
        return (self.parts.hostname or "") if self.parts else ""

    @property
    def port(self) -> int:
        """The port of the tracking URI, that of its scheme when it names none."""
        parts = self.parts
        return (parts.port or (443 if parts.scheme == "https" else 80)) if parts else 0

    @property
    def key_needed(self) -> bool:
        """Whether the SDK demands a key here: below the endpoint, or at a host of the platform."""
        if self.host == HOKUSAI_DOMAIN or self.host.endswith("." + HOKUSAI_DOMAIN):
            return True
        return (self.base + "/").startswith(self.endpoint.value.rstrip("/") + "/")

    @property
    def key_is_safe(self) -> bool:
        """Whether a key may travel to the tracking URI at all: encrypted, or within this machine."""
        return self.parts is not None and (self.parts.scheme == "https" or is_loopback(self.host))


def resolve(environment: Mapping[str, str], home: Path, working_directory: Path) -> Configuration:
    """Work out the configuration; empty variables count as unset, as in the SDK."""
    file, problems = _config_file(home, working_directory)
    api_key = _first(environment, "HOKUSAI_API_KEY") or file.get("api_key")
    endpoint = (
        _first(environment, "HOKUSAI_API_ENDPOINT") or file.get("api_endpoint") or Setting(DEFAULT_ENDPOINT, "default")
    )
    tracking_uri = _first(environment, "MLFLOW_TRACKING_URI") or Setting(
        endpoint.value.rstrip("/") + "/mlflow", f"{endpoint.source} + /mlflow"
    )
    return Configuration(
        api_key=api_key,
        token=_first(environment, "MLFLOW_TRACKING_TOKEN"),
        endpoint=endpoint,
        tracking_uri=tracking_uri,
        registry_uri=_first(environment, "MLFLOW_REGISTRY_URI"),
        problems=problems,
    )


def _first(environment: Mapping[str, str], name: str) -> Setting | None:
    value = environment.get(name)
    return Setting(value, name) if value else None


def _config_file(home: Path, working_directory: Path) -> tuple[dict[str, Setting], tuple[str, ...]]:
    """The values of the first configuration file that exists; a file that cannot be read is a problem, not an error."""
    for path in (home / ".hokusai" / "config", working_directory / ".hokusai", working_directory / "hokusai.ini"):
        if not path.is_file():
            continue
        parser = configparser.ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            return {}, (f"{path} cannot be read: {type(error).__name__}",)
        section = parser["default"] if parser.has_section("default") else {}
        found = {name: section.get(name) for name in ("api_key", "api_endpoint")}
        return {name: Setting(value, str(path)) for name, value in found.items() if value}, ()
    return {}, ()


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_user_info(url: str) -> str:
    """`url` without user and password."""
    return re.sub(r"(?<=//)[^/?#]*@", "", url)


def outline(secret: str) -> str:
    """A secret as it may be shown: its public prefix, in the platform's own form only, and its length."""
    prefix = re.match(r"hk_(?:live|test|dev)_", secret)
    return f"{prefix.group() if prefix else ''}..., {len(secret)} characters"


def fingerprint(secret: str, salt: bytes) -> str:
    """The outline of a secret with a salted hash to compare it with another: `..., 13 characters, #3f9a this run`.

    The salt is new in every run, so that the hash cannot be looked up, and two runs cannot be compared.
    """
    digest = blake2b(secret.encode("utf-8", "surrogateescape"), key=salt, digest_size=2).hexdigest()
    return f"{outline(secret)}, #{digest} this run"
