"""Reading registered versions as entries. Reads never fall back: an outage raises, it never looks like no models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._versions import ModelVersion, check_name, latest, quoted, read_versions, search_versions
from hokusai.exceptions import InvalidParameterError, ModelNotFoundError

__all__ = [
    "PRODUCTION",
    "by_id",
    "current_version",
    "entries_by_type",
    "entry_by_id",
    "entry_of",
    "latest_entry",
    "model_id_of",
]

PRODUCTION = "production"
"""The alias of the version that is in use."""

_KEPT = "local:"
_IDS_SHOWN = 200


def entry_of(version: ModelVersion) -> ModelRegistryEntry:
    """Make the entry of a version as it stands in the registry.

    What other tools wrote is taken as it is: without a semantic version it goes by MLflow's number, metrics that are
    no JSON object of numbers are none.
    """
    tags = version.tags
    return ModelRegistryEntry(
        model_id=model_id_of(version),
        model_type=version.name,
        version=str(version.semantic or version.number),
        is_baseline=tags.get("is_baseline", "").lower() == "true",
        baseline_id=tags.get("baseline_id"),
        metrics=_numbers(tags.get("metrics")) or {},
        delta_metrics=_numbers(tags.get("delta_metrics")),
        contributor_address=tags.get("contributor_address"),
        timestamp=_moment(tags.get("timestamp"), version.created),
        mlflow_version=str(version.number),
        tags=dict(tags),
        run_id=version.run_id,
    )


def model_id_of(version: ModelVersion) -> str:
    """Return the id of a version: its tag `model_id`, else `<name>/<MLflow's number>` as the platform writes it."""
    return version.tags.get("model_id") or f"{version.name}/{version.number}"


def by_id(client: Any, model_id: object) -> ModelVersion:
    """Return the version with an id; the newest where several bear it.

    Raises:
        InvalidParameterError: no text, or one with both kinds of quotes.
        ModelNotFoundError: there is none; the message names the nearest id.
    """
    if not isinstance(model_id, str) or not model_id.strip():
        raise InvalidParameterError(f"model_id must be the id of a registered model, not {model_id!r}.")
    if "'" in model_id and '"' in model_id:
        raise InvalidParameterError(f"model_id cannot hold both kinds of quotes: {model_id!r}.")
    found = search_versions(client, f"tag.model_id = {quoted(model_id)}") or _by_number(client, model_id)
    if not found:
        raise _unknown_id(client, model_id)
    return max(found, key=lambda version: (version.created, version.number))


def _by_number(client: Any, model_id: str) -> list[ModelVersion]:
    """Read an id of the form `<name>/<number>`, which versions without the tag go by."""
    name, _, number = model_id.rpartition("/")
    if not name or "/" in name or not number.isdecimal():
        return []
    found = (version for version in read_versions(client, name) if version.number == int(number))
    return [version for version in found if "model_id" not in version.tags]


def _unknown_id(client: Any, model_id: str) -> ModelNotFoundError:
    if model_id.startswith(_KEPT):
        return ModelNotFoundError(
            model_id,
            message=f"The model {model_id!r} is kept in the local store, not on the server.",
            remedy="Upload it with the command `hokusai sync`, which prints the id that it gets.",
        )
    try:
        page = client.search_model_versions("", max_results=_IDS_SHOWN)
    except _mlflow.error_types():
        page = []  # the hint is a courtesy: the error itself must not depend on another request
    near = get_close_matches(model_id, [model_id_of(ModelVersion.of(item)) for item in page], 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ModelNotFoundError(model_id, message=f"No registered model has the id {model_id!r}.{hint}", code="E04")


def current_version(client: Any, name: str) -> ModelVersion | None:
    """Return the version in use: that of the alias `production`, else the latest; `None` for a model without any."""
    versions = read_versions(client, name)
    if not versions:
        return None
    number = dict(client.get_registered_model(name).aliases or {}).get(PRODUCTION)
    promoted = [version for version in versions if number is not None and version.number == int(number)]
    return promoted[0] if promoted else latest(versions)


def entry_by_id(backend: Backend, model_id: str) -> ModelRegistryEntry:
    """Return the entry with an id."""
    with backend.calling(f"find the model {model_id!r}"):
        return entry_of(by_id(backend.client, model_id))


def entries_by_type(backend: Backend, model_type: object) -> list[ModelRegistryEntry]:
    """Return every version of a model as an entry, by ascending MLflow number."""
    name = check_name(model_type, "model_type")
    with backend.calling(f"list the versions of {name!r}"):
        return [entry_of(version) for version in read_versions(backend.client, name)]


def latest_entry(backend: Backend, model_type: object) -> ModelRegistryEntry | None:
    """Return the entry of the version in use."""
    name = check_name(model_type, "model_type")
    with backend.calling(f"find the latest version of {name!r}"):
        version = current_version(backend.client, name)
    return entry_of(version) if version else None


def _numbers(text: str | None) -> dict[str, float] | None:
    """Read metrics from a tag; `None` for what is no JSON object."""
    try:
        parsed = json.loads(text or "")
    except ValueError:
        return None
    if not isinstance(parsed, dict):
        return None
    numbers: Iterable[tuple[str, Any]] = parsed.items()
    return {name: float(value) for name, value in numbers if isinstance(value, (int, float))}


def _moment(text: str | None, created: int) -> datetime | None:
    """Return when a version was registered, naive UTC: by its tag, else by the server's clock (ms)."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        if not created:
            return None
        moment = datetime.fromtimestamp(created / 1000, timezone.utc)
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment.tzinfo else moment
