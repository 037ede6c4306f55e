"""Cassettes as vcrpy, older tools and the kit write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cassette_samples import OLD

from hokusai_mock import MockServer


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A cassette that vcrpy wrote without any filter."""
    pytest.importorskip("yaml", reason="cassettes in YAML need vcrpy, an extra")
    path = tmp_path / "old.yaml"
    path.write_text(OLD, "utf-8")
    return path


@pytest.fixture
def recorded(tmp_path: Path, ask: Callable[..., Any]) -> Path:
    """A cassette of the kit: an experiment, a run in it, both looked at."""
    pytest.importorskip("yaml", reason="cassettes in YAML need vcrpy, an extra")
    with MockServer(plain=True, record=tmp_path / "kit") as server:
        root = f"{server.sandbox().tracking_uri}/api/2.0/mlflow"
        made = ask(f"{root}/experiments/create", {"name": "recorded"})
        run = ask(f"{root}/runs/create", {"experiment_id": made["experiment_id"], "start_time": 1})["run"]["info"]
        ask(f"{root}/runs/set-tag", {"run_id": run["run_id"], "key": "db_password", "value": "hunter2hunter2"})
        ask(f"{root}/runs/get?run_id={run['run_id']}")
    return tmp_path / "kit" / "default.yaml"


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Ask for JSON: `ask(url)` or `ask(url, body)`."""
    from urllib.request import Request, urlopen  # noqa: PLC0415

    def send(url: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    return send
