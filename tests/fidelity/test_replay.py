"""The mock answers the recorded exchange as the real servers answered it: status, headers that matter, layout, body."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from exchange import play
from explained import EXPLAINED
from mock_side import fresh_world, sender
from script import steps

from hokusai_mock.mlflow_api.resources import ENDPOINTS
from hokusai_mock.profiles import mlflow, mlflow_names

RECORDINGS = Path(__file__).parent / "recordings"
PROFILES = {mlflow(name).version: name for name in mlflow_names()}


def recorded(version: str) -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = json.loads((RECORDINGS / f"{version}.json").read_text("utf-8"))["exchanges"]
    return exchanges


def replayed(version: str) -> list[dict[str, Any]]:
    world = fresh_world(PROFILES[version])
    try:
        return play(steps(), sender(world))
    finally:
        world.close()


@pytest.fixture(scope="module", params=sorted(PROFILES))
def both(request: pytest.FixtureRequest) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    version: str = request.param
    return version, recorded(version), replayed(version)


Both = tuple[str, list[dict[str, Any]], list[dict[str, Any]]]


def test_recording_is_of_this_script(both: Both) -> None:
    version, real, _ = both
    assert [one["name"] for one in real] == [one.name for one in steps()], f"record {version} again: record.py"


def test_steps_have_names_of_their_own() -> None:
    names = [one.name for one in steps()]
    assert len(set(names)) == len(names)


def test_mock_answers_as_the_real_server(both: Both) -> None:
    version, real, mock = both
    differences = [
        _difference(ours, theirs)
        for ours, theirs in zip(mock, real, strict=True)
        if ours != theirs and (version, theirs["name"]) not in EXPLAINED
    ]
    assert not differences, f"{len(differences)} of {len(real)} differ from MLflow {version}:\n" + "\n".join(
        differences
    )


def test_explained_differences_still_exist(both: Both) -> None:
    version, real, mock = both
    equal = [theirs["name"] for ours, theirs in zip(mock, real, strict=True) if ours == theirs]
    assert not [name for of, name in EXPLAINED if of == version and name in equal]


def test_every_proved_endpoint_succeeds_somewhere_in_the_recordings() -> None:
    """`proved` is a claim about real servers: the exchange holds a success (or the one meant refusal) of the route."""
    succeeded = set()
    for version in PROFILES:
        for step, exchange in zip(steps(), recorded(version), strict=True):
            if exchange["status"] in (200, 501):
                succeeded.add((step.method, step.path.partition("?")[0]))
    proved = [route for route, one in ENDPOINTS.items() if one.provenance == "proved"]
    assert not [route for route in proved if not _used(route, succeeded)]


def _used(route: tuple[str, str], succeeded: set[tuple[str, str]]) -> bool:
    method, path = route
    pattern = re.compile(re.sub(r"<path:\w+>", ".+", re.sub(r"<(?!path:)\w+>", "[^/]+", path)))
    return any(method == used and pattern.fullmatch(target) for used, target in succeeded)


def _difference(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    lines = [f"{theirs['name']}:"]
    for key in ("status", "headers", "layout", "json", "text"):
        if ours.get(key) != theirs.get(key):
            real, mock = (json.dumps(one.get(key), ensure_ascii=False) for one in (theirs, ours))
            start = max(0, next((i for i, (a, b) in enumerate(zip(real, mock, strict=False)) if a != b), 0) - 60)
            lines += [
                f"  {key}, real: ...{real[start : start + 200]}",
                f"  {key}, mock: ...{mock[start : start + 200]}",
            ]
    return "\n".join(lines)
