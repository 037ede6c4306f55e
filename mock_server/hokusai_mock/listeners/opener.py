"""Opens private listeners: from the `[[listener]]` tables of a scenario to ports that are served."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hokusai_mock.listeners.forward_proxy import forward_proxy
from hokusai_mock.listeners.http import http
from hokusai_mock.listeners.interface import Ground, Kind, ListenerError, ServeConnection
from hokusai_mock.listeners.port import Port
from hokusai_mock.listeners.record import arrived, refused_handshake
from hokusai_mock.listeners.silent import silent

if TYPE_CHECKING:
    from hokusai_mock.listeners.request_head import Head
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["KINDS", "PrivateListener", "open_all"]

BLACKHOLE = "blackhole"

KINDS: Mapping[str, Kind | None] = {
    "forward-proxy": forward_proxy,
    BLACKHOLE: None,
    "http": http,
    "refuse": None,
    "silent": silent,
}
"""How each kind serves its connections; one that never has any has nothing to serve."""

_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - recognized, not bound


def open_all(world: World, specs: Sequence[Listener], ground: Ground) -> dict[str, PrivateListener]:
    """Open `specs` for `world`, all or none; `ListenerError` when the system has no port, or a kind lacks something."""
    listeners = {spec.name: PrivateListener(spec, world, ground) for spec in specs}
    try:
        for listener in listeners.values():
            ground.when_started(listener.open)
    except BaseException:
        for listener in listeners.values():
            listener.close()
        raise
    return listeners


class PrivateListener:
    """One open listener of a world. It may stop and resume on its port; `close` gives the port back."""

    def __init__(self, spec: Listener, world: World, ground: Ground) -> None:
        """Prepare it; `ListenerError` when what its kind needs is not installed."""
        self.name = spec.name
        self.kind: str = spec.kind
        self.tls = spec.tls is not None
        self.ca: str | None = None
        self.trusted = False
        self.client_certificate: str | None = None
        if spec.tls is not None and not spec.tls.plain_port:
            from hokusai_mock.listeners import certificates  # noqa: PLC0415 - loads ssl, which most listeners never need

            certificates.require()
        self._spec, self._world, self._ground = spec, world, ground
        self._neighbour: World | None = None
        self._port: Port | None = None
        self._serve: ServeConnection | None = None
        self._listening: socket.socket | None = None
        self._closed = False

    def open(self) -> None:
        """Take a port and accept there; `ListenerError` when there is none. Nothing happens once it was closed."""
        if self._closed:
            return
        try:
            self._port = Port(self._ground.host)
            world, kind = self._world, KINDS[self.kind]
            if self._spec.sandbox == "new":
                world = self._ground.neighbour(world, self.name)
                self._neighbour = world
            if kind is not None:
                self._serve = self._secured(kind(self._spec, world, self._port.address, self._ground), world)
            self.resume()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise ListenerError(_no_port(error)) from error
            raise

    def _secured(self, inner: ServeConnection, world: World) -> ServeConnection:
        """What serves the connections, with TLS around it where the listener speaks it."""
        if self._spec.tls is None:
            return inner
        from hokusai_mock.listeners import certificates, tls  # noqa: PLC0415 - as above

        def refused(reason: str) -> None:
            refused_handshake(world, self.name, reason)

        def misdirected(head: Head, status: int) -> None:
            arrived(world, self.name, head).close(status)

        if self._spec.tls.plain_port:
            return tls.plain_port(inner, refused=refused)
        shown = certificates.identity(self._spec.tls, self._ground.host)
        self.ca, self.trusted, self.client_certificate = shown.ca, shown.trusted, shown.client_certificate
        return tls.secured(
            inner,
            shown,
            go_on_as=self._ground.go_on_as,
            handshake=world.journal.foreseen,
            refused=refused,
            misdirected=misdirected,
        )

    def url(self, host: str) -> str:
        """Its base URL without a slash at the end; `host` is used when it listens on every address."""
        if self._port is None:
            raise ListenerError(f"the listener {self.name!r} has no address yet: start the MockServer first")
        bound = self._ground.host
        name = host if bound in _EVERYWHERE else bound
        return f"{'https' if self.tls else 'http'}://{f'[{name}]' if ':' in name else name}:{self._port.address[1]}"

    def stop(self) -> None:
        """Refuse connections and end those that are open; the port stays reserved for `resume`."""
        if self._port is not None:
            self._port.unblock()
        listening, self._listening = self._listening, None
        if listening is not None:
            self._ground.release(listening)

    def resume(self) -> None:
        """Do again what the kind does, on the same port as before."""
        if self.kind == BLACKHOLE and self._port is not None:
            self._port.block()
        if self._serve is not None and self._port is not None and self._listening is None:
            self._listening = self._port.listen()
            self._ground.accept(self._listening, self._serve)

    def close(self) -> None:
        """Free the port and end its connections; closing again does nothing."""
        self._closed = True
        self.stop()
        if self._port is not None:
            self._port.close()
        neighbour, self._neighbour = self._neighbour, None
        if neighbour is not None:
            self._ground.drop(neighbour)


def _no_port(error: OSError) -> str:
    text = f"the system gives no port for a private listener: {error.strerror or error}"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{text}; each open listener takes two descriptors: end scenarios that are done, or raise `ulimit -n`"
    return text
