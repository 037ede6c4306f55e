"""`http`: a host of its own. Whatever is asked there belongs to the sandbox, or to a new one beside it.

There is no `/s/<id>` and no `/_testkit/` on it: its root is the sandbox's base URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hokusai_mock.listeners.interface import Ground, ServeConnection

if TYPE_CHECKING:
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["http"]


def http(spec: Listener, world: World, address: tuple[str, int], ground: Ground) -> ServeConnection:
    """Serve the platform of `world`."""
    return ground.http(world, address, tls=spec.tls is not None and not spec.tls.plain_port)
