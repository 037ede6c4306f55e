"""The whole state of a sandbox: taken, put back, compared. It holds user data as they are, unredacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from hokusai_mock.admin.interface import SANDBOX, Call, Route
from hokusai_mock.admin.json_schema import Definitions, schema_of
from hokusai_mock.admin.routes.sandboxes import WITH_BACKEND, Described, describe, refuse_with_backend

__all__ = ["ROUTES"]

LARGEST = 2 * 1024 * 1024 * 1024
"""Bytes of a snapshot: what a sandbox may hold, in base64, and room for all the rest."""


class SnapshotDocument:
    """A snapshot. What it is made of is loaded when there is one: most mocks never take any."""

    @staticmethod
    def parse(data: Any) -> Any:
        """Check a snapshot as JSON gave it."""
        from hokusai_mock.snapshots import read_snapshot  # noqa: PLC0415

        return read_snapshot(data)

    @staticmethod
    def json_schema(known: Definitions) -> dict[str, Any]:
        """Its schema, for the OpenAPI document."""
        from hokusai_mock.snapshots import Snapshot  # noqa: PLC0415

        return schema_of(Snapshot, known)


class Difference(TypedDict):
    """One place: a JSON pointer (RFC 6901), and what was and is there (null where there is nothing)."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Differences(TypedDict):
    """Where two states differ."""

    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots; without `after` the sandbox as it is now."""

    before: Mapping[str, Any]
    after: Mapping[str, Any] | None = None


def get_snapshot(call: Call) -> SnapshotDocument:
    """Show the state of the sandbox as a snapshot."""
    from hokusai_mock.snapshots import snapshot, to_bytes  # noqa: PLC0415

    refuse_with_backend(call, "a snapshot")
    return to_bytes(snapshot(call.world))  # type: ignore[return-value] # in its own order and layout


def make_snapshot(call: Call) -> SnapshotDocument:
    """Take a snapshot; a server that was started with `--state` writes its file too."""
    answer = get_snapshot(call)
    if call.worlds.state_file is not None:
        call.worlds.state_file.write(call.worlds)
    return answer


def restore_snapshot(call: Call) -> Described:
    """Put a snapshot in the place of the sandbox's state, also one of another sandbox or server; the journal stays."""
    from hokusai_mock.snapshots import restore  # noqa: PLC0415

    refuse_with_backend(call, "to restore")
    return describe(call, restore(call.worlds, call.sandbox, call.body))


def compare_snapshots(call: Call) -> Differences:
    """Tell where two snapshots differ, or where the sandbox differs from one now; places are JSON pointers."""
    from hokusai_mock.snapshots import difference, read_snapshot, snapshot  # noqa: PLC0415

    wanted: Comparison = call.body
    read_snapshot(wanted.before)
    if wanted.after is not None:
        read_snapshot(wanted.after)
        return {"differences": difference(wanted.before, wanted.after)}
    refuse_with_backend(call, "a snapshot")
    return {"differences": difference(wanted.before, snapshot(call.world))}


ROUTES = (
    Route("GET", f"{SANDBOX}/snapshots", get_snapshot, conflict=WITH_BACKEND),
    Route("POST", f"{SANDBOX}/snapshots", make_snapshot, conflict=f"{WITH_BACKEND}, or the state cannot be written"),
    Route(
        "POST",
        f"{SANDBOX}/snapshots/restore",
        restore_snapshot,
        body=SnapshotDocument,
        needs_body=True,
        largest_body=LARGEST,
        conflict=WITH_BACKEND,
    ),
    Route(
        "POST",
        f"{SANDBOX}/snapshots/diff",
        compare_snapshots,
        body=Comparison,
        needs_body=True,
        largest_body=2 * LARGEST,
        conflict=WITH_BACKEND,
    ),
)
