"""What a world is set to: scenarios, their timelines on the virtual clock, what is set by hand; the later one wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from hokusai_mock import scenarios
from hokusai_mock.scenarios import Scenario
from hokusai_mock.world import World, WorldOptions

START = 1_700_000_000_000

KEY_ROTATED = {
    "params": {"at_s": {"type": "seconds", "default": 5}},
    "timeline": [
        {"at": "${at_s}", "set": {"keys": {"held": {"valid": False}}}},
        {"at": "1h", "set": {"keys": {"held": {"valid": True, "balance": 3}}}},
    ],
}


def scenario(name: str, **tables: object) -> Scenario:
    return Scenario.of_table({"schema": 1, "id": "A04", "name": name, **tables})


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let scenarios exist that no file has: `known(name, **tables)`."""
    shipped, own = scenarios.load, dict[str, Scenario]()

    def add(name: str, **tables: object) -> None:
        own[name] = scenario(name, **tables)

    monkeypatch.setattr(scenarios, "load", lambda name: own[name] if name in own else shipped(name))
    return add


@pytest.fixture
def world() -> Iterator[World]:
    made = World("w", WorldOptions())
    made.clock.freeze(START)
    yield made
    made.close()


def held_is_valid(world: World) -> bool:
    return world.keys["admin"].valid


def test_a_moment_of_a_timeline_comes_with_the_virtual_clock(world, known):
    known("auth.rotated", **KEY_ROTATED)
    world.play("auth.rotated")
    assert held_is_valid(world)
    world.clock.advance(4_999)
    assert held_is_valid(world)
    world.clock.advance(1)
    assert not held_is_valid(world)
    world.clock.advance(3_600_000)
    assert (held_is_valid(world), world.keys["admin"].balance) == (True, 3)


def test_a_moment_is_counted_from_the_start_of_its_scenario(world, known):
    known("auth.rotated", **KEY_ROTATED)
    world.clock.advance(60_000)
    world.play("auth.rotated", {"at_s": 10})
    world.clock.advance(9_999)
    assert held_is_valid(world)
    world.clock.advance(1)
    assert not held_is_valid(world)


def test_a_clock_that_is_set_back_takes_a_moment_back(world, known):
    known("auth.rotated", **KEY_ROTATED)
    world.play("auth.rotated")
    world.clock.advance(10_000)
    assert not held_is_valid(world)
    world.clock.set(START)
    assert held_is_valid(world)


def test_a_moment_may_change_a_setting(world, known):
    moment = {"at": 1, "set": {"settings": {"registry_admin_scopes": ["model:write"]}}}
    known("auth.scopes", timeline=[moment])
    world.play("auth.scopes")
    before = world.settings.registry_admin_scopes
    world.clock.advance(1_000)
    assert before != ("model:write",)
    assert world.settings.registry_admin_scopes == ("model:write",)


def test_ending_the_scenarios_ends_their_timelines(world, known):
    known("auth.rotated", **KEY_ROTATED)
    world.play("auth.rotated")
    world.clock.advance(10_000)
    world.play("healthy")
    assert held_is_valid(world)


def test_of_two_scenarios_the_later_change_wins(world, known):
    known("auth.rotated", **KEY_ROTATED)
    known("auth.back", platform={"keys": {"held": {"valid": True}}})
    world.play("auth.rotated")
    world.clock.advance(10_000)
    world.play("auth.back")
    assert held_is_valid(world)


# -- what is set by hand -----------------------------------------------------------------------------------------------


def test_rights_set_by_hand_hold_besides_a_scenario(world):
    world.set_key("admin", {"balance": 0.0})
    world.play("auth.admin_required")
    assert (world.keys["admin"].balance, world.keys["admin"].admin) == (0.0, False)
    world.calm()
    assert (world.keys["admin"].balance, world.keys["admin"].admin) == (0.0, True)


def test_a_moment_that_comes_later_wins_over_what_was_set_by_hand(world, known):
    known("auth.rotated", **KEY_ROTATED)
    world.play("auth.rotated")
    world.set_key("admin", {"valid": True})
    world.clock.advance(5_000)
    assert not held_is_valid(world)
    world.set_key("admin", {"valid": True})
    assert held_is_valid(world)


def test_a_role_that_is_new_gets_a_key(world):
    assert world.set_key("auditor", {"scopes": ("model:read",)}).secret == "hk_test_auditor"
    assert "auditor" in world.keys


def test_setting_the_same_rights_again_and_again_keeps_one_change(world):
    for balance in range(50):
        world.set_key("admin", {"balance": float(balance)})
    world.set_key("admin", {"valid": False})
    assert len(world._steps) == 2
    assert (world.keys["admin"].balance, held_is_valid(world)) == (49.0, False)


# -- the clock ---------------------------------------------------------------------------------------------------------


def test_a_thawed_clock_goes_on_from_where_it_stood(world):
    world.clock.freeze(START + 5_000)
    world.clock.thaw()
    assert not world.clock.frozen
    assert world.clock.now_ms() >= START + 5_000


def test_a_clock_that_runs_can_be_set(world):
    world.clock.thaw()
    world.clock.set(START + 86_400_000)
    assert START + 86_400_000 <= world.clock.now_ms() < START + 2 * 86_400_000
