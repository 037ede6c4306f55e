"""Endpoints of experiments."""

from __future__ import annotations

from urllib.parse import urlparse

from hokusai_mock.mlflow_api import paths, render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import invalid
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.sources import check_host
from hokusai_mock.mlflow_api.validation import (
    ARRAY,
    INTEGER,
    REQUIRED,
    STRING,
    check_length,
    check_name,
    positive,
)
from hokusai_mock.mlflow_api.wire import INT64, KEY_VALUES, TEXT, Message, Repeated, enum
from hokusai_mock.store.entities import ACTIVE, DELETED
from hokusai_mock.store.search import search_experiments

__all__ = ["STAGES_OF_VIEW", "VIEW_TYPE"]

VIEW_TYPE = enum(ACTIVE_ONLY=1, DELETED_ONLY=2, ALL=3)
STAGES_OF_VIEW = {
    "ACTIVE_ONLY": frozenset({ACTIVE}),
    "DELETED_ONLY": frozenset({DELETED}),
    "ALL": frozenset({ACTIVE, DELETED}),
}
_ID = {"experiment_id": (REQUIRED, STRING)}
_BY_ID = Message(experiment_id=TEXT)
_SEARCH = Message(max_results=INT64, page_token=TEXT, filter=TEXT, order_by=Repeated(TEXT), view_type=VIEW_TYPE)
_SEARCH_RULES = {
    "view_type": (INTEGER,),
    "max_results": (INTEGER,),
    "order_by": (ARRAY,),
    "filter": (STRING,),
    "page_token": (STRING,),
}


@endpoint(
    "POST",
    "experiments/create",
    Message(name=TEXT, artifact_location=TEXT, tags=KEY_VALUES),
    {"name": (REQUIRED, STRING), "artifact_location": (STRING,), "tags": (ARRAY,)},
    provenance="proved",
)
def create_experiment(call: Call) -> Json:
    """Make an experiment; a taken name is RESOURCE_ALREADY_EXISTS, which here is a 400."""
    location, name = call.text("artifact_location"), call.text("name")
    parsed = urlparse(location)
    if (parsed.fragment or parsed.params) and not call.profile.behaviour.artifact_locations_may_have_fragments:
        raise invalid("'artifact_location' URL can't include fragments or params.")
    if ".." in paths.decoded(parsed.query):
        raise invalid("Invalid query string")
    if call.profile.behaviour.locations_are_checked:
        check_host(location, "artifact_location")
        if parsed.scheme == "runs":
            raise invalid(f"Artifact location cannot be a runs:/ URI. Given: '{location}'")
    check_length("name", "name", name, call.profile.limits.experiment_name)
    tags = call.rows("tags")
    for key, value in tags:
        _check_tag(call, key, value)
    made = call.store.experiments.create(name, location, tags, call.request.world.settings.artifact_root)
    return {"experiment_id": made.experiment_id}


@endpoint("GET", "experiments/get", _BY_ID, _ID, provenance="proved")
def get_experiment(call: Call) -> Json:
    """One experiment by id, deleted or not."""
    return {"experiment": render.experiment(call.store.experiments.get(call.experiment_id), call.profile.behaviour)}


@endpoint(
    "GET",
    "experiments/get-by-name",
    Message(experiment_name=TEXT),
    {"experiment_name": (REQUIRED, STRING)},
    provenance="proved",
)
def get_experiment_by_name(call: Call) -> Json:
    """One experiment by name, deleted or not."""
    found = call.store.experiments.find(call.text("experiment_name"))
    return {"experiment": render.experiment(found, call.profile.behaviour)}


@endpoint("GET", "experiments/search", _SEARCH, _SEARCH_RULES, provenance="proved")
@endpoint("POST", "experiments/search", _SEARCH, _SEARCH_RULES, provenance="proved")
def find_experiments(call: Call) -> Json:
    """A page of experiments; `max_results` has no default."""
    limit = call.number("max_results")
    positive(limit, 50000)
    found, token = search_experiments(
        call.store.experiments,
        stages=STAGES_OF_VIEW[call.text("view_type") or "ACTIVE_ONLY"],
        filter_text=call.text("filter"),
        order_by=call.texts("order_by"),
        max_results=limit,
        page_token=call.text("page_token"),
        knows_null=call.profile.behaviour.filters_know_null,
    )
    behaviour = call.profile.behaviour
    result: Json = {"experiments": [render.experiment(one, behaviour) for one in found]} if found else {}
    if token:
        result["next_page_token"] = token
    return result


@endpoint(
    "POST",
    "experiments/update",
    Message(experiment_id=TEXT, new_name=TEXT),
    {"experiment_id": (REQUIRED, STRING), "new_name": (STRING, REQUIRED)},
    provenance="proved",
)
def update_experiment(call: Call) -> Json:
    """Rename an experiment."""
    name = call.text("new_name")
    check_length("name", "name", name, call.profile.limits.experiment_name)
    call.store.experiments.rename(call.experiment_id, name)
    return {}


@endpoint("POST", "experiments/delete", _BY_ID, _ID, provenance="proved")
def delete_experiment(call: Call) -> Json:
    """Delete an experiment and its runs; they can be restored."""
    _set_stage(call, DELETED)
    return {}


@endpoint("POST", "experiments/restore", _BY_ID, _ID, provenance="proved")
def restore_experiment(call: Call) -> Json:
    """Restore a deleted experiment and its runs."""
    _set_stage(call, ACTIVE)
    return {}


def _set_stage(call: Call, stage: str) -> None:
    experiment = call.store.experiments.set_stage(call.experiment_id, stage)
    call.store.runs.set_stage_of_experiment(experiment.experiment_id, stage)


@endpoint(
    "POST",
    "experiments/set-experiment-tag",
    Message(experiment_id=TEXT, key=TEXT, value=TEXT),
    {"experiment_id": (REQUIRED, STRING), "key": (REQUIRED, STRING), "value": (STRING,)},
    provenance="proved",
)
def set_experiment_tag(call: Call) -> Json:
    """Set a tag of an experiment."""
    key, value = call.text("key"), call.text("value")
    _check_tag(call, key, value)
    call.store.experiments.set_tag(call.experiment_id, key, value)
    return {}


@endpoint(
    "POST",
    "experiments/delete-experiment-tag",
    Message(experiment_id=TEXT, key=TEXT),
    {"experiment_id": (REQUIRED, STRING), "key": (REQUIRED, STRING)},
    provenance="proved",
)
def delete_experiment_tag(call: Call) -> Json:
    """Remove a tag that the experiment has."""
    call.store.experiments.delete_tag(call.experiment_id, call.text("key"))
    return {}


def _check_tag(call: Call, key: str, value: str) -> None:
    check_name("tag", key, "key", call.profile)
    check_length("key", "Tag key", key, 250)
    check_length("value", "Tag value", value, call.profile.limits.experiment_tag_value)
