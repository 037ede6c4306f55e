"""Where an artifact that is already logged lies: `runs:/`, `models:/` and run ids become a version's source.

Resolved before anything is registered, so that a wrong id leaves nothing behind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from hokusai import _mlflow
from hokusai.core._versions import find_version
from hokusai.exceptions import InvalidParameterError

__all__ = ["Source", "check_uri", "resolve"]

_RUN = re.compile(r"runs:/+([^/]+)/(.+)")
_LOGGED = re.compile(r"models:/+(m-[0-9a-zA-Z]+)")
_MODEL = re.compile(r"models:/+([^/@]+)(?:/([^/]+)|@(.+))")


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a model version: URI, run id, and (3.x) the id of the logged model."""

    uri: str
    run_id: str | None
    logged_model: str | None = None


def check_uri(uri: str, parameter: str = "model") -> None:
    """Refuse a string that is no `runs:/` or `models:/` URI of a known form."""
    if not (_RUN.fullmatch(uri) or _LOGGED.fullmatch(uri) or _MODEL.fullmatch(uri)):
        raise InvalidParameterError(
            f"{parameter}={uri!r} is no model URI. Forms: runs:/<run id>/<path>, models:/<name>/<version>, "
            "models:/<name>@<alias>, models:/<logged model id>."
        )


def resolve(client: Any, uri: str | None, run_id: str | None) -> Source:
    """Return the source that a URI, or a run's own logged model, stands for; reads only.

    Raises:
        InvalidParameterError: the run has no logged model, or URI and run id contradict each other.
        ModelNotFoundError: a `models:/` URI names no registered version.
    """
    source = _of_uri(client, uri) if uri else _of_run(client, str(run_id))
    if run_id and source.run_id and source.run_id != run_id:
        raise InvalidParameterError(f"mlflow_run_id={run_id!r} is not the run of {uri!r}, which is {source.run_id}.")
    return source


def _of_uri(client: Any, uri: str) -> Source:
    match = _RUN.fullmatch(uri)
    if match:
        run_id = client.get_run(match[1]).info.run_id
        return Source(f"runs:/{run_id}/{match[2]}", run_id)
    match = _LOGGED.fullmatch(uri)
    if match:
        if not hasattr(client, "get_logged_model"):
            raise InvalidParameterError(f"{uri!r} names a logged model, which this MLflow client (2.x) does not know.")
        logged = client.get_logged_model(match[1])
        return Source(f"models:/{match[1]}", logged.source_run_id or None, match[1])
    match = _MODEL.fullmatch(uri)
    if match is None:
        raise InvalidParameterError(f"model={uri!r} is no model URI.")
    version = find_version(client, match[1], match[2] or match[3])
    logged_id = _LOGGED.fullmatch(version.source)
    return Source(version.source, version.run_id, logged_id[1] if logged_id else None)


def _of_run(client: Any, run_id: str) -> Source:
    """Find the model that was logged to a run: by its artifacts, by its history (2.x), by its outputs (3.x)."""
    run = client.get_run(run_id)
    history = json.loads(run.data.tags.get("mlflow.log-model.history", "[]"))
    paths = [entry.get("artifact_path") for entry in history if entry.get("artifact_path")]
    root = run.info.artifact_uri
    folders = [name for name, is_folder in _mlflow.artifact_names(root) if is_folder]
    for path in [*reversed(paths), *reversed(folders)]:
        if ("MLmodel", False) in _mlflow.artifact_names(f"{root}/{path}"):
            return Source(f"runs:/{run_id}/{path}", run_id)
    outputs = getattr(getattr(run, "outputs", None), "model_outputs", None) or []
    if outputs:
        logged = outputs[-1].model_id
        return Source(f"models:/{logged}", run_id, logged)
    raise InvalidParameterError(f"The run {run_id!r} has no logged model: pass model, or log one to the run first.")
