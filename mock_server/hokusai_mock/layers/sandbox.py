"""The first layer: which world does a request belong to, and what is its path there.

`/s/<id>/...` is a world of its own; everything else belongs to the sandbox `default`.
"""

from __future__ import annotations

from typing import Any

from hokusai_mock.messages import Request, Response
from hokusai_mock.world import WorldError
from hokusai_mock.worlds import DEFAULT, TooManyWorlds, Worlds

__all__ = ["enter"]


def enter(environ: dict[str, Any], worlds: Worlds) -> Request | Response:
    """Return the request with its world and its path inside it, or the refusal of an impossible sandbox id."""
    path: str = environ["PATH_INFO"]
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")  # WSGI hands bytes over as latin-1
    world_id = DEFAULT
    if path.startswith("/s/"):
        world_id, slash, rest = path[3:].partition("/")
        path = slash + rest or "/"
    try:
        return Request(environ, path, worlds.get(world_id))
    except WorldError as error:
        status = 503 if isinstance(error, TooManyWorlds) else 404
        return Response.json({"error": f"hokusai-testkit: {error}"}, status)
