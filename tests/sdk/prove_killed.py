"""Prove that work killed at random points loses nothing and does nothing twice; for `proofs/prove.py`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from killed_registering import kill_registrations
from killed_syncing import LOADED, kill_syncs
from killed_tokenized import kill_everywhere
from killing import Nursery

from hokusai_mock import MockServer

KILLS = 200


def main() -> int:
    """Kill registering and syncing `KILLS` times at random, registering for a token once at each of its points."""
    figures = {"registering": _registering(), "syncing": _syncing(), "registering for a token": _tokenized()}
    often = all(figures[work]["kills"] >= KILLS for work in ("registering", "syncing"))
    passed = often and not any(row["wrong"] for row in figures.values())
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


def _registering() -> dict[str, Any]:
    with MockServer(seed=1) as mock, Nursery("killed_tasks") as nursery, tempfile.TemporaryDirectory() as folder:
        tally = kill_registrations(nursery, mock.sandbox("killed"), Path(folder), kills=KILLS, seed=2)
    return {
        "kills": tally.kills,
        "registrations made again to their end": tally.registrations,
        "different points": len(tally.points),
        "wrong": tally.wrong,
    }


def _tokenized() -> dict[str, Any]:
    with MockServer(seed=1) as mock, Nursery("killed_tokens") as nursery, tempfile.TemporaryDirectory() as folder:
        tally = kill_everywhere(nursery, mock.sandbox("killed"), Path(folder))
    return {
        "kills": tally.kills,
        "registrations made again to their end": tally.registrations,
        "different points": len(tally.points),
        "wrong": tally.wrong,
    }


def _syncing() -> dict[str, Any]:
    with MockServer(seed=1) as mock, Nursery(*LOADED) as nursery, tempfile.TemporaryDirectory() as folder:
        tally = kill_syncs(nursery, mock.sandbox("killed"), Path(folder), kills=KILLS, seed=2)
    return {
        "kills": tally.kills,
        "syncs started again to their end": tally.registrations,
        "different points": len(tally.points),
        "wrong": tally.wrong,
    }


if __name__ == "__main__":
    raise SystemExit(main())
