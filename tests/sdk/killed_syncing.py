"""Syncs that are killed at random points and started again until they end: nothing lost, nothing twice.

`kill_syncs` is the experiment; the fast test and the proof `killed` differ in how many kills they ask for.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

from kept_work import differences
from killed_registering import Tally
from killing import Child, Nursery

from hokusai_mock import Sandbox

__all__ = ["LOADED", "SYNC", "environment", "kill_syncs"]

LOADED = (
    "kept_work",
    "hokusai._sync.engine",
    "hokusai._sync.waiting",
    "hokusai.core.registry",
    "hokusai.tracking.experiments",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
)
"""What a nursery has to load for these children: a second for each of them otherwise."""

SYNC = "kept_work:sync_and_tell"
_REACH = 110
"""How many points a sync may pass before it is killed; one that is not interrupted passes about 175."""


def environment(sandbox: Sandbox, folder: Path) -> dict[str, str | None]:
    """Return what children need to work with a sandbox and a local store below `folder`."""
    return {
        **sandbox.env,
        "HOKUSAI_LOCAL_STORE": str(folder / "store"),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME", str(folder / "data")),
    }


def kill_syncs(nursery: Nursery, sandbox: Sandbox, folder: Path, *, kills: int, seed: int) -> Tally:
    """Kill `kills` times, every sync again and again until one ends, and look at what is there.

    Every round keeps work of its own during an outage: two runs with files and history, a version with its model.
    """
    chance, tally = random.Random(seed), Tally()
    env = environment(sandbox, folder)
    while tally.kills < kills:
        name = f"kept-{seed}-{tally.registrations}"
        sandbox.scenario("gateway.lb_error", status=503)
        files = {"label": name, "folder": str(folder / "files"), "name": name}
        assert nursery.run("kept_work:keep", files, env=env).error is None
        sandbox.scenario("healthy")
        child = _kill_until_one_ends(nursery, env, tally, kills, chance)
        tally.registrations += 1
        if child.value != {"complete": True, "left": []}:
            tally.wrong.append(f"{name}: {child.value}")
        tally.wrong += [f"{name}: {what}" for what in differences(sandbox, [name], name)]
    tally.wrong += [f"still waits: {item}" for item in nursery.run("kept_work:waits", env=env).value]
    return tally


def _kill_until_one_ends(
    nursery: Nursery, env: dict[str, str | None], tally: Tally, kills: int, chance: random.Random
) -> Child:
    while True:
        kill_at = chance.randint(1, _REACH) if tally.kills < kills else None
        child = nursery.run(SYNC, env=env, kill_at=kill_at)
        if not child.killed:
            return child
        tally.kills += 1
        tally.points.add(re.sub(r"[0-9a-f]{16,}|/s/[^/]+", "*", child.points[-1]))
