"""Everything that a sandbox can be made to do, as plain requests: for tests that look at what two of them share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["HEADERS", "MLFLOW", "Send", "work_hard"]

MLFLOW = "/api/mlflow/api/2.0/mlflow"
ARTIFACTS = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts"
HEADERS = {"Authorization": "Bearer hk_test_admin", "Content-Type": "application/json"}

Send = Callable[[str, str, bytes], "tuple[int, bytes]"]
"""Method, target below `/s/<id>` (or of control, beginning with `/_testkit/`) and body; status and body back."""


def work_hard(send: Send, sandbox: str, mark: str) -> list[int]:
    """Use every part of a sandbox; `mark` is in all that is written. Returns the statuses."""
    statuses: list[int] = []

    def ask(method: str, path: str, payload: Any = None, *, raw: bytes = b"") -> Any:
        status, body = send(method, path, raw if payload is None else json.dumps(payload).encode())
        statuses.append(status)
        return json.loads(body) if body[:1] == b"{" else {}

    tags = [{"key": "mark", "value": mark}]
    experiment = ask("POST", f"{MLFLOW}/experiments/create", {"name": mark, "tags": tags})["experiment_id"]
    made = ask("POST", f"{MLFLOW}/runs/create", {"experiment_id": experiment, "run_name": mark, "tags": tags})
    run = made["run"]["info"]["run_id"]
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    ask("POST", f"{MLFLOW}/runs/log-batch", {"run_id": run, "metrics": [metric], "params": tags, "tags": tags})
    ask(
        "POST",
        f"{MLFLOW}/runs/search",
        {"experiment_ids": [experiment], "filter": "metrics.m > 0 AND tags.mark != 'x'"},
    )
    ask("POST", f"{MLFLOW}/registered-models/create", {"name": mark, "tags": tags})
    source = f"mlflow-artifacts:/{experiment}/{run}/artifacts"
    ask("POST", f"{MLFLOW}/model-versions/create", {"name": mark, "source": source, "run_id": run, "tags": tags})
    ask("POST", f"{MLFLOW}/registered-models/alias", {"name": mark, "alias": "champion", "version": "1"})
    ask("POST", f"{MLFLOW}/logged-models", {"experiment_id": experiment, "name": mark, "tags": tags})
    ask("PUT", f"{ARTIFACTS}/{experiment}/{run}/artifacts/small.txt", raw=mark.encode())
    ask("PUT", f"{ARTIFACTS}/{experiment}/{run}/artifacts/large.bin", raw=mark.encode() * 200_000)
    ask("GET", "/health")
    ask("POST", "/api/v1/keys/validate", {"api_key": "hk_test_admin", "service_id": mark})
    ask("GET", f"/api/v1/models/{mark}/info")
    control = f"/_testkit/v1/sandboxes/{sandbox}"
    rule = {"layer": "edge", "effect": "status", "with": {"status": 503, "json": {"mark": mark}}, "times": 1}
    ask("POST", f"{control}/faults", rule)
    ask("GET", "/health")
    ask("POST", f"{control}/scenarios", {"name": "auth.key_invalid"})
    ask("GET", f"{MLFLOW}/experiments/get?experiment_id={experiment}")
    ask("DELETE", f"{control}/scenarios")
    ask("PUT", f"{control}/profile", {"mlflow": "mlflow-3.17"})
    ask("POST", f"{MLFLOW}/experiments/search", {"max_results": 9, "filter": "name != 'x'"})
    ask("GET", f"{control}/journal")
    return statuses
