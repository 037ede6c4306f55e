"""Copies kept versions of registered models: their sources are found again on the server, their numbers counted there.

The semantic version follows the rule of `register_version`: one that was asked for is kept where it is free, any other
is counted on from the highest that the server has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from hokusai import _mlflow
from hokusai._sync.artifacts import folder_of
from hokusai._sync.kept import COPY, ORIGIN, WISH, KeptVersion, own_tags
from hokusai._sync.logged_models import source_of
from hokusai._sync.runs import Job
from hokusai.core._settling import MOVED, settle
from hokusai.core._sources import Source
from hokusai.core._versions import ModelVersion, Part, Version, next_version, read_versions
from hokusai.exceptions import HokusaiException

__all__ = ["copy_version"]

_RUN = re.compile(r"runs:/+([^/]+)/(.+)")
_LOGGED = re.compile(r"models:/+(m-[0-9a-zA-Z]+)")


def copy_version(job: Job, kept: KeptVersion) -> ModelVersion:
    """Copy `kept`, whose run is copied already; return the version that the server has now."""
    client, item = job.place.client, f"version/{kept.name}/{kept.number}"
    origin = job.origin(f"{kept.name}/{kept.number}")
    there = read_versions(client, kept.name)
    found = next((version for version in there if version.tags.get(ORIGIN) == origin), None)
    if found is None:
        source = _source(job, kept)
        _ensure_model(job, kept)
        tags = {name: job.translated(value) for name, value in own_tags(kept.tags).items()} | {ORIGIN: origin}
        tags.pop(MOVED, None)
        semantic = _choose(kept, there)
        if semantic is not None:
            tags["version"] = str(semantic)
        job.journal.creating(item)
        created = _mlflow.create_version(
            client, kept.name, source.uri, run_id=source.run_id, tags=tags, logged_model=source.logged_model
        )
        job.journal.created(item, str(created.version))
        found = ModelVersion.of(created)
    settled = _settled(job, kept, found)
    if kept.version.description:
        client.update_model_version(kept.name, str(settled.number), kept.version.description)
    job.journal.done(item)
    job.source.set_model_version_tag(kept.name, str(kept.number), COPY, str(settled.number))
    return settled


def _part(kept: KeptVersion) -> Part:
    wish = kept.tags.get(WISH)
    return next((part for part in get_args(Part) if part == wish), "minor")


def _choose(kept: KeptVersion, there: Sequence[ModelVersion]) -> Version | None:
    """Return the semantic version on the server; `None` for a version that has none (a tokenized one)."""
    own = Version.parse(kept.tags.get("version"))
    if own is None:
        return None
    taken = {version.semantic for version in there}
    if kept.tags.get(WISH) == "asked" and own not in taken:
        return own
    return next_version(there, _part(kept))


def _settled(job: Job, kept: KeptVersion, version: ModelVersion) -> ModelVersion:
    """Make sure that no other version has the same semantic version, and return it as it is then."""
    if version.semantic is None:
        return version
    moved = MOVED in version.tags
    semantic = settle(job.place.client, kept.name, version.number, version.semantic, _part(kept), moved=moved)
    return ModelVersion(**{**_fields(version), "semantic": semantic})


def _fields(version: ModelVersion) -> dict[str, Any]:
    return {name: getattr(version, name) for name in ModelVersion.__slots__}


def _ensure_model(job: Job, kept: KeptVersion) -> None:
    """Create the registered model unless it exists, with its tags and description; what it has there stays."""
    client = job.place.client
    here = job.source.get_registered_model(kept.name)
    try:
        client.create_registered_model(kept.name)
    except _mlflow.error_types() as error:
        if getattr(error, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
            raise
    there = client.get_registered_model(kept.name)
    known = dict(there.tags or {})
    for tag, value in own_tags(here.tags or {}).items():
        if tag not in known:
            client.set_registered_model_tag(kept.name, tag, value)
    if here.description and not there.description:
        client.update_registered_model(kept.name, here.description)


def _source(job: Job, kept: KeptVersion) -> Source:
    """Return what the version's source is on the server.

    Raises:
        HokusaiException: it lies neither in a run nor in a logged model that was copied.
    """
    source, run_id = str(kept.version.source or ""), str(kept.version.run_id or "")
    match = _LOGGED.fullmatch(source)
    if match:
        found = source_of(job, match[1], run_id)
        if found is not None:
            return found
    match = _RUN.fullmatch(source)
    if match and match[1] in job.run_ids:
        new = job.run_ids[match[1]]
        return Source(f"runs:/{new}/{match[2]}", new)
    path = _path_in_run(job, source, run_id)
    if path is not None:
        return Source(f"runs:/{job.run_ids[run_id]}/{path}", job.run_ids[run_id])
    raise HokusaiException(
        f"Its source {source!r} is in no run that was kept with it.",
        remedy="Log the model to a run of the server, and register it there.",
    )


def _path_in_run(job: Job, source: str, run_id: str) -> str | None:
    """Return the path of a source that names a folder of the local store, as MLflow 2 writes it, in its run."""
    if run_id not in job.run_ids:
        return None
    root, folder = folder_of(str(job.source.get_run(run_id).info.artifact_uri)), folder_of(source)
    if root is None or folder is None or not folder.is_relative_to(root):
        return None
    return folder.relative_to(root).as_posix()
