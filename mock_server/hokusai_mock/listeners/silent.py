"""`silent`: accepts, reads and never says anything, until the client gives up or the sandbox ends the scenario.

A request that can be read is in the journal, with the fate `hung`; nothing waits on a lock or a timer.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from hokusai_mock.listeners.interface import Ground, ServeConnection
from hokusai_mock.listeners.record import arrived
from hokusai_mock.listeners.request_head import read_head

if TYPE_CHECKING:
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["silent"]


def silent(spec: Listener, world: World, address: tuple[str, int], ground: Ground) -> ServeConnection:  # noqa: ARG001
    """Hold every connection without a word."""

    def serve(connection: socket.socket, _: tuple[str, int]) -> None:
        head = read_head(connection)
        entry = None if head is None else arrived(world, spec.name, head)
        # An error means that the client reset the connection or that the listener was closed: the wait is over.
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                if entry is not None:
                    entry.record_body(chunk)
        if entry is not None:
            entry.close(None, 0, "hung")

    return serve
