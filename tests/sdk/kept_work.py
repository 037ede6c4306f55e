"""Work that an outage makes a fallback keep, and what the server must have of it after a sync.

`keep` is called while the server is away; `differences` asks the server by a plain MLflow client, of which the code
under test knows nothing.
"""

# ruff: noqa: PLC0415 - MLflow is imported where a test or a child needs it

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hokusai_mock import Sandbox

__all__ = ["FILES", "LOSS", "copies", "differences", "keep", "keep_run", "sync_and_tell", "sync_now", "waits"]

LOSS = [(0.9, 1_000, 0), (0.5, 2_000, 1), (0.25, 3_000, 2)]
"""(value, timestamp in ms, step) of the metric `loss`."""

FILES = {"notes.txt": b"kept", "data/deep/all bytes.bin": bytes(range(256)) * 40, "data/empty": b""}


def keep_run(experiment: str, label: str, folder: Path) -> str:
    """Keep a run with parameters, tags, history, files and a nested run; return its local id."""
    import mlflow

    from hokusai import ExperimentManager

    _write_files(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager = ExperimentManager()
    with manager.start_experiment(experiment) as run:
        client = mlflow.MlflowClient()
        mlflow.log_params({"rate": 0.1, "label": label})
        mlflow.set_tags({"team": "blue", "label": label})
        for value, moment, step in LOSS:
            client.log_metric(run.info.run_id, "loss", value, moment, step)
        mlflow.log_artifacts(str(folder))
        experiment_id = run.info.experiment_id
        with mlflow.start_run(nested=True, experiment_id=experiment_id, run_name=f"inner {label}"):
            mlflow.log_metric("inner", 1.5)
    return str(run.info.run_id)


def _write_files(folder: Path) -> None:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def keep(label: str, folder: str, name: str = "kept") -> None:
    """Keep a run (see `keep_run`) in the experiment `name`, and a version of the model `name`."""
    from hokusai import ModelRegistry

    keep_run(name, label, Path(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry = ModelRegistry()
    registry.register_baseline(lambda rows: [label] * len(rows), model_name=name, metadata={"label": label})


def sync_now(**wishes: Any) -> Any:
    """Sync with the server of the environment; return the report."""
    from hokusai._backend import Backend
    from hokusai._sync.engine import sync
    from hokusai.config._resolver import resolve

    return sync(Backend(resolve(mode="online")), **wishes)


def sync_and_tell() -> dict[str, Any]:
    """Sync in a child: what came of it, as JSON."""
    report = sync_now()
    return {"complete": report.complete, "left": [f"{item.kind} {item.name}: {item.reason}" for item in report.left]}


def waits() -> list[str]:
    """Return what waits for the server of the environment, in words."""
    from hokusai._sync.waiting import waiting
    from hokusai.config._resolver import tracking_uri_in_force

    return [f"{item.kind} {item.name}" for item in waiting(tracking_uri_in_force()[0]).items]


def copies(sandbox: Sandbox, experiment: str) -> list[Any]:
    """Return the runs of an experiment on the server, oldest first."""
    with _client(sandbox) as client:
        found = client.get_experiment_by_name(experiment)
        runs = [] if found is None else client.search_runs([found.experiment_id], order_by=["attributes.start_time"])
        return list(runs)


def differences(sandbox: Sandbox, labels: list[str], name: str = "kept") -> Iterator[str]:
    """Say where the server differs from having what `keep` kept for every label in `labels`, whole and once."""
    with _client(sandbox) as client:
        experiment = client.get_experiment_by_name(name)
        runs = client.search_runs([experiment.experiment_id]) if experiment else []
        outer = {run.data.tags["label"]: run for run in runs if "label" in run.data.tags}
        if len(runs) != 2 * len(labels) or sorted(outer) != sorted(labels):
            yield f"{len(runs)} runs, of {sorted(outer)}, for the work {sorted(labels)}"
            return
        for label, run in outer.items():
            yield from _differing_run(client, label, run, [inner for inner in runs if inner is not run])
        yield from _differing_versions(client, labels, name)


def _differing_run(client: Any, label: str, run: Any, others: list[Any]) -> Iterator[str]:
    run_id = run.info.run_id
    inner = [other for other in others if other.data.tags.get("mlflow.runName") == f"inner {label}"]
    if [other.data.tags.get("mlflow.parentRunId") for other in inner] != [run_id]:
        yield f"{label}: the nested run is not below its parent"
    if {run.info.status, *(other.info.status for other in inner)} != {"FINISHED"}:
        yield f"{label}: the runs have not all ended"
    if run.data.params != {"rate": "0.1", "label": label}:
        yield f"{label}: parameters {run.data.params}"
    history = [(point.value, point.timestamp, point.step) for point in client.get_metric_history(run_id, "loss")]
    if sorted(history, key=lambda point: point[2]) != LOSS:
        yield f"{label}: history {history}"
    files = dict(_files(client, run_id))
    if files != {name: len(content) for name, content in FILES.items()}:
        yield f"{label}: files {files}"


def _files(client: Any, run_id: str, path: str | None = None) -> Iterator[tuple[str, int]]:
    for item in client._tracking_client.list_artifacts(run_id, path):
        if item.is_dir:
            yield from _files(client, run_id, item.path)
        else:
            yield item.path, item.file_size or 0


def _differing_versions(client: Any, labels: list[str], name: str) -> Iterator[str]:
    import json

    versions = sorted(client.search_model_versions(f"name='{name}'"), key=lambda version: int(version.version))
    found = sorted(json.loads(version.tags["metadata"])["label"] for version in versions)
    if found != sorted(labels):
        yield f"versions of {found} for {sorted(labels)}"
    semantic = [version.tags["version"] for version in versions]
    if semantic != [f"1.{number}.0" for number in range(len(versions))]:
        yield f"the versions are {semantic}"
    for version in versions:
        if version.source != f"runs:/{version.run_id}/model":
            yield f"version {version.version} has the source {version.source}"
        if ("model/MLmodel") not in dict(_files(client, version.run_id, "model")):
            yield f"version {version.version} has no model"


def _client(sandbox: Sandbox) -> Any:
    """Give a client that sends the sandbox's key, as a context manager."""
    from contextlib import contextmanager

    from hokusai import _mlflow
    from hokusai._backend import Backend
    from hokusai.config._resolver import resolve

    @contextmanager
    def connected() -> Iterator[Any]:
        settings = resolve(sandbox.tracking_uri, sandbox.api_key, sandbox.api_endpoint, mode="online")
        with Backend(settings).calling("look at the server"):
            yield _mlflow.client(sandbox.tracking_uri)

    return connected()
