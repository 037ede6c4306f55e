"""Registering a model: the one way that every documented method shares.

Everything that can be refused is refused first; then the model is saved locally; only then the server is touched, in
this order: run, artifacts, registered model, version. The source is `runs:/<run id>/<path>` together with the run id,
because servers from 3.17 on accept nothing less. All calls go through the client, never the fluent API.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend, Place
from hokusai.core import _sources
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._packaging import check_loggable, saved
from hokusai.core._versions import Part, Version, check_name, next_version, read_versions
from hokusai.core.models import HokusaiModel
from hokusai.exceptions import InvalidParameterError, VersioningException

__all__ = ["Order", "checked_metadata", "checked_metrics", "register"]

EXPERIMENT = "hokusai_registrations"
"""The experiment that holds the runs which registration makes."""

_MOVED = "hokusai.version_moved"
"""Marks a version whose semantic version was changed after it was created."""

_TAG_LIMIT = 5000
"""Characters of a tag's value that every MLflow server accepts (2.9.2 refuses more)."""


@dataclass(frozen=True, slots=True)
class Order:
    """A checked wish to register: what, under which name, with which version."""

    name: str
    model: object = None
    run_id: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    version: Version | None = None
    """The version asked for; where it is taken, the next free one is used, unless `exact`."""
    exact: bool = False
    part: Part = "minor"

    @classmethod
    def checked(
        cls,
        name: object,
        parameter: str,
        model: object,
        *,
        run_id: object = None,
        metadata: object = None,
        metrics: object = None,
    ) -> Order:
        """Check everything that can be checked without a server; `InvalidParameterError` names the parameter."""
        if model is None and not run_id:
            raise InvalidParameterError("There is nothing to register: pass model, or mlflow_run_id.")
        if run_id is not None and (not isinstance(run_id, str) or not run_id.strip()):
            raise InvalidParameterError(f"mlflow_run_id must be a run id, not {run_id!r}.")
        uri = isinstance(model, str)
        if uri:
            _sources.check_uri(str(model))
        elif model is not None:
            check_loggable(model)
        details = checked_metadata(metadata)
        return cls(
            name=check_name(name, parameter),
            model=model,
            run_id=run_id,
            metadata=details,
            metrics=checked_metrics(_metrics_of(model) if metrics is None else metrics),
            version=_version_of(model, details),
        )


def checked_metadata(metadata: object) -> dict[str, Any]:
    """Return a copy of `metadata` that can be kept as JSON, or raise `InvalidParameterError`."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise InvalidParameterError(f"metadata must be a dict, not {type(metadata).__name__}.")
    try:
        text = json.dumps(dict(metadata), sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InvalidParameterError(f"metadata cannot be written as JSON: {error}.") from error
    if len(text) > _TAG_LIMIT:
        raise InvalidParameterError(f"metadata is {len(text)} characters of JSON; MLflow keeps at most {_TAG_LIMIT}.")
    return dict(metadata)


def checked_metrics(metrics: object) -> dict[str, float]:
    """Return `metrics` as finite floats by name, or raise `InvalidParameterError` that names the wrong one."""
    if metrics is None:
        return {}
    if not isinstance(metrics, Mapping):
        raise InvalidParameterError(f"metrics must be a dict, not {type(metrics).__name__}.")
    checked: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not isinstance(name, str) or not name or isinstance(value, (bool, str)) or not math.isfinite(number):
            raise InvalidParameterError(f"metrics[{name!r}] must be a finite number, not {value!r}.")
        checked[name] = number
    return checked


def _metrics_of(model: object) -> object:
    return model.get_metrics() if isinstance(model, HokusaiModel) else None


def _version_of(model: object, metadata: dict[str, Any]) -> Version | None:
    """Return the semantic version that metadata or the model asks for; `None` to count."""
    wanted = metadata.get("version")
    origin = "metadata['version']"
    if wanted is None and isinstance(model, HokusaiModel):
        wanted, origin = model.version, "model.version"
    if wanted is None:
        return None
    version = Version.parse(wanted)
    if version is None:
        raise InvalidParameterError(f"{origin} must be a semantic version such as '1.2.0', not {wanted!r}.")
    return version


def register(backend: Backend, order: Order) -> ModelRegistryEntry:
    """Register what `order` says, and return the entry with the version it got."""
    action = f"register {order.name!r}"
    with ExitStack() as stack:
        folder = None
        if order.model is not None and not isinstance(order.model, str):
            folder = stack.enter_context(saved(order.model))
        place = backend.unit(action)
        stack.enter_context(backend.calling(action))
        taken = read_versions(place.client, order.name)
        semantic = _choose(order, {version.semantic for version in taken}, next_version(taken, order.part))
        return _write(place, order, folder, semantic)


def _choose(order: Order, taken: set[Version | None], following: Version) -> Version:
    """Return the semantic version to write; refuse one that was asked for exactly and is taken."""
    if order.version is None:
        return following
    if order.version not in taken:
        return order.version
    if order.exact:
        raise VersioningException(
            f"Model {order.name!r} already has a version {order.version}.",
            remedy=f"Use the next one, {following}, or pass auto_increment.",
        )
    return following


def _write(place: Place, order: Order, folder: Path | None, semantic: Version) -> ModelRegistryEntry:
    """Create run, artifacts, registered model and version."""
    registration = uuid.uuid4().hex
    if folder is not None:
        source = _log(place, order, folder, registration)
    else:
        source = _sources.resolve(place.client, order.model if isinstance(order.model, str) else None, order.run_id)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    model_id = getattr(order.model, "model_id", None) if isinstance(order.model, HokusaiModel) else None
    model_id = str(model_id) if model_id else f"{order.name}-{registration[:12]}"
    tags = {**_tags(order, semantic, now, model_id), "hokusai.registration_id": registration, **place.tags()}
    _ensure_model(place.client, order.name)
    created = _mlflow.create_version(
        place.client, order.name, source.uri, run_id=source.run_id, tags=tags, logged_model=source.logged_model
    )
    number = int(created.version)
    settled = _settle(place.client, order, number, semantic)
    local = place.fallback_from is not None
    return ModelRegistryEntry(
        model_id=f"local:{model_id}" if local else model_id,
        model_type=order.name,
        version=str(settled),
        is_baseline=True,
        metrics=dict(order.metrics),
        timestamp=now,
        mlflow_version=None if local else str(number),
        tags={**tags, "version": str(settled)},
        run_id=f"local:{source.run_id}" if local and source.run_id else source.run_id,
    )


def _log(place: Place, order: Order, folder: Path, registration: str) -> _sources.Source:
    """Log the saved model to the caller's run, or to a run made for it, and return where it is."""
    client = place.client
    if order.run_id:
        run_id, path = client.get_run(order.run_id).info.run_id, f"model-{registration[:8]}"
        client.log_artifacts(run_id, str(folder), path)
        return _sources.Source(f"runs:/{run_id}/{path}", run_id)
    marks = {"mlflow.runName": f"register {order.name}", "hokusai.registration_id": registration, **place.tags()}
    run_id = client.create_run(place.experiment(EXPERIMENT), tags=marks).info.run_id
    status = "FAILED"
    try:
        for name, value in order.metrics.items():
            client.log_metric(run_id, name, value)
        client.log_artifacts(run_id, str(folder), "model")
        status = "FINISHED"
    finally:
        _mlflow.end_run(client, run_id, status)
    return _sources.Source(f"runs:/{run_id}/model", run_id)


def _tags(order: Order, semantic: Version, now: datetime, model_id: str) -> dict[str, str]:
    """Return the tags of a version, by the names that the platform's own pages read."""
    tags = {
        "model_id": model_id,
        "model_type": order.name,
        "version": str(semantic),
        "is_baseline": "true",
        "metrics": json.dumps(order.metrics, sort_keys=True),
        "timestamp": now.isoformat(),
    }
    if order.metadata:
        tags["metadata"] = json.dumps(order.metadata, sort_keys=True)
    return tags


def _ensure_model(client: Any, name: str) -> None:
    """Create the registered model unless it exists."""
    try:
        client.create_registered_model(name)
    except _mlflow.error_types() as error:
        if getattr(error, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
            raise


def _settle(client: Any, order: Order, number: int, semantic: Version) -> Version:
    """Read the versions again: of equal semantic versions the lower number keeps it, the other takes the next.

    The tag given at creation is ordered by the number, a changed one by nothing; hence a version is marked before its
    tag changes, and whoever sees another one equal to a marked one gives way. Of any two that write and then read, one
    sees the other, so that two never keep the same.
    """
    moved = False
    while True:
        versions = read_versions(client, order.name)
        equal = [version for version in versions if version.semantic == semantic and version.number != number]
        rivals = [version for version in equal if moved or _MOVED in version.tags or version.number < number]
        if not rivals:
            return semantic
        if not moved:
            client.set_model_version_tag(order.name, str(number), _MOVED, "true")
            moved = True
        semantic = next_version(versions, order.part)
        for _ in [version for version in rivals if version.number < number][1:]:
            semantic = semantic.bump(order.part)  # the first keeps its own; those between take the nearer ones
        client.set_model_version_tag(order.name, str(number), "version", str(semantic))
