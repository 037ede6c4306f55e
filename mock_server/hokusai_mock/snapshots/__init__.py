"""The whole state of a sandbox as versioned JSON: saved, put back, compared, kept in a file.

A snapshot holds data, keys, clock, seed, profiles, scenarios, faults with what they counted, and what the platform
remembers; never the journal. It holds user data as they are, unredacted: its file is readable by the owner alone, and
it is no part of a bundle. `form.py` is the format, `of_world.py` saves and puts back, `difference.py` compares,
`state_file.py` is `serve --state`.
"""

from __future__ import annotations

from hokusai_mock.snapshots.difference import Difference, difference
from hokusai_mock.snapshots.form import SCHEMA_VERSION, Snapshot, SnapshotError, read_snapshot, to_bytes
from hokusai_mock.snapshots.of_world import restore, snapshot
from hokusai_mock.snapshots.state_file import StateFile

__all__ = [
    "SCHEMA_VERSION",
    "Difference",
    "Snapshot",
    "SnapshotError",
    "StateFile",
    "difference",
    "read_snapshot",
    "restore",
    "snapshot",
    "to_bytes",
]
