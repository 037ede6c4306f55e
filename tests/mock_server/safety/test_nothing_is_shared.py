"""A leak between two sandboxes is impossible by construction: no object that can change belongs to both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Mock
from .graph import reachable, shared_and_mutable
from .work import HEADERS, work_hard


def worked(worlds: Worlds, *sandboxes: str) -> Mock:
    mock = Mock(worlds)

    for sandbox in sandboxes:

        def send(method: str, target: str, body: bytes, sandbox: str = sandbox) -> tuple[int, bytes]:
            target = target if target.startswith("/_testkit/") else f"/s/{sandbox}{target}"
            answer = mock.ask(method, target, body, headers=HEADERS)
            return answer.status, answer.body

        statuses = work_hard(send, sandbox, f"mark-of-{sandbox}")
        assert set(statuses) <= {200, 201, 401, 404, 503}, statuses
        assert worlds.get(sandbox).errors == []
    return mock


def shared(worlds: Worlds, first: str, second: str) -> list[str]:
    return [way for _, way in shared_and_mutable(worlds.get(first), worlds.get(second))]


@pytest.mark.parametrize(
    "options",
    [
        WorldOptions(seed=1),
        WorldOptions(seed=1, scenarios=(("auth.key_invalid", {}),)),
        WorldOptions(seed=1, client_env={"REQUESTS_CA_BUNDLE": "/ca.pem"}),
    ],
    ids=["healthy", "with a scenario", "with an environment"],
)
def test_two_worlds_that_did_everything_share_nothing_that_can_change(options: WorldOptions) -> None:
    worlds = Worlds(options)
    if options.scenarios:
        worlds.get("a"), worlds.get("b")
    else:
        worked(worlds, "a", "b")
        assert len(reachable(worlds.get("a"))) > 300, "there is a graph to walk"
    assert shared(worlds, "a", "b") == []
    worlds.close()


def test_a_fresh_world_after_a_reset_shares_nothing_with_the_old_one() -> None:
    worlds = Worlds(WorldOptions(seed=1))
    worked(worlds, "a")
    old = worlds.get("a")
    worlds.reset("a")
    assert [way for _, way in shared_and_mutable(old, worlds.get("a"))] == []
    worlds.close()


def test_nothing_of_a_sandbox_stands_in_another() -> None:
    worlds = Worlds(WorldOptions(seed=1))
    worked(worlds, "a", "b")
    for mine, other in (("a", "b"), ("b", "a")):
        texts = [thing for thing in _texts(worlds.get(mine)) if f"mark-of-{other}" in thing]
        assert texts == []
        assert any(f"mark-of-{mine}" in text for text in _texts(worlds.get(mine)))
    worlds.close()


def _texts(world: object) -> list[str]:
    found = []
    for thing, _ in reachable(world).values():
        for part in _direct(thing):
            if isinstance(part, str):
                found.append(part)
            elif isinstance(part, bytes | bytearray):
                found.append(part[:200].decode("latin-1"))
    return found


def _direct(thing: Any) -> list[Any]:
    import gc  # noqa: PLC0415 - the walk is in graph.py; texts are its leaves

    return gc.get_referents(thing)


def test_the_walk_finds_what_is_shared() -> None:
    @dataclass
    class Leaky:
        own: list[int] = field(default_factory=list)
        cache: Any = None

    common: dict[str, int] = {}
    first, second = Leaky(cache=(common,)), Leaky(cache=lambda: common)
    assert [thing for thing, _ in shared_and_mutable(first, second)] == [common]
    assert list(shared_and_mutable(Leaky(cache=("text", 1, frozenset({2}))), Leaky(cache=("text", 1)))) == []


@pytest.mark.parametrize("platform", ["platform-documented", "platform-2026-06", "platform-scopes"])
def test_no_redirect_leads_out_of_its_sandbox(platform: str) -> None:
    mock = Mock(Worlds(WorldOptions(platform=platform)))
    redirects = 0
    for path in (
        "/api/mlflow/api/2.0//mlflow/experiments/get?experiment_id=0",
        "/mlflow/api/2.0//mlflow/experiments/get",
        "/mlflow//ajax-api/2.0/mlflow/experiments/get",
        "/api/2.0/mlflow//experiments/get",
        "/api/mlflow/api/2.0//mlflow-artifacts/artifacts/é",
    ):
        answer = mock.ask("GET", f"/s/mine{path}", headers=HEADERS)
        location = answer.header("Location")
        assert (location is not None) == (answer.status == 308)
        if location is not None:
            redirects += 1
            assert location.startswith("http://127.0.0.1:8765/s/mine/"), path
    assert redirects >= 4
    mock.worlds.close()
