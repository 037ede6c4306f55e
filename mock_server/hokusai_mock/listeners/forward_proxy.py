"""`forward-proxy`: a proxy as HTTP_PROXY and HTTPS_PROXY name one. It refuses with its answer, or forwards to loopback.

`CONNECT host:port` asks for a tunnel (https), `GET http://host/path` for a request in its place (http). Every request
is in the journal of the sandbox, at the layer `listener`: the platform never heard of it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import selectors
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hokusai_mock.listeners.ending import drain_and_end
from hokusai_mock.listeners.interface import Ground, ServeConnection
from hokusai_mock.listeners.pages import proxy_page, tunnel_established
from hokusai_mock.listeners.record import arrived
from hokusai_mock.listeners.request_head import Head, read_head

if TYPE_CHECKING:
    from hokusai_mock.journal import Entry
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["forward_proxy"]

CONNECT_SECONDS = 10.0
"""How long the host behind the proxy may take to accept."""

BODY_READ = 64 * 1024
"""A refused request's body up to this length is read before the answer, so that the client is there to see it."""

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "proxy-authorization"})
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


def forward_proxy(spec: Listener, world: World, address: tuple[str, int], ground: Ground) -> ServeConnection:  # noqa: ARG001
    """Answer each request as the listener's `answer` says; 200 forwards it."""
    status = spec.answer.connect if spec.answer is not None else 200

    def serve(connection: socket.socket, client: tuple[str, int]) -> None:
        head = read_head(connection)
        if head is None:
            return
        entry = arrived(world, spec.name, head)
        with contextlib.suppress(OSError):  # either side may go at any time
            if status != 200:
                _refuse(connection, head, entry, status)
            elif _loopback(client[0]) is None:
                # On an open host nobody else may reach what listens on this machine's loopback only.
                _refuse(connection, head, entry, 403, "hokusai-testkit: this proxy forwards for this machine only")
            else:
                _forward(connection, head, entry)

    return serve


def _refuse(connection: socket.socket, head: Head, entry: Entry, status: int, why: str = "") -> None:
    """Answer with a page of the proxy's own and end the connection."""
    _read_body(connection, head, entry)
    page = proxy_page(status, head.target, why)
    entry.close(status, len(page.partition(b"\r\n\r\n")[2]))
    connection.sendall(page)
    drain_and_end(connection)


def _read_body(connection: socket.socket, head: Head, entry: Entry) -> None:
    length = head.header("content-length")
    if head.method == "CONNECT" or head.header("expect") or not length.isdigit() or int(length) > BODY_READ:
        return
    left = int(length) - len(head.rest)
    while left > 0 and (chunk := connection.recv(min(left, 65536))):
        entry.record_body(chunk)
        left -= len(chunk)


def _forward(connection: socket.socket, head: Head, entry: Entry) -> None:
    is_tunnel = head.method == "CONNECT"
    try:
        parts = urlsplit(f"//{head.target}" if is_tunnel else head.target)
        host, port = parts.hostname, parts.port or (443 if is_tunnel else 80)
    except ValueError:
        host, port = None, 0
    if not host or (not is_tunnel and parts.scheme != "http"):
        _refuse(connection, head, entry, 400, "this is a forward proxy: ask it for an http:// URL, or with CONNECT")
        return
    if (place := _loopback(host)) is None:
        _refuse(connection, head, entry, 403, f"hokusai-testkit: this proxy forwards to loopback only, not to {host}")
        return
    try:
        upstream = socket.create_connection((place, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        _refuse(connection, head, entry, 503, f"the connection to {host}:{port} failed: {error.strerror or error}")
        return
    with upstream:
        upstream.settimeout(None)
        if is_tunnel:
            entry.close(200)
            connection.sendall(tunnel_established())
            upstream.sendall(head.rest)
            _relay(connection, upstream, None)
        else:
            upstream.sendall(_origin_form(head) + head.rest)
            _relay(connection, upstream, entry)
        with contextlib.suppress(OSError):
            upstream.shutdown(socket.SHUT_RDWR)  # a forked child may hold the descriptor


def _loopback(host: str) -> str | None:
    """The address to connect to for a host of this machine; `None` for any other, which is not even looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return host if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def _origin_form(head: Head) -> bytes:
    """The head as the server behind the proxy gets it: the path alone, and no more than this one request."""
    parts = urlsplit(head.target)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{head.method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.headers if name.lower() not in _HOP_BY_HOP]
    lines += ["Via: 1.1 hokusai-testkit", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _relay(client: socket.socket, upstream: socket.socket, entry: Entry | None) -> None:
    """Carry bytes both ways until one side ends; the status of the first answer goes into `entry`."""
    others = {client: upstream, upstream: client}
    with selectors.DefaultSelector() as selector:
        for one in others:
            selector.register(one, selectors.EVENT_READ)
        answered = 0
        try:
            while True:
                for key, _ in selector.select():
                    sender = client if key.fileobj is client else upstream
                    data = sender.recv(65536)
                    if not data:
                        return
                    if sender is upstream and entry is not None:
                        entry.status = entry.status or _status(data)
                        answered += len(data)
                    others[sender].sendall(data)
        finally:
            if entry is not None:
                entry.close(entry.status, answered, "sent" if answered else "cut")


def _status(data: bytes) -> int | None:
    line = _STATUS.match(data)
    return int(line[1]) if line else None
