"""The adapter for the logged models of MLflow 3, which clients and servers of MLflow 2 do not know.

Everything else that differs between MLflow's versions is in `_mlflow.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hokusai import _mlflow

__all__ = ["create", "finish", "of_run", "send_file"]

_PAGE = 100


def of_run(client: Any, experiment: str, run_id: str) -> list[Any] | None:
    """Return the logged models whose source is `run_id`; `None` where the client is of MLflow 2."""
    if not hasattr(client, "search_logged_models"):
        return None
    found: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_logged_models(
            [experiment], filter_string=f"source_run_id = '{run_id}'", max_results=_PAGE, page_token=token
        )
        found.extend(page)
        token = page.token
        if not token:
            return found


def create(client: Any, experiment: str, run_id: str, model: Any, tags: dict[str, str]) -> str:
    """Create a logged model like `model`, made by the run `run_id`; return its id. It is pending until `finish`."""
    made = client.create_logged_model(
        experiment,
        name=model.name,
        source_run_id=run_id,
        tags=tags,
        params={str(name): str(value) for name, value in (model.params or {}).items()},
        model_type=model.model_type,
    )
    return str(made.model_id)


def send_file(client: Any, model_id: str, file: Path, below: str | None) -> None:
    """Upload one file to a logged model, below the folder `below`."""
    # The client's own method takes a folder to put it in only from 3.5 on; its repository always has.
    client._tracking_client._get_artifact_repo(model_id, resource="logged_model").log_artifact(str(file), below)


def finish(client: Any, model_id: str, run_id: str, status: str, step: int) -> None:
    """Make a logged model ready (or failed, as the original), and an output of its run; both once."""
    if status in ("READY", "FAILED"):
        client.finalize_logged_model(model_id, status)
    outputs = getattr(client.get_run(run_id), "outputs", None)
    if model_id not in {output.model_id for output in getattr(outputs, "model_outputs", None) or []}:
        client.log_outputs(run_id, [_mlflow.require("mlflow.entities").LoggedModelOutput(model_id, step)])
