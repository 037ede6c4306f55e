"""What a sandbox answers does not depend on its neighbours: any mixture of calls to several, and each alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Mock
from .work import HEADERS, MLFLOW

SANDBOXES = ("default", "a", "A", "b.c")
BEGINNING_MS = 1_750_000_000_000

PROXY = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts"
CALLS: Sequence[tuple[str, str, Any]] = (
    ("POST", f"{MLFLOW}/experiments/create", {"name": "x"}),
    ("POST", f"{MLFLOW}/experiments/create", {"name": "y"}),
    ("POST", f"{MLFLOW}/experiments/search", {"max_results": 9}),
    ("POST", f"{MLFLOW}/experiments/delete", {"experiment_id": "1"}),
    ("POST", f"{MLFLOW}/runs/create", {"experiment_id": "0"}),
    ("POST", f"{MLFLOW}/runs/search", {"experiment_ids": ["0", "1"]}),
    ("POST", f"{MLFLOW}/registered-models/create", {"name": "m"}),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "m", "source": "s3://b/m"}),
    ("GET", f"{MLFLOW}/model-versions/search", None),
    ("DELETE", f"{MLFLOW}/registered-models/delete", {"name": "m"}),
    ("PUT", f"{PROXY}/0/file", {"some": "content"}),
    ("GET", f"{PROXY}/0/file", None),
    ("DELETE", f"{PROXY}/0/file", None),
    ("POST", "/api/v1/keys/validate", {"api_key": "hk_test_reader", "service_id": "s"}),
    ("GET", "/health", None),
    ("POST", "control/faults", {"layer": "edge", "effect": "status", "with": {"status": 503}, "times": 2}),
    ("POST", "control/faults", {"layer": "mlflow", "effect": "status", "with": {"status": 418}, "probability": 0.5}),
    ("DELETE", "control/faults", None),
    ("POST", "control/scenarios", {"name": "auth.key_invalid"}),
    ("DELETE", "control/scenarios", None),
    ("PUT", "control/profile", {"mlflow": "mlflow-2.9"}),
    ("DELETE", "control/journal", None),
    ("POST", "control/reset", {"seed": 5}),
    ("DELETE", "control", None),
    ("GET", "control/journal", None),
    ("GET", "control", None),
)


_REAL_TIME = re.compile(rb'"real_t":\d+,|"idle_s":[\d.]+')
"""What control tells of the machine's own clock."""


class Running:
    """A mock whose sandboxes have clocks that stand still."""

    def __init__(self) -> None:
        self.mock = Mock(Worlds(WorldOptions(seed=11)))

    def call(self, sandbox: str, number: int) -> tuple[int, bytes]:
        """Make one of the calls in a sandbox."""
        method, path, payload = CALLS[number]
        self.mock.worlds.get(sandbox).clock.freeze(BEGINNING_MS)
        prefix = f"/_testkit/v1/sandboxes/{sandbox}" if path.startswith("control") else f"/s/{sandbox}"
        target = prefix + path.removeprefix("control")
        body = b"" if payload is None else json.dumps(payload).encode()
        answer = self.mock.ask(method, target, body, headers=HEADERS)
        return answer.status, _REAL_TIME.sub(b"", answer.body)

    def end(self) -> None:
        """Nothing went wrong inside."""
        assert [world.errors for world in self.mock.worlds.all() if world.errors] == []
        self.mock.worlds.close()


_CALL = st.tuples(st.sampled_from(SANDBOXES), st.integers(0, len(CALLS) - 1))


@settings(max_examples=12, deadline=None)
@given(st.lists(_CALL, min_size=5, max_size=40))
def test_a_sandbox_answers_the_same_whatever_happens_in_others(calls: list[tuple[str, int]]) -> None:
    together = Running()
    answers = [together.call(*call) for call in calls]
    together.end()
    for sandbox in SANDBOXES:
        alone = Running()
        expected = [alone.call(*call) for call in calls if call[0] == sandbox]
        alone.end()
        assert [answer for call, answer in zip(calls, answers, strict=True) if call[0] == sandbox] == expected


def test_every_call_does_something() -> None:
    running = Running()
    faults = [number for number, call in enumerate(CALLS) if call[:2] == ("POST", "control/faults")]
    statuses = [running.call("a", number)[0] for number in (*range(len(CALLS)), *faults, 0, 1, 2, *range(15))]
    running.end()
    assert {200, 401, 503} <= set(statuses)
    assert not {404, 405, 415} & set(statuses)
