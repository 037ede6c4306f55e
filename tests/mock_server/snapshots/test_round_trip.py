"""Whatever was done in a sandbox: a snapshot of it, put back elsewhere, gives the same bytes and the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from hokusai_mock.app import create_app
from hokusai_mock.snapshots import difference, read_snapshot, restore, snapshot, to_bytes
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

START = 1_750_000_000_000
MLFLOW = "/api/mlflow/api/2.0/mlflow"
ARTIFACTS = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts"


class Side:
    """One server with a sandbox, without sockets."""

    def __init__(self, sandbox: str, seed: int) -> None:
        self.worlds = Worlds(WorldOptions(seed=seed))
        self.sandbox = sandbox
        self._client: FlaskClient = create_app(self.worlds).test_client()
        self.control("PUT", "/clock", {"frozen": True, "now_ms": START})

    def ask(self, method: str, path: str, body: Any = None, role: str = "admin") -> tuple[int, bytes]:
        data = body if isinstance(body, bytes) else None
        answer = self._client.open(
            f"/s/{self.sandbox}{path}",
            method=method,
            json=None if data is not None or method == "GET" else body or {},
            data=data,
            headers={"Authorization": f"Bearer hk_test_{role}"},
        )
        return answer.status_code, answer.data

    def control(self, method: str, path: str, body: Any) -> None:
        answer = self._client.open(f"/_testkit/v1/sandboxes/{self.sandbox}{path}", method=method, json=body)
        assert answer.status_code == 200, answer.data

    def saved(self) -> bytes:
        return to_bytes(snapshot(self.worlds.get(self.sandbox)))


Step = Callable[[Side], object]
names = st.sampled_from(["a", "b", "ä/ö"])
small = st.integers(0, 3)


def post(path: str, **fields: Any) -> Step:
    return lambda side: side.ask("POST", f"{MLFLOW}/{path}", fields)


def of_run(number: int, act: Callable[[Side, str], object]) -> Step:
    """Do something with one of the runs, if there is any."""

    def step(side: Side) -> None:
        runs, _ = side.worlds.get(side.sandbox).store.runs.contents()
        if runs:
            act(side, runs[number % len(runs)].run_id)

    return step


def log(number: int, key: str, value: float | str, at: int) -> Step:
    def act(side: Side, run: str) -> None:
        side.ask(
            "POST",
            f"{MLFLOW}/runs/log-metric",
            {"run_id": run, "key": key, "value": value, "timestamp": at, "step": at},
        )

    return of_run(number, act)


def upload(number: int, name: str, content: bytes) -> Step:
    def act(side: Side, run: str) -> None:
        side.ask("PUT", f"{ARTIFACTS}/0/{run}/artifacts/{name}.bin", content)

    return of_run(number, act)


def on_run(number: int, path: str, **fields: Any) -> Step:
    return of_run(number, lambda side, run: side.ask("POST", f"{MLFLOW}/{path}", {"run_id": run, **fields}))


def control(method: str, path: str, body: Any) -> Step:
    return lambda side: side.control(method, path, body)


steps = st.one_of(
    st.builds(lambda name: post("experiments/create", name=name, tags=[{"key": "k", "value": name}]), names),
    st.builds(lambda name: post("runs/create", experiment_id="0", start_time=START, run_name=name), names),
    st.builds(log, small, names, st.sampled_from([1, 0.5, -1e300, "NaN", "Infinity"]), small),
    st.builds(lambda n, name: on_run(n, "runs/log-parameter", key=name, value=name), small, names),
    st.builds(lambda n, name: on_run(n, "runs/set-tag", key="mlflow.runName", value=name), small, names),
    st.builds(lambda n: on_run(n, "runs/delete"), small),
    st.builds(
        lambda n, name: on_run(
            n,
            "runs/log-inputs",
            datasets=[
                {
                    "dataset": {"name": name, "digest": "d", "source_type": "s", "source": "{}"},
                    "tags": [{"key": "mlflow.data.context", "value": "train"}],
                }
            ],
        ),
        small,
        names,
    ),
    st.builds(upload, small, st.sampled_from(["x", "y"]), st.binary(max_size=20)),
    st.builds(lambda name: post("registered-models/create", name=name, description="d"), st.sampled_from("abc")),
    st.builds(
        lambda name: post("model-versions/create", name=name, source="mlflow-artifacts:/0/x/artifacts"),
        st.sampled_from("abc"),
    ),
    st.builds(
        lambda name, stage: post("model-versions/transition-stage", name=name, version="1", stage=stage),
        st.sampled_from("abc"),
        st.sampled_from(["Staging", "Production"]),
    ),
    st.builds(
        lambda name: post("registered-models/alias", name=name, alias="best", version="1"), st.sampled_from("abc")
    ),
    st.builds(
        lambda name: lambda side: side.ask("DELETE", f"{MLFLOW}/model-versions/delete", {"name": name, "version": "1"}),
        st.sampled_from("abc"),
    ),
    st.builds(lambda name: post("logged-models", experiment_id="0", name=name), st.sampled_from("ab")),
    st.builds(lambda s: control("POST", "/clock", {"advance": s}), st.integers(0, 100)),
    st.builds(lambda balance: control("PUT", "/keys/reader", {"balance": balance}), small),
    st.builds(lambda limit: control("PUT", "/settings", {"rate_limit": limit}), small),
    st.just(control("PUT", "/settings", {"basic_auth": {"users": {"alice": "wonderland"}}})),
    st.just(control("PUT", "/settings", {"allowed_hosts": ["*"], "artifact_root": "mlflow-artifacts:/elsewhere"})),
    st.just(control("POST", "/scenarios", {"name": "gateway.lb_error", "params": {"times": 2, "after": 1}})),
    st.just(
        control(
            "POST",
            "/faults",
            {
                "layer": "edge",
                "effect": "status",
                "probability": 0.3,
                "match": {"paths": ["@mlflow/registered-models/*"]},
                "with": {"status": 503},
            },
        )
    ),
    st.just(control("DELETE", "/scenarios", None)),
    st.just(lambda side: side.ask("GET", "/api/models/a/lineage", role="default")),
)

QUESTIONS: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"{MLFLOW}/experiments/search", {"max_results": 50}),
    ("POST", f"{MLFLOW}/runs/search", {"experiment_ids": ["0"], "order_by": ["metrics.a DESC"], "max_results": 50}),
    ("GET", f"{MLFLOW}/registered-models/search?max_results=50", None),
    ("GET", f"{MLFLOW}/model-versions/search?max_results=50", None),
    ("POST", f"{MLFLOW}/logged-models/search", {"experiment_ids": ["0"]}),
    ("GET", f"{MLFLOW}/registered-models/alias?name=a&alias=best", None),
    ("GET", f"{MLFLOW}/registered-models/get-latest-versions?name=a", None),
    ("GET", f"{ARTIFACTS}?path=0", None),
    # What is made next has the same ids and numbers.
    ("POST", f"{MLFLOW}/runs/create", {"experiment_id": "0", "start_time": START}),
    ("POST", f"{MLFLOW}/experiments/create", {"name": "new"}),
    ("POST", f"{MLFLOW}/model-versions/create", {"name": "a", "source": "mlflow-artifacts:/0/x/artifacts"}),
    ("GET", "/health", None),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(steps, max_size=20))
def test_a_snapshot_put_back_elsewhere_gives_the_same_bytes_and_the_same_answers(done):
    here, there = Side("here", seed=1), Side("elsewhere", seed=2)
    for step in done:
        step(here)
    saved = here.saved()
    restore(there.worlds, "elsewhere", read_snapshot(json.loads(saved)))
    assert there.saved() == saved
    for method, path, body in QUESTIONS:
        assert here.ask(method, path, body) == there.ask(method, path, body), path
    assert difference(json.loads(here.saved()), json.loads(there.saved())) == []
    for side in (here, there):
        side.worlds.close()
