"""All sandboxes of a server: made, replaced, dropped when nobody has used them for an hour."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hokusai_mock import worlds as module
from hokusai_mock.world import WorldError, WorldOptions
from hokusai_mock.worlds import DEFAULT, IDLE_SECONDS, SWEEP_SECONDS, TooManyWorlds, WorldConflict, Worlds


class Time:
    """Monotonic seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def worlds(time: Time) -> Iterator[Worlds]:
    made = Worlds(WorldOptions(), max_worlds=4)
    yield made
    made.close()


def test_a_sandbox_that_nobody_used_for_an_hour_goes(worlds, time):
    worlds.get("idle")
    time.now += IDLE_SECONDS
    worlds.get("busy")
    time.now += 2 * SWEEP_SECONDS
    worlds.get("new")
    assert worlds.ids() == [DEFAULT, "busy", "new"]


def test_looking_at_all_sandboxes_uses_none(worlds, time):
    worlds.get("idle")
    time.now += IDLE_SECONDS + SWEEP_SECONDS
    assert [world.id for world in worlds.all()] == [DEFAULT, "idle"]
    worlds.get("new")
    assert "idle" not in worlds.ids()


def test_using_a_sandbox_keeps_it(worlds, time):
    worlds.get("used")
    for number in range(3):
        time.now += IDLE_SECONDS / 2
        worlds.get("used")
        worlds.get(f"other-{number}")
        worlds.drop(f"other-{number}")
    assert "used" in worlds.ids()


def test_when_all_are_busy_no_other_is_made(worlds):
    for number in range(3):
        worlds.get(f"busy-{number}")
    with pytest.raises(TooManyWorlds, match="--max-sandboxes"):
        worlds.get("one-more")
    with pytest.raises(TooManyWorlds):
        worlds.make(None, WorldOptions())


def test_the_default_sandbox_stays(worlds, time):
    time.now += 2 * IDLE_SECONDS
    worlds.get("new")
    assert DEFAULT in worlds.ids()


def test_an_id_is_given_once(worlds):
    first = worlds.make(None, worlds.options)
    assert worlds.make(None, worlds.options).id != first.id
    with pytest.raises(WorldConflict, match="exists already"):
        worlds.make(first.id, worlds.options)
    with pytest.raises(WorldError, match="no sandbox id"):
        worlds.fresh("not an id", worlds.options)


def test_the_journal_outlives_a_replacement(worlds):
    old = worlds.get("mine")
    old.journal.open(0, "GET", "/").close(200)
    worlds.replace(worlds.fresh("mine", worlds.options))
    fresh = worlds.get("mine")
    assert fresh is not old
    assert fresh.journal.requests == 1
