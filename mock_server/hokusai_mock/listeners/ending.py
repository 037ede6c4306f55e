"""The polite end of a connection whose client may still be sending: it shall read what was said to it.

Closing while something unread arrives resets the connection, and the reset overtakes the last words.
"""

from __future__ import annotations

import contextlib
import socket
import time

__all__ = ["drain_and_end"]

DRAIN_SECONDS = 0.5
"""How long what the client still sends is taken in."""


def drain_and_end(connection: socket.socket) -> None:
    """Say that nothing follows, and take in what the client sends until it ends too; the caller closes."""
    # The methods of the plain socket: those of a TLS socket want a handshake that succeeded.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_WR)
        deadline = time.monotonic() + DRAIN_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            if not socket.socket.recv(connection, 65536):
                return
