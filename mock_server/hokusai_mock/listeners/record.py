"""What listeners write into the journal of their sandbox: what never reached a layer.

The layer of these entries is `listener`; among their `faults` is the listener that caused them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hokusai_mock.journal import Entry
    from hokusai_mock.listeners.request_head import Head
    from hokusai_mock.world import World

__all__ = ["HANDSHAKE", "arrived", "refused_handshake"]

HANDSHAKE = "TLS"
"""Stands where the method stands in the entry of a connection that ended before there was a request."""


def arrived(world: World, name: str, head: Head) -> Entry:
    """Open the entry of a request that the listener `name` deals with itself."""
    path, _, query = head.target.partition("?")
    entry = world.journal.open(
        world.clock.now_ms(), head.method, path, query=query, headers=head.headers, host=head.header("host")
    )
    entry.record_body(head.rest)
    return _caused(entry, f"listener {name}")


def refused_handshake(world: World, name: str, reason: str) -> None:
    """Write down that a TLS handshake with the listener `name` failed, and why: one attempt of a client, no request."""
    entry = _caused(world.journal.open(world.clock.now_ms(), HANDSHAKE, ""), f"listener {name}: {reason}")
    entry.close(None, fate="refused")


def _caused(entry: Entry, cause: str) -> Entry:
    entry.layer = "listener"
    entry.faults.append(cause)
    return entry
