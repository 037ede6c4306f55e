"""Copies the logged models of MLflow 3: what `mlflow.<flavour>.log_model` makes inside a kept run.

A server of MLflow 2 knows no logged models: there their files become artifacts of the run, as MLflow 2 has them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hokusai import _mlflow_logged
from hokusai._sync import artifacts
from hokusai._sync.kept import ORIGIN, KeptRun
from hokusai._sync.report import Uploaded
from hokusai._sync.runs import Job
from hokusai.core._sources import Source
from hokusai.exceptions import HokusaiException

__all__ = ["copy_logged_models", "source_of"]


def copy_logged_models(job: Job, kept: KeptRun) -> list[Uploaded]:
    """Copy the logged models whose source is `kept`, which is copied already; return what they became."""
    models = _mlflow_logged.of_run(job.source, kept.experiment.experiment_id, kept.id)
    if not models:
        return []
    experiment = job.experiments[str(kept.experiment.experiment_id)]
    there = _on_server(job, experiment, job.run_ids[kept.id])
    if there is None:
        return [_copy_as_artifacts(job, kept, model) for model in models]
    known = {str(model.tags.get(ORIGIN)): str(model.model_id) for model in there}
    return [_copy(job, kept, model, experiment, known.get(job.origin(str(model.model_id)))) for model in models]


def _on_server(job: Job, experiment: str, run_id: str) -> list[Any] | None:
    """Return the logged models that the copy has already; `None` where the server is of MLflow 2."""
    try:
        with job.backend.calling("read logged models", HokusaiException):
            return _mlflow_logged.of_run(job.place.client, experiment, run_id)
    except HokusaiException as error:
        if error.status_code == 404:
            return None
        raise


def _copy(job: Job, kept: KeptRun, model: Any, experiment: str, there: str | None) -> Uploaded:
    """Copy one logged model, or go on with the copy that is `there`."""
    client, new_run, old = job.place.client, job.run_ids[kept.id], str(model.model_id)
    item = f"logged-model/{old}"
    if there is None:
        tags = {str(name): str(value) for name, value in model.tags.items() if not name.startswith("mlflow.")}
        job.journal.creating(item)
        new = _mlflow_logged.create(client, experiment, new_run, model, {**tags, ORIGIN: job.origin(old)})
        job.journal.created(item, new)
    else:
        new = there
        job.journal.created(item, new)
    artifacts.upload(
        job.journal,
        item,
        _folder(model),
        lambda file, below: _mlflow_logged.send_file(client, new, file, below),
        job.progress,
    )
    _mlflow_logged.finish(client, new, new_run, str(model.status), _step(kept, old))
    job.journal.done(item)
    return Uploaded("logged model", str(model.name), f"local:{old}", new)


def _copy_as_artifacts(job: Job, kept: KeptRun, model: Any) -> Uploaded:
    new_run, path, item = job.run_ids[kept.id], str(model.name), f"logged-model/{model.model_id}"
    job.journal.created(item, f"runs:/{new_run}/{path}")
    artifacts.upload(
        job.journal,
        item,
        _folder(model),
        lambda file, below: job.place.client.log_artifact(new_run, str(file), f"{path}/{below}" if below else path),
        job.progress,
    )
    return Uploaded("logged model", path, f"local:{model.model_id}", f"runs:/{new_run}/{path}")


def source_of(job: Job, old: str, run_id: str) -> Source | None:
    """Return the source of a version that was made of the logged model `old`; `None` when that was never copied."""
    new = job.journal.entry(f"logged-model/{old}").created
    if new is None:
        return None
    if new.startswith("runs:/"):
        return Source(new, new.split("/")[1])
    return Source(f"models:/{new}", job.run_ids.get(run_id), new)


def _step(kept: KeptRun, old: str) -> int:
    """Return the step at which the run made the model."""
    outputs = getattr(getattr(kept.run, "outputs", None), "model_outputs", None) or []
    return next((int(output.step) for output in outputs if output.model_id == old), 0)


def _folder(model: Any) -> Path:
    return artifacts.folder_of(str(model.artifact_location)) or Path(str(model.artifact_location))
