"""What a request does to a server, read from its method and path: nothing is sent and nothing is decided here.

Paths are relative to the server's root, with any of the platform's mounts in front of MLflow's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Action", "action_of", "created_by", "identity"]

Effect = Literal["read", "write", "create", "event"]

_MLFLOW = re.compile(r".*/(?:ajax-)?api/[23]\.0/mlflow/(?P<call>.+)$")

_CREATES = {
    "experiments/create": "experiment",
    "runs/create": "run",
    "registered-models/create": "registered model",
    "model-versions/create": "model version",
    "logged-models": "logged model",
}
"""MLflow's calls that make something with an identity of its own, and what it is called."""

_READING_POST = re.compile(r"/(?:search|list|get-latest-versions|keys/validate)$")
"""POST where a GET would be too long, or where the secret must not stand in the URL: nothing is changed by these."""

_EVENT = re.compile(r"/models/tokenized-registration-events$|/webhooks/model-registration$")
"""What the platform tells others about; it cannot be taken back."""

_ARTIFACT_LISTING = re.compile(r"/mlflow-artifacts/artifacts(?:/|$)")


@dataclass(frozen=True, slots=True)
class Action:
    """What one request does: its `effect`, and for a creation `what` (in words) comes into being."""

    effect: Effect
    what: str | None = None


def action_of(method: str, path: str) -> Action:
    """Return what a request does; what is not known to be harmless counts as a write."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return Action("read")
    if _EVENT.search(path):
        return Action("event")
    if method == "POST":
        found = _MLFLOW.search(path)
        if found and (what := _CREATES.get(found["call"])):
            return Action("create", what)
        if _READING_POST.search(path) and not _ARTIFACT_LISTING.search(path):
            return Action("read")
    return Action("write")


def identity(what: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Return what the body of a creation says about the thing: enough to look for it when its answer never came."""
    fields = {
        "experiment": ("name",),
        "run": ("experiment_id", "run_name"),
        "registered model": ("name",),
        "model version": ("name", "run_id"),
        "logged model": ("experiment_id", "name"),
    }[what]
    return {field: str(body[field]) for field in fields if body.get(field) is not None}


def created_by(what: str, answer: Mapping[str, Any]) -> str | None:
    """Return the id of what was created from the server's answer, None when it does not say."""
    places: dict[str, tuple[str, ...]] = {
        "experiment": ("experiment_id",),
        "run": ("run", "info", "run_id"),
        "registered model": ("registered_model", "name"),
        "model version": ("model_version", "version"),
        "logged model": ("model", "info", "model_id"),
    }
    found: Any = answer
    for field in places[what]:
        found = found.get(field) if isinstance(found, Mapping) else None
    return None if found is None else str(found)
