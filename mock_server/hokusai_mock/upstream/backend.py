"""The address of a real MLflow server, checked before anything is opened."""

from __future__ import annotations

import http.client
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Backend", "BackendError"]

_PORTS = {"http": 80, "https": 443}


class BackendError(ValueError):
    """The address of the backend cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a real MLflow server is."""

    url: str
    """As it was given, without a slash at the end."""
    secure: bool
    """Whether it is reached over TLS; the certificate is checked against the system's authorities."""
    host: str
    port: int
    netloc: str
    """The value of the Host header."""
    prefix: str
    """The path in front of every path of MLflow, without a slash at the end."""

    @classmethod
    def parse(cls, url: str) -> Backend:
        """Read the base URL of an MLflow server; `BackendError` unless it is a plain http(s) URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BackendError(f"the backend's address is no URL: {error}") from error
        if parts.username is not None or parts.password is not None:
            raise BackendError(
                "the backend's address contains a user or password, which would end up in journals and messages; "
                "let the client send them, or use a backend that needs none"
            )
        if parts.scheme not in _PORTS:
            raise BackendError(f"the backend {url!r} must be the http:// or https:// URL of an MLflow server")
        if not parts.hostname:
            raise BackendError(f"the backend {url!r} names no host")
        if parts.query or parts.fragment:
            raise BackendError(f"the backend {url!r} is a base URL: it has neither query nor fragment")
        return cls(
            url=url.rstrip("/"),
            secure=parts.scheme == "https",
            host=parts.hostname,
            port=port if port is not None else _PORTS[parts.scheme],
            netloc=parts.netloc,
            prefix=parts.path.rstrip("/"),
        )

    def unreachable(self, timeout: float = 2.0) -> str | None:
        """Why nothing can be reached at the address just now, or `None`; it may be started later, so it is no error."""
        try:
            socket.create_connection((self.host, self.port), timeout).close()
        except OSError as error:
            return str(error.strerror or error)
        return None

    def version(self, timeout: float = 2.0) -> str | None:
        """The version of MLflow that answers at the address just now; `None` when it does not say."""
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        connection = kind(self.host, self.port, timeout=timeout)
        try:
            connection.request("GET", f"{self.prefix}/version", headers={"Connection": "close"})
            answer = connection.getresponse()
            text = answer.read(100).decode("ascii", "replace").strip()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return text if answer.status == 200 and re.fullmatch(r"\d+(?:\.\w+)+", text) else None
