"""Waiting in a world: real seconds times the time scale, ended by reset, drop, stop, or a client that has gone."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hokusai_mock.world import World, WorldOptions
from hokusai_mock.worlds import Worlds

FOR_EVER = float("inf")


def waiting(world: World) -> tuple[threading.Thread, list[bool]]:
    """A thread that waits in `world` for ever, and the list that its result goes to."""
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(world.wait(FOR_EVER)))
    thread.start()
    return thread, results


@pytest.mark.parametrize(
    "end",
    [lambda worlds: worlds.reset("a"), lambda worlds: worlds.drop("a"), Worlds.end, Worlds.close],
    ids=["reset", "drop", "stop begins", "stop"],
)
def test_who_waits_is_woken_by_the_end_of_the_world(end: Callable[[Worlds], object]) -> None:
    worlds = Worlds(WorldOptions())
    thread, results = waiting(worlds.get("a"))
    end(worlds)
    thread.join(10)
    worlds.close()

    assert results == [False]


def test_the_end_of_a_world_wakes_nobody_in_another() -> None:
    worlds = Worlds(WorldOptions())
    thread, results = waiting(worlds.get("a"))
    worlds.drop("b")
    worlds.reset("b")
    still = thread.is_alive()
    worlds.close()
    thread.join(10)

    assert (still, results) == (True, [False])


def test_nobody_waits_in_a_world_that_is_made_while_the_server_stops() -> None:
    worlds = Worlds(WorldOptions())
    worlds.end()

    assert worlds.get("late").wait(FOR_EVER) is False
    worlds.close()


def test_seconds_are_multiplied_with_the_time_scale() -> None:
    world = World("a", WorldOptions(time_scale=1e-9))

    assert world.wait(86_400) is True
    world.time_scale = 0
    assert world.wait(FOR_EVER, unless=lambda: True) is False, "for ever is for ever at any scale"
    assert world.wait(86_400) is True


def test_a_wait_ends_when_nobody_wants_the_answer_any_more() -> None:
    answers = iter([False, True])

    assert World("a", WorldOptions()).wait(FOR_EVER, unless=lambda: next(answers)) is False
