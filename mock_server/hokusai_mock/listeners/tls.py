"""TLS in front of any kind of listener: the handshake in the connection's own thread, and what goes wrong with it.

Never in the accept loop, where one silent client would hold up everybody's handshake.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager

from hokusai_mock.listeners.certificates import Identity
from hokusai_mock.listeners.ending import drain_and_end
from hokusai_mock.listeners.interface import ServeConnection
from hokusai_mock.listeners.pages import plain_http_on_tls_port, tls_on_plain_port
from hokusai_mock.listeners.request_head import Head, read_head

__all__ = ["plain_port", "secured"]

HANDSHAKE_SECONDS = 10.0
"""How long a client may take for its part of the handshake."""

_TLS_RECORD = b"\x16"
"""The first byte of every TLS connection; HTTP begins with a letter."""

Refused = Callable[[str], None]
"""Told why a handshake did not come about, for the journal."""


def secured(
    inner: ServeConnection,
    identity: Identity,
    *,
    go_on_as: Callable[[socket.socket], None],
    handshake: Callable[[], AbstractContextManager[object]],
    refused: Refused,
    misdirected: Callable[[Head, int], None],
) -> ServeConnection:
    """Serve `inner` over TLS. A client that speaks plain HTTP gets the answer of nginx, 400 with a page.

    `handshake` is entered around each handshake; `refused` is told of every one that failed, `misdirected` of every
    plain request and what it was answered.
    """

    def serve(connection: socket.socket, address: tuple[str, int]) -> None:
        first = _first_byte(connection)
        if not first:
            return
        if first != _TLS_RECORD:
            _answer_plain_request(connection, misdirected)
            return
        try:
            secure = identity.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            return  # the listener was closed, or the client left, before the handshake could begin
        go_on_as(secure)
        secure.settimeout(HANDSHAKE_SECONDS)
        if not _shake_hands(secure, handshake, refused):
            # In TLS 1.3 a client that is asked for a certificate has sent its request already.
            drain_and_end(secure)
            return
        secure.settimeout(None)
        inner(secure, address)
        _close_notify(secure)

    return serve


def _shake_hands(
    secure: ssl.SSLSocket, handshake: Callable[[], AbstractContextManager[object]], refused: Refused
) -> bool:
    """Whether it came about."""
    with handshake():
        try:
            secure.do_handshake()
        except OSError as error:  # `ssl.SSLError` and timeouts are among them
            refused(_reason(error))
            return False
    return True


def plain_port(inner: ServeConnection, *, refused: Refused) -> ServeConnection:
    """Serve `inner` without TLS on a port that clients take for one with it; their handshake gets nginx's 400."""

    def serve(connection: socket.socket, address: tuple[str, int]) -> None:
        first = _first_byte(connection)
        if first == _TLS_RECORD:
            refused("the port speaks plain HTTP")
            connection.sendall(tls_on_plain_port())
            drain_and_end(connection)
        elif first:
            inner(connection, address)

    return serve


def _first_byte(connection: socket.socket) -> bytes:
    """The first byte that the client sends, left where it is; empty when it sends none."""
    connection.settimeout(HANDSHAKE_SECONDS)
    try:
        return connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return b""
    finally:
        connection.settimeout(None)


def _answer_plain_request(connection: socket.socket, misdirected: Callable[[Head, int], None]) -> None:
    connection.settimeout(HANDSHAKE_SECONDS)
    head = read_head(connection)
    if head is None:
        return
    misdirected(head, 400)
    with contextlib.suppress(OSError):
        connection.sendall(plain_http_on_tls_port())
    drain_and_end(connection)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    return "the client took too long" if isinstance(error, TimeoutError) else "the client went away"


def _close_notify(secure: ssl.SSLSocket) -> None:
    """Say that the connection ends here and was not cut; do not wait for the client to say so too."""
    with contextlib.suppress(OSError, ValueError):
        secure.settimeout(0)
        secure.unwrap()
