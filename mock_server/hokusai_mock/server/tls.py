"""TLS on the main port: the kinds of `--tls`, and where control lives then.

With TLS a client may not get through to the main port at all: that is what most kinds are for. So control has a port of
its own then, without TLS and on loopback only, which answers nothing but `/_testkit/`.
"""

from __future__ import annotations

import difflib
import json
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from hokusai_mock.environment import TRUST
from hokusai_mock.listeners import certificates
from hokusai_mock.listeners.record import arrived, refused_handshake
from hokusai_mock.listeners.tls import plain_port, secured
from hokusai_mock.messages import MARK
from hokusai_mock.scenarios.tables import Tls

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from hokusai_mock.listeners.interface import ServeConnection
    from hokusai_mock.listeners.request_head import Head
    from hokusai_mock.world import World

__all__ = ["KINDS", "MainTls", "control_only"]

KINDS: Mapping[str, Tls] = {
    "valid": Tls(),
    "self-signed": Tls(certificate="self-signed"),
    "wrong-name": Tls(certificate="wrong-name"),
    "expired": Tls(certificate="expired"),
    "client-cert": Tls(client_certificate="required"),
    "plain-port": Tls(plain_port=True),
}
"""What `--tls` and `MockServer(tls=...)` may be; listeners of scenarios have more."""

NAME = "main"


class MainTls:
    """One kind of TLS on the main port."""

    def __init__(self, kind: str, host: str) -> None:
        """Make what the kind needs for a server on `host`.

        `ValueError` for a kind that there is not, with the nearest one, and when certificates cannot be made here.
        """
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(KINDS)}"
            raise ValueError(f"no kind of TLS is called {kind!r}: {hint}")
        self._tls = KINDS[kind]
        try:
            self._identity = None if self._tls.plain_port else certificates.identity(self._tls, host)
        except ValueError as error:
            raise ValueError(f"the kind of TLS {kind!r} cannot be played: {error}") from error

    @property
    def speaks_tls(self) -> bool:
        """False on a port that only pretends to."""
        return self._identity is not None

    @property
    def client_certificate(self) -> str | None:
        """Path of a certificate with its key (PEM) that the server accepts, when it demands one."""
        return self._identity.client_certificate if self._identity else None

    @property
    def ca(self) -> str | None:
        """Path of the certificate (PEM) that a client must trust to get through; `None`: the server shows none."""
        return self._identity.ca if self._identity else None

    @property
    def client_env(self) -> dict[str, str | None]:
        """The variables with which a client trusts the server, if it may know of its authority at all."""
        return dict.fromkeys(TRUST, self._identity.ca if self._identity and self._identity.trusted else None)

    def around(
        self, inner: ServeConnection, go_on_as: Callable[[socket.socket], None], journal_of: Callable[[], World]
    ) -> ServeConnection:
        """`inner` behind TLS; what never becomes a request is in the journal of the world that `journal_of` gives."""

        def refused(reason: str) -> None:
            refused_handshake(journal_of(), NAME, reason)

        def misdirected(head: Head, status: int) -> None:
            arrived(journal_of(), NAME, head).close(status)

        def handshake() -> AbstractContextManager[object]:
            return journal_of().journal.foreseen()

        if self._identity is None:
            return plain_port(inner, refused=refused)
        return secured(
            inner,
            self._identity,
            go_on_as=go_on_as,
            handshake=handshake,
            refused=refused,
            misdirected=misdirected,
        )


def control_only(application: WSGIApplication, prefix: str, platform_url: str) -> WSGIApplication:
    """`application` below `prefix` alone; who asks for the platform here is told where it is."""

    def control(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path == prefix or path.startswith(prefix + "/"):
            return application(environ, start_response)
        error = f"hokusai-testkit: this port is for control ({prefix}/); the platform is at {platform_url}"
        body = json.dumps({"error": error}).encode()
        start_response("404 ", [("Content-Type", "application/json"), ("Content-Length", str(len(body))), MARK])
        return [body]

    return control
