"""A snapshot that somebody has tampered with is refused as a whole, or is harmless: no error, and never half of it.

`test_watched.py` runs these tests, in a process of their own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Mock
from .watch import HOSTILE, OPENED, is_ours
from .work import HEADERS, work_hard

CONTROL = "/_testkit/v1/sandboxes/a/snapshots"
ODD = [
    None,
    True,
    -1,
    0,
    1.5,
    10**20,
    "",
    "x",
    "../../etc/passwd",
    "\0",
    "a\r\nb",
    [],
    {},
    ["x"],
    {"x": 1},
    [[]],
    "🎃" * 50,
]


@pytest.fixture(scope="module")
def used() -> Iterator[Mock]:
    mock = Mock(Worlds(WorldOptions(seed=1)))
    mock.worlds.get("a").clock.freeze(1_750_000_000_000)

    def send(method: str, target: str, body: bytes) -> tuple[int, bytes]:
        target = target if target.startswith("/_testkit/") else f"/s/a{target}"
        answer = mock.ask(method, target, body, headers=HEADERS)
        return answer.status, answer.body

    work_hard(send, "a", "mine")
    yield mock
    mock.worlds.close()


def taken(mock: Mock) -> dict[str, Any]:
    answer = mock.ask("GET", CONTROL)
    assert answer.status == 200
    snapshot: dict[str, Any] = answer.json
    return snapshot


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a JSON value."""
    if way:
        yield way
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from places(part, (*way, key))


def changed(snapshot: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy in which something else stands at one place."""
    made = copy.deepcopy(snapshot)
    holder: Any = made
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    return made


def restore(mock: Mock, snapshot: Any) -> int:
    OPENED.paths, OPENED.watching = [], True
    answer = mock.ask("POST", f"{CONTROL}/restore", json.dumps(snapshot).encode(), headers=HEADERS)
    OPENED.watching = False
    assert [path for path in OPENED.paths if not is_ours(path)] == []
    assert mock.worlds.get("a").errors == []
    if answer.status != 200:
        assert answer.status == 400, answer.body
        assert list(answer.json) == ["error"]
    return answer.status


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_odd_value_is_refused_or_taken_and_nothing_in_between(used: Mock, data: st.DataObject) -> None:
    before = taken(used)
    way = data.draw(st.sampled_from(sorted(places(before), key=str)))
    odd = changed(before, way, data.draw(st.sampled_from(ODD)))
    if restore(used, odd) == 200:
        assert used.ask(
            "POST", "/s/a/api/mlflow/api/2.0/mlflow/experiments/search", b'{"max_results": 9}', headers=HEADERS
        )
        assert restore(used, before) == 200
    assert taken(used) == before, way


def test_paths_of_artifacts_in_a_snapshot_open_nothing_else(used: Mock) -> None:
    before = taken(used)
    text = json.dumps(before)
    assert "large.bin" in text
    for path in HOSTILE[::3]:
        restore(used, json.loads(text.replace("large.bin", json.dumps(path)[1:-1])))
    assert restore(used, before) == 200
    assert taken(used) == before
