"""The end of a TCP connection, from the server's side: a reset, an end in good order, a peer that has gone.

What is sent before, and which end a request meets, is decided elsewhere (`connection.py`, `faults/`).
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
import struct

__all__ = ["end", "peer_has_gone", "reset"]

_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)

_LAST_BYTES = 1.0
"""Seconds that a reset waits at most for bytes on their way, which it would destroy."""


def reset(connection: socket.socket) -> None:
    """End `connection` with a reset, after everything that was sent has reached the peer.

    The peer must not be sending any more, else it may see a broken pipe in the place of the reset.
    """
    _let_arrive(connection)
    with contextlib.suppress(OSError):  # the peer may have gone before
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    # Not `connection.close()`: streams made of the socket would keep the descriptor open, and nothing would be sent.
    socket.close(connection.detach())


def end(connection: socket.socket) -> None:
    """Tell the peer that nothing follows; what it has not read yet stays readable."""
    with contextlib.suppress(OSError):  # the peer may have gone before
        connection.shutdown(socket.SHUT_WR)


def peer_has_gone(connection: socket.socket) -> bool:
    """Whether the peer has closed or reset its side, so that an answer would find nobody."""
    if hasattr(select, "POLLRDHUP"):  # Linux tells it apart from bytes that wait to be read
        poll = select.poll()
        poll.register(connection, select.POLLRDHUP)
        return bool(poll.poll(0))
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        # The plain method, for a TLS socket has none that looks ahead.
        return bool(selector.select(0)) and socket.socket.recv(connection, 1, socket.MSG_PEEK) == b""


def _let_arrive(connection: socket.socket) -> None:
    try:
        import fcntl  # noqa: PLC0415 - POSIX only
        import termios  # noqa: PLC0415
    except ImportError:
        return
    for _ in range(int(_LAST_BYTES * 500)):
        try:
            unsent = fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return
        if not any(unsent):
            return
        select.select([], [], [], 1 / 500)
