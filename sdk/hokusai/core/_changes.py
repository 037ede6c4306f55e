"""Changing what is registered: tags, the version in use, deleting. Nothing here makes a version."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from hokusai import _mlflow
from hokusai._backend import Backend
from hokusai.auth._credentials import origin_of
from hokusai.auth._platform import ask, refusal
from hokusai.config._resolver import Settings
from hokusai.core._events import platform_url
from hokusai.core._reads import PRODUCTION, by_id, current_version
from hokusai.core._tokens import check_known_tags, tag_texts
from hokusai.core._versions import ModelVersion, check_name, find_version
from hokusai.exceptions import InvalidParameterError, RegistryException

__all__ = ["STAGE_TAG", "delete", "deprecate", "make_current", "retag", "roll_back_to"]

STAGE_TAG = "lifecycle_stage"
_BODY_LOST = "Missing value for required parameter"


def retag(backend: Backend, name: object, version: object, tags: object) -> None:
    """Set tags of a version; all of them are checked before the first is set."""
    wanted = check_name(name, "model_name")
    texts = tag_texts(tags, "tags")
    try:
        check_known_tags(texts)
    except RegistryException as error:
        raise InvalidParameterError(error.message, remedy=error.remedy) from error
    with backend.calling(f"tag {wanted!r}"):
        if version is None:
            raise InvalidParameterError("version must be a version, a number or an alias, not None.")
        found = find_version(backend.client, wanted, version, "version")
        for tag, value in texts.items():
            backend.client.set_model_version_tag(found.name, str(found.number), tag, value)


def roll_back_to(backend: Backend, model_type: object, target_model_id: str) -> bool:
    """Make an earlier version the one in use; `False`, and nothing done, when it is not one of this model's."""
    name = check_name(model_type, "model_type")
    with backend.calling(f"roll {name!r} back"):
        target = by_id(backend.client, target_model_id)
        if target.name != name:
            return False
        make_current(backend.client, target)
    return True


def make_current(client: Any, target: ModelVersion) -> None:
    """Point the alias `production` at a version, and tag it and the one that was in use.

    The alias comes first: it decides, so that whoever reads in between sees the new version.
    """
    former = current_version(client, target.name)
    client.set_registered_model_alias(target.name, PRODUCTION, str(target.number))
    client.set_model_version_tag(target.name, str(target.number), STAGE_TAG, "Production")
    if former is not None and former.number != target.number:
        client.set_model_version_tag(former.name, str(former.number), STAGE_TAG, "Archived")


def deprecate(client: Any, version: ModelVersion) -> None:
    """Mark a version as no longer to be used."""
    now = datetime.now(timezone.utc).replace(tzinfo=None).isoformat()
    for tag, value in (("deprecated_at", now), ("deprecated", "true")):
        client.set_model_version_tag(version.name, str(version.number), tag, value)


def delete(backend: Backend, model_id: str) -> bool:
    """Delete a version; where the gateway loses the body of MLflow's DELETE, by the platform's own route."""
    with backend.calling(f"delete the model {model_id!r}"):
        version = by_id(backend.client, model_id)
        try:
            backend.client.delete_model_version(version.name, str(version.number))
        except _mlflow.error_types() as error:
            if _BODY_LOST not in str(error):
                raise
            _delete_by_platform(backend.settings, version, error)
    return True


def _delete_by_platform(settings: Settings, version: ModelVersion, lost: Exception) -> None:
    label = f"{version.name!r} version {version.number}"
    elsewhere = origin_of(settings.tracking_uri) != origin_of(settings.api_endpoint)
    if settings.credential is None or elsewhere:
        raise RegistryException(
            f"Could not delete {label}: a gateway on the way drops the body of DELETE requests.",
            code="G07",
            status_code=400,
            remedy="Delete it at the MLflow server itself, or with a key by the platform's own route.",
        ) from lost
    path = f"/models/{quote(version.name, safe='')}/{version.number}"
    url = platform_url(settings.api_endpoint, path)
    action = f"delete {label}"
    tls = _mlflow.tls_of(settings.tracking_uri)
    with ask("DELETE", url, settings.credential, action=action, timeout=settings.timeout, tls=tls) as response:
        if response.status_code < 300:
            return
        problem = refusal(response, action)
    if problem.status_code in (401, 403, 429):
        raise problem
    raise RegistryException(
        problem.message,
        code=problem.code or "G07",
        status_code=problem.status_code,
        remedy=problem.remedy or "Try again later; if it stays, tell the platform team.",
        url=url,
    )
