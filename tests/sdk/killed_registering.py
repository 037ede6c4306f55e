"""Registrations that are killed at random points and made again until they end: nothing lost, nothing twice.

`kill_registrations` is the experiment; the fast test and the proof `killed` differ in how many kills they ask for.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from killed_tasks import METRICS
from killing import Child, Nursery

from hokusai_mock import Sandbox

__all__ = ["Tally", "kill_registrations"]

TASK = "killed_tasks:register"
_FORGOTTEN = re.compile(r"before os\.rename [0-9a-f]{16}-[0-9a-f]{32}")
"""The rename by which a finished registration leaves the journal: whoever dies after it had finished."""


@dataclass(slots=True)
class Tally:
    """What was done, and everything that was wrong afterwards."""

    kills: int = 0
    registrations: int = 0
    points: set[str] = field(default_factory=set)
    """The different points at which a child died, ids left out."""
    wrong: list[str] = field(default_factory=list)


def kill_registrations(nursery: Nursery, sandbox: Sandbox, store: Path, *, kills: int, seed: int) -> Tally:
    """Kill `kills` times, up to three times before a registration is let go to its end, and look at what is there."""
    chance, tally = random.Random(seed), Tally()
    env = {**sandbox.env, "HOKUSAI_LOCAL_STORE": str(store), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    whole = nursery.run(TASK, {"name": "whole"}, env=env)
    assert whole.value
    while tally.kills < kills:
        name = f"model-{seed}-{tally.registrations}"
        finished = 0
        for _ in range(min(chance.choice((1, 1, 2, 3)), kills - tally.kills)):
            child = nursery.run(TASK, {"name": name}, env=env, kill_at=chance.randint(1, len(whole.points)))
            if not child.killed:
                assert child.value
                finished += 1
                continue
            tally.kills += 1
            tally.points.add(re.sub(r"[0-9a-f]{16,}|/s/[^/]+", "*", child.points[-1]))
            finished += _had_finished(child)
        entries = nursery.run(TASK, {"name": name}, env=env).value
        tally.registrations += 1
        tally.wrong += [f"{name}: {what}" for what in _wrong(sandbox, store, name, finished + 1, entries[0])]
    return tally


def _had_finished(child: Child) -> bool:
    return any(_FORGOTTEN.match(point) for point in child.points[:-1])


def _wrong(sandbox: Sandbox, store: Path, name: str, wanted: int, entry: dict[str, Any]) -> Iterator[str]:
    """Say what is not as it was if nobody had been killed: `wanted` versions, each whole, and an empty journal."""
    from hokusai import ModelRegistry  # noqa: PLC0415 - loads MLflow

    registry = ModelRegistry(sandbox.tracking_uri, sandbox.api_key, sandbox.api_endpoint, mode="online")
    client = registry._backend.client
    with registry._backend.calling("look at what is there"):
        versions = sorted(client.search_model_versions(f"name='{name}'"), key=lambda version: int(version.version))
        semantic = [version.tags["version"] for version in versions]
        if semantic != [f"1.{number}.0" for number in range(wanted)]:
            yield f"{wanted} registrations made the versions {semantic}"
        if entry["number"] not in [str(version.version) for version in versions]:
            yield f"the entry speaks of version {entry['number']}"
        experiment = client.get_experiment_by_name("hokusai_registrations").experiment_id
        runs = client.search_runs([experiment], f"tags.`mlflow.runName` = 'register {name}'")
        if {run.info.run_id for run in runs} != {version.run_id for version in versions} or len(runs) != wanted:
            yield f"there are {len(runs)} runs for {len(versions)} versions"
        for run in runs:
            yield from _wrong_run(client, run)
    left = sorted(path.name for path in (store / "registrations").iterdir())
    if left:
        yield f"the journal still holds {left}"


def _wrong_run(client: Any, run: Any) -> Iterator[str]:
    if run.info.status != "FINISHED":
        yield f"run {run.info.run_id} is {run.info.status}"
    history = {name: [metric.value for metric in client.get_metric_history(run.info.run_id, name)] for name in METRICS}
    if history != {name: [value] for name, value in METRICS.items()}:
        yield f"run {run.info.run_id} has the metrics {json.dumps(history)}"
    files = {Path(item.path).name for item in client._tracking_client.list_artifacts(run.info.run_id, "model")}
    if not {"MLmodel", "python_model.pkl", "requirements.txt"} <= files:
        yield f"run {run.info.run_id} has the files {sorted(files)}"
