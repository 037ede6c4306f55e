"""A tokenized registration killed at every one of its points, and made again: one version, and its event is sent.

`kill_everywhere` is the experiment; the slow test and the proof `killed` make it.
"""

from __future__ import annotations

import re
from pathlib import Path

from killed_registering import Tally
from killing import Nursery

from hokusai_mock import Sandbox

__all__ = ["kill_everywhere"]

TASK = "killed_tokens:register"
_FINISHED = re.compile(r"before os\.rename [0-9a-f]{16}-[0-9a-f]{32}")
"""Whoever dies after the rename by which it left the journal had finished: the same call makes a new version then."""


def kill_everywhere(nursery: Nursery, sandbox: Sandbox, store: Path) -> Tally:
    """Kill a registration at each of its points in turn, make the same call again, and look at what is there."""
    sandbox.settings(route_limit=1000)  # more events than the platform takes in a minute
    env = {**sandbox.env, "HOKUSAI_LOCAL_STORE": str(store), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    run_id = nursery.run("killed_tokens:make_run", env=env).value
    points = nursery.run(TASK, {"run_id": run_id, "name": "whole"}, env=env).points
    tally, finished = Tally(), set()
    for number in range(1, len(points) + 1):
        arguments = {"run_id": run_id, "name": f"lead-{number}"}
        killed = nursery.run(TASK, arguments, env=env, kill_at=number)
        # One that is not killed had fewer points: the first one made the folder of the journal, too.
        if not killed.killed or any(_FINISHED.fullmatch(point) for point in killed.points[:-1]):
            finished.add(number)
        assert nursery.run(TASK, arguments, env=env).value
        tally.kills += 1
        tally.registrations += 1
        tally.points.add(re.sub(r"[0-9a-f]{16,}|/s/[^/]+", "*", killed.points[-1]))
    states = nursery.run("killed_tokens:states", env=env).value
    for number, point in enumerate(points, 1):
        if states[f"lead-{number}"] != ["sent"] * (2 if number in finished else 1):
            tally.wrong.append(f"killed {point}: {states[f'lead-{number}']}")
    return tally
