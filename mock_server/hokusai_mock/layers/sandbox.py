"""The first layer: which world does a request belong to, and what is its path there.

`/s/<id>/...` is a world of its own; everything else belongs to the sandbox `default`. Behind a private listener there
is only the world that it belongs to.
"""

from __future__ import annotations

import time
from typing import Any

from hokusai_mock.messages import Request, Response
from hokusai_mock.world import World, WorldError
from hokusai_mock.worlds import DEFAULT, TooManyWorlds, Worlds

__all__ = ["enter", "enter_bound"]


def enter(environ: dict[str, Any], worlds: Worlds) -> Request | Response:
    """Return the request with its world and its path inside it, or the refusal of an impossible sandbox id."""
    path = _path(environ)
    world_id = DEFAULT
    if path.startswith("/s/"):
        world_id, slash, rest = path[3:].partition("/")
        path = slash + rest or "/"
    try:
        return Request(environ, path, worlds.get(world_id))
    except WorldError as error:
        status = 503 if isinstance(error, TooManyWorlds) else 404
        return Response.json({"error": f"hokusai-testkit: {error}"}, status)


def enter_bound(environ: dict[str, Any], world: World) -> Request:
    """Return a request that came through a listener of `world`: its whole path is the path in that world."""
    world.last_used = time.monotonic()
    return Request(environ, _path(environ), world)


def _path(environ: dict[str, Any]) -> str:
    path: str = environ["PATH_INFO"]
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")  # WSGI: bytes as latin-1
