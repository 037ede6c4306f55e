"""Which secret goes to which URL: the one decision, and the process-wide table it is made from.

A credential belongs to an origin (scheme, host, port) and a path below it. Nothing here sends anything; the `requests`
auth object that asks is in `mlflow_plugin.py`.
"""

from __future__ import annotations

import base64
import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hokusai.auth._key import Secret

__all__ = ["ACTIVE", "TABLE", "Credential", "CredentialTable", "Origin", "is_hokusai", "is_loopback", "origin_of"]

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what must be equal before a key may be sent."""

    scheme: str
    host: str
    port: int | None


def origin_of(url: str) -> Origin:
    """Return the origin of `url`, with the scheme's default port filled in and the host in lower case."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1  # not a port at all: equal to no real origin
    scheme = parts.scheme.lower()
    return Origin(scheme, (parts.hostname or "").lower(), port or _DEFAULT_PORTS.get(scheme))


def is_hokusai(origin: Origin) -> bool:
    """Tell whether `origin` is a host below hokus.ai, over https."""
    return origin.scheme == "https" and origin.host.endswith(".hokus.ai")


def is_loopback(host: str) -> bool:
    """Tell whether `host` names this machine only: localhost, 127.0.0.0/8, ::1."""
    import ipaddress  # noqa: PLC0415 - 10 ms that `import hokusai` must not pay

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Credential:
    """The value of one `Authorization` header and the origins it belongs to.

    `hokusai` also allows every https host below hokus.ai. The secret never appears in the representation.
    """

    header: Secret = field(repr=False)
    secret: Secret = field(repr=False)
    places: tuple[tuple[Origin, str], ...]
    hokusai: bool = False

    @classmethod
    def bearer(cls, key: str, urls: tuple[str, ...], *, hokusai: bool = True) -> Credential:
        """Make the credential that sends `key` to the origins of `urls`."""
        return cls(
            Secret(f"Bearer {key}"), Secret(key), tuple((origin_of(url), urlsplit(url).path) for url in urls), hokusai
        )

    @classmethod
    def basic(cls, username: str, password: str, url: str) -> Credential:
        """Make the credential that sends `username` and `password` to the origin of `url`."""
        pair = base64.standard_b64encode(f"{username}:{password}".encode()).decode("ascii")
        return cls(Secret(f"Basic {pair}"), Secret(password), ((origin_of(url), urlsplit(url).path),))

    def rank(self, origin: Origin, path: str) -> int | None:
        """Say how well this credential fits a URL (a longer path fits better); `None` when it must not go there."""
        ranks = [_depth(prefix, path) for place, prefix in self.places if place == origin]
        if ranks:
            return max(ranks)
        return 0 if self.hokusai and is_hokusai(origin) else None


def _depth(prefix: str, path: str) -> int:
    """Return the length of `prefix` when `path` lies below it, else 0: same origin, another path."""
    trimmed = prefix.rstrip("/")
    return len(trimmed) if path == trimmed or path.startswith(trimmed + "/") else 0


class CredentialTable:
    """The credentials this process was given, newest last. Safe from many threads."""

    def __init__(self) -> None:
        """Start empty."""
        self.unverified: Origin | None = None
        """The one server whose certificate need not be checked: for the client that is a setting of the process."""
        self._credentials: tuple[Credential, ...] = ()
        self._lock = threading.Lock()

    def add(self, credential: Credential) -> None:
        """Put `credential` last; where two fit a URL equally well, the last one is sent."""
        with self._lock:
            if not self._credentials or self._credentials[-1] is not credential:
                self._credentials = (*(kept for kept in self._credentials if kept != credential), credential)

    def find(self, url: str) -> Credential | None:
        """Return the credential for `url`, or `None` when none may be sent there."""
        best = self.best(url)
        return best[1] if best else None

    def best(self, url: str) -> tuple[int, Credential] | None:
        """Return the credential for `url` and how well it fits (`Credential.rank`)."""
        origin, path = origin_of(url), urlsplit(url).path
        best: tuple[int, Credential] | None = None
        for credential in self._credentials:
            rank = credential.rank(origin, path)
            if rank is not None and (best is None or rank >= best[0]):
                best = rank, credential
        return best

    def secrets(self) -> tuple[Secret, ...]:
        """Return every secret and every header value, so that texts can be masked; the longest first."""
        found = {secret for one in self._credentials for secret in (one.header, one.secret) if secret}
        return tuple(sorted(found, key=len, reverse=True))


TABLE = CredentialTable()
"""The table of this process; it is as global as MLflow's own tracking URI."""

ACTIVE: ContextVar[Credential | None] = ContextVar("hokusai_active_credential", default=None)
"""The credential of the SDK object whose call is running, so that two registries with two keys do not mix."""
