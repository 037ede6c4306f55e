"""The recorded exchange of a version and the mock's answers to the same script, and how two answers differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from exchange import play
from mock_side import fresh_world, sender
from script import steps

from hokusai_mock.profiles import mlflow, mlflow_names

__all__ = ["PROFILES", "Exchange", "difference", "recorded", "replayed"]

RECORDINGS = Path(__file__).parent / "recordings"
PROFILES = {mlflow(name).version: name for name in mlflow_names()}
"""The name of the profile by version."""

Exchange = dict[str, Any]
_SHOWN = 200


def recorded(version: str, folder: Path = RECORDINGS) -> list[Exchange]:
    """What the real server answered."""
    exchanges: list[Exchange] = json.loads((folder / f"{version}.json").read_text("utf-8"))["exchanges"]
    return exchanges


def replayed(version: str) -> list[Exchange]:
    """What the mock answers."""
    world = fresh_world(PROFILES[version])
    try:
        return play(steps(), sender(world))
    finally:
        world.close()


def difference(ours: Exchange, theirs: Exchange) -> str:
    """The parts in which two answers to one step differ, from shortly before the first difference on."""
    lines = [f"{theirs['name']}:"]
    for key in ("status", "headers", "layout", "json", "text"):
        if ours.get(key) != theirs.get(key):
            real, mock = (json.dumps(one.get(key), ensure_ascii=False) for one in (theirs, ours))
            start = max(0, next((i for i, (a, b) in enumerate(zip(real, mock, strict=False)) if a != b), 0) - 60)
            lines += [
                f"  {key}, real: ...{real[start : start + _SHOWN]}",
                f"  {key}, mock: ...{mock[start : start + _SHOWN]}",
            ]
    return "\n".join(lines)
