"""What `serve --routes` prints: every route of the chosen profiles with its provenance, as a table or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from hokusai_mock.provenance import MEANING, Route, mlflow_routes, platform_routes_known

if TYPE_CHECKING:
    from hokusai_mock.world import World

__all__ = ["as_json", "as_text"]

SCHEMA_VERSION = 1
_METHOD_WIDTH = 7
_WIDTH = max(map(len, MEANING))


def _sections(world: World) -> list[tuple[str, list[Route]]]:
    mlflow = ("mlflow", mlflow_routes(world.mlflow))
    return [mlflow] if world.plain else [("platform", platform_routes_known()), mlflow]


def as_text(world: World) -> str:
    """A table a section, with what its paths are relative to, and the sum of each provenance."""
    lines: list[str] = []
    for name, routes in _sections(world):
        lines += ["", *_heading(world, name), ""]
        lines += [f"{one.provenance:{_WIDTH}}  {one.method:{_METHOD_WIDTH}} {one.path}" for one in routes]
    counts = Counter(one.provenance for _, routes in _sections(world) for one in routes)
    lines += ["", f"{counts.total():5}  routes"]
    lines += [f"{counts[name]:5}  {name:{_WIDTH}}  {meaning}" for name, meaning in MEANING.items()]
    return "\n".join(lines[1:])


def _heading(world: World, name: str) -> list[str]:
    if name == "platform":
        return [f"# the platform, {world.platform.name}"]
    title = f"# MLflow {world.mlflow.version}, {world.mlflow.name}"
    if world.plain:
        return [title]
    return [f"{title}, behind these mounts:", *(f"#   {mount} -> {to or '/'}" for mount, to in world.platform.mounts)]


def as_json(world: World) -> str:
    """`{schema_version, profile, platform, mounts, routes: [{server, method, path, provenance}]}`."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "profile": world.mlflow.name,
        "platform": None if world.plain else world.platform.name,
        "mounts": {} if world.plain else dict(world.platform.mounts),
        "routes": [
            {"server": name, "method": one.method, "path": one.path, "provenance": one.provenance}
            for name, routes in _sections(world)
            for one in routes
        ],
    }
    return json.dumps(document, indent=2)
