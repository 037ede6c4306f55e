"""How two registrations that counted at the same time come to semantic versions of their own."""

from __future__ import annotations

from typing import Any

from hokusai.core._versions import ModelVersion, Part, Version, next_version, read_versions

__all__ = ["MOVED", "settle"]

MOVED = "hokusai.version_moved"
"""Marks a version whose semantic version was changed after it was created."""


def settle(
    client: Any,
    name: str,
    number: int,
    semantic: Version,
    part: Part = "minor",
    *,
    moved: bool = False,
    versions: list[ModelVersion] | None = None,
) -> Version:
    """Read the versions again: of equal semantic versions the lower number keeps it, the other takes the next.

    The tag given at creation is ordered by the number, a changed one by nothing; hence a version is marked before its
    tag changes, and whoever sees another one equal to a marked one gives way. Of any two that write and then read, one
    sees the other, so that two never keep the same. Doing it again changes nothing. `moved` says that the version was
    marked by an earlier attempt; `versions` are those of the model, where they were read after it was made.
    """
    while True:
        versions = read_versions(client, name) if versions is None else versions
        equal = [version for version in versions if version.semantic == semantic and version.number != number]
        rivals = [version for version in equal if moved or MOVED in version.tags or version.number < number]
        if not rivals:
            return semantic
        if not moved:
            client.set_model_version_tag(name, str(number), MOVED, "true")
            moved = True
        semantic = next_version(versions, part)
        for _ in [version for version in rivals if version.number < number][1:]:
            semantic = semantic.bump(part)  # the first keeps its own; those between take the nearer ones
        client.set_model_version_tag(name, str(number), "version", str(semantic))
        versions = None
