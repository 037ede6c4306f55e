"""What cases about tokens, ids and registered versions arrange, and where they look; all of it by raw HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from hokusai_testkit.contract.failures import ArrangementError, ContractViolation
from hokusai_testkit.contract.platform import Platform
from hokusai_testkit.contract.wire import ModelVersion

__all__ = [
    "EVENT_ROUTE",
    "Call",
    "aliases_of",
    "arrange_call",
    "arrange_version",
    "creates",
    "events_received",
    "only_version",
    "set_tag",
    "token_tags",
    "version_numbered",
]

EVENT_ROUTE = "/api/models/tokenized-registration-events"


@dataclass(frozen=True, slots=True)
class Call:
    """The documented arguments of `register_tokenized_model` for a run that holds an artifact."""

    model: str
    token: str
    run_id: str
    model_uri: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The five required arguments, by name."""
        return {
            "model_uri": self.model_uri,
            "model_name": self.model,
            "token_id": self.token,
            "metric_name": "accuracy",
            "baseline_value": 0.85,
        }


def arrange_call(platform: Platform) -> Call:
    """Make a run with a file where its model would lie, and return the arguments that register it."""
    run = platform.tracking.create_run()
    platform.tracking.upload(run, "model", {"MLmodel": b"flavors: {}\n"})
    return Call(platform.model("lead-scoring"), platform.token("LSCOR"), run.id, f"runs:/{run.id}/model")


def token_tags(token: str, metric: str = "accuracy", value: str = "0.85") -> dict[str, str]:
    """The tags that make a version a tokenized one."""
    return {"hokusai_token_id": token, "benchmark_metric": metric, "benchmark_value": value}


def arrange_version(
    platform: Platform, name: str, tags: Mapping[str, str] | None = None, *, run_id: str | None = None
) -> str:
    """Make a version of `name` with `tags`, the model too where it is missing; returns MLflow's number."""
    tracking = platform.tracking
    if name not in tracking.model_names():
        tracking.create_model(name)
    run = run_id or tracking.create_run().id
    listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
    body = {"name": name, "source": f"runs:/{run}/model", "run_id": run, "tags": listed}
    answer = tracking.call("POST", "model-versions/create", body)
    if answer.status != 200:
        raise ArrangementError(f"the target does not make a version: {answer.status} {answer.body[:300]!r}")
    return str(answer.json["model_version"]["version"])


def set_tag(platform: Platform, name: str, number: str, key: str, value: str) -> None:
    """Set a tag of a version."""
    body = {"name": name, "version": number, "key": key, "value": value}
    answer = platform.tracking.call("POST", "model-versions/set-tag", body)
    if answer.status != 200:
        raise ArrangementError(f"the target does not set a tag: {answer.status} {answer.body[:300]!r}")


def aliases_of(platform: Platform, name: str) -> dict[str, str]:
    """The aliases of a registered model: MLflow's number by alias."""
    answer = platform.tracking.call("GET", f"registered-models/get?{urlencode({'name': name})}")
    found = answer.json["registered_model"].get("aliases", [])
    return {alias["alias"]: str(alias["version"]) for alias in found}


def version_numbered(platform: Platform, name: str, number: str) -> ModelVersion:
    """The version `number` of `name`; a violation when it is gone."""
    for version in platform.tracking.versions(name):
        if version.number == number:
            return version
    raise ContractViolation("wrong-result", expected=f"version {number} of {name!r} is there", actual="it is gone")


def only_version(platform: Platform, name: str) -> ModelVersion:
    """The one version of `name`; a violation when there is none, or another one."""
    found = platform.tracking.versions(name)
    if len(found) != 1:
        raise ContractViolation(
            "wrong-result", expected=f"one version of {name!r} is registered", actual=f"there are {len(found)}"
        )
    return found[0]


def events_received(platform: Platform) -> list[dict[str, Any]]:
    """The bodies of the registration events that arrived, oldest first."""
    return [json.loads(entry["body"]) for entry in platform.received() if entry["path"].endswith(EVENT_ROUTE)]


def creates(entry: Mapping[str, Any]) -> bool:
    """Whether a request makes something: a registered model, a version, an event."""
    makers = ("/registered-models/create", "/model-versions/create", EVENT_ROUTE)
    return entry["method"] == "POST" and str(entry["path"]).endswith(makers)
