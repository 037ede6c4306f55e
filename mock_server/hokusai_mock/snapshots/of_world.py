"""A world becomes a snapshot, a snapshot becomes a world."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass, replace
from typing import Any

from hokusai_mock.configuration import Change, Playing, WorldError, WorldOptions
from hokusai_mock.faults.board import FaultBoard
from hokusai_mock.faults.rule import FaultRule
from hokusai_mock.faults.schedule import Counters
from hokusai_mock.platform_state import PlatformState
from hokusai_mock.scenarios.tables import given
from hokusai_mock.snapshots.form import (
    KIND,
    SCHEMA_VERSION,
    Snapshot,
    SnapshotError,
    StoredFaults,
    StoredScenario,
)
from hokusai_mock.store.contents import dump, load
from hokusai_mock.world import World, WorldState
from hokusai_mock.worlds import Worlds

__all__ = ["restore", "snapshot"]


# -- saving ------------------------------------------------------------------------------------------------------------


def snapshot(world: World) -> dict[str, Any]:
    """The state of `world` as JSON data; requests wait meanwhile."""
    with world.lock:
        return _snapshot(world, world.state())


def _snapshot(world: World, state: WorldState) -> dict[str, Any]:
    offset_ms, frozen_ms = world.clock.state()
    saved: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "start": _start(world.options),
        "seed": world.seed,
        "ids": {"seed": world.ids.seed, "drawn": world.ids.drawn},
        "clock": {"offset_ms": offset_ms, "frozen_ms": frozen_ms, "time_scale": world.time_scale},
        "profiles": {"mlflow": state.profiles[0], "platform": state.profiles[1]},
        "steps": [_step(step) for step in state.steps],
    }
    saved["faults"] = None if world.fault_board is None else _faults(world.fault_board)
    saved["platform"] = None if state.platform is None else state.platform.to_json()
    saved["data"] = None if state.store is None else dump(state.store)
    return saved


def _faults(board: FaultBoard) -> dict[str, Any]:
    rules, given_names = board.contents()
    return {
        "rules": [
            {"name": rule.name, "added_ms": added_ms, "table": dict(rule.table), "counted": counted.to_json()}
            for rule, added_ms, counted in rules
        ],
        "given_names": given_names,
    }


def _start(options: WorldOptions) -> dict[str, Any]:
    return {
        "mlflow": options.mlflow,
        "platform": options.platform,
        "plain": options.plain,
        "seed": options.seed,
        "scenarios": [{"name": name, "params": dict(params)} for name, params in options.scenarios],
        "time_scale": options.time_scale,
    }


def _step(step: Playing | Change) -> dict[str, Any]:
    if isinstance(step, Playing):
        return {"name": step.name, "params": dict(step.params), "started_ms": step.started_ms}
    return {
        "at_ms": step.at_ms,
        "keys": {role: dict(rights) for role, rights in step.keys.items()},
        "settings": {name: _plain(value) for name, value in step.settings.items()},
    }


def _plain(value: Any) -> Any:
    """A setting as JSON data: some are tables of their own."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


# -- putting back ------------------------------------------------------------------------------------------------------


def restore(worlds: Worlds, world_id: str, saved: Snapshot) -> World:
    """Put a state that was saved into the sandbox `world_id`, in the place of its own; its journal stays.

    `SnapshotError` when it cannot be read or played here; the sandbox is as it was then.
    """
    fresh = worlds.fresh(world_id, _options(worlds.options, saved))
    try:
        _fill(fresh, saved)
    except (WorldError, ValueError, KeyError, TypeError, AttributeError) as error:
        fresh.end()
        fresh.close()
        if isinstance(error, WorldError):
            raise SnapshotError(f"the snapshot cannot be played here: {error}") from error
        raise SnapshotError(f"the snapshot does not fit together: {error!r}") from error
    # What a later reset starts, which is not what the snapshot put back.
    fresh.options = replace(fresh.options, scenarios=tuple((one.name, one.params) for one in saved.start.scenarios))
    worlds.replace(fresh)
    return fresh


def _options(server: WorldOptions, saved: Snapshot) -> WorldOptions:
    start = saved.start
    return replace(
        server,
        mlflow=start.mlflow,
        platform=start.platform,
        plain=start.plain,
        seed=start.seed,
        scenarios=(),
        time_scale=start.time_scale,
    )


def _fill(world: World, saved: Snapshot) -> None:
    world.seed = saved.seed
    world.ids.restart(saved.ids.seed, saved.ids.drawn)
    world.clock.put_back(saved.clock.offset_ms, saved.clock.frozen_ms)
    world.time_scale = saved.clock.time_scale
    steps = tuple(
        Playing(step.name, dict(step.params), step.started_ms or 0)
        if isinstance(step, StoredScenario)
        else Change(
            step.at_ms,
            keys={role: given(rights) for role, rights in step.keys.items()},
            settings=given(step.settings),
        )
        for step in saved.steps
    )
    store = None if saved.data is None else load(saved.data, world.clock, world.ids)
    world.put_back((saved.profiles.mlflow, saved.profiles.platform), steps, store)
    if saved.platform is not None:
        world.platform_state = PlatformState.from_json(saved.platform)
    if saved.faults is not None:
        _put_faults_back(world, saved.faults)


def _put_faults_back(world: World, faults: StoredFaults) -> None:
    world.faults.put_back(
        (
            (
                FaultRule.parse(one.table, f"the snapshot: fault {one.name!r}").named(one.name),
                one.added_ms,
                Counters.from_json(one.counted),
            )
            for one in faults.rules
        ),
        faults.given_names,
    )
