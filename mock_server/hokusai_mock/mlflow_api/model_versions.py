"""Endpoints of model versions. Which sources a version may have is in `sources.py`."""

from __future__ import annotations

from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import invalid
from hokusai_mock.mlflow_api.registered_models import check_registry_tag, model_name
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.sources import checked_source
from hokusai_mock.mlflow_api.validation import (
    ARRAY,
    BOOLEAN,
    INTEGER,
    REQUIRED,
    STRING,
    STRINGS,
    at_most,
    check_name,
    version_number,
)
from hokusai_mock.mlflow_api.wire import BOOL, INT64, KEY_VALUES, TEXT, Message, Repeated
from hokusai_mock.store.entities import ModelVersion
from hokusai_mock.store.registry import PROMPT_TAG, target_stage
from hokusai_mock.store.search import search_model_versions

__all__: list[str] = []

_NAME = {"name": (STRING, REQUIRED)}
_VERSION = {**_NAME, "version": (STRING, REQUIRED)}
_KEY = {"key": (STRING, REQUIRED)}
_BY_VERSION = Message(name=TEXT, version=TEXT)
_MAX_RESULTS = 200_000


def _rendered(call: Call, version: ModelVersion) -> Json:
    return {"model_version": render.model_version(version, call.store.registry.aliases_of(version))}


def _number(call: Call) -> int:
    return version_number(call.text("version"))


# -- create ----------------------------------------------------------------------------------------------------------


@endpoint(
    "POST",
    "model-versions/create",
    Message(name=TEXT, source=TEXT, run_id=TEXT, tags=KEY_VALUES, run_link=TEXT, description=TEXT, model_id=TEXT),
    {
        **_NAME,
        "source": (STRING, REQUIRED),
        "run_id": (STRING,),
        "tags": (ARRAY,),
        "run_link": (STRING,),
        "description": (STRING,),
        "model_id": (STRING,),
    },
    provenance="proved",
)
def create_model_version(call: Call) -> Json:
    """Register a version: where its artifacts are is worked out now, as the download URI of later."""
    tags = call.pairs("tags")
    source = checked_source(call, is_prompt=PROMPT_TAG in tags and call.profile.behaviour.prompts_exist)
    name = model_name(call)
    for key, value in tags.items():
        check_registry_tag(call, key, value, "Model version")
    version = call.store.registry.create_version(
        name,
        source.uri,
        source.storage_location,
        run_id=call.text("run_id") or source.run_id,
        run_link=call.text("run_link"),
        description=call.text("description"),
        tags=tags,
    )
    if call.text("model_id") and call.profile.behaviour.logged_models_exist:
        call.store.logged_models.note_version(call.text("model_id"), version.name, version.version)
    return _rendered(call, version)


# -- the rest --------------------------------------------------------------------------------------------------------


@endpoint("GET", "model-versions/get", _BY_VERSION, _VERSION, provenance="proved")
def get_model_version(call: Call) -> Json:
    """One version with its aliases."""
    name, number = model_name(call), _number(call)
    return _rendered(call, call.store.registry.version(name, number))


@endpoint("GET", "model-versions/get-download-uri", _BY_VERSION, provenance="proved")
def get_download_uri(call: Call) -> Json:
    """Where the artifacts of a version are."""
    name, number = model_name(call), _number(call)
    return {"artifact_uri": call.store.registry.version(name, number).storage_location}


@endpoint(
    "GET",
    "model-versions/search",
    Message(filter=TEXT, max_results=INT64, order_by=Repeated(TEXT), page_token=TEXT),
    {
        "filter": (STRING,),
        "max_results": (INTEGER, at_most(_MAX_RESULTS)),
        "order_by": (ARRAY, STRINGS),
        "page_token": (STRING,),
    },
    provenance="proved",
)
def find_model_versions(call: Call) -> Json:
    """A page of model versions."""
    limit = call.number("max_results", _MAX_RESULTS)
    if limit < 1:
        raise invalid(f"Invalid value for max_results. It must be a positive integer, but got {limit}")
    if limit > _MAX_RESULTS:
        raise invalid(
            f"Invalid value for request parameter max_results. It must be at most {_MAX_RESULTS}, but got value {limit}"
        )
    registry = call.store.registry
    found, token = search_model_versions(
        registry,
        filter_text=call.text("filter"),
        order_by=call.texts("order_by"),
        max_results=limit,
        page_token=call.text("page_token"),
        prompts_exist=call.profile.behaviour.prompts_exist,
        knows_null=call.profile.behaviour.filters_know_null,
    )
    versions = [render.model_version(one) for one in found]  # without aliases, as the real server
    result: Json = {"model_versions": versions} if versions else {}
    if token:
        result["next_page_token"] = token
    return result


@endpoint(
    "PATCH",
    "model-versions/update",
    Message(name=TEXT, version=TEXT, description=TEXT),
    {**_VERSION, "description": (STRING,)},
    provenance="proved",
)
def update_model_version(call: Call) -> Json:
    """Set the description; without one it is removed."""
    version = call.store.registry.describe_version(call.text("name"), _number(call), call.values.get("description"))
    return _rendered(call, version)


@endpoint("DELETE", "model-versions/delete", _BY_VERSION, _VERSION, provenance="proved")
def delete_model_version(call: Call) -> Json:
    """Delete a version; its number is not given again."""
    with_aliases = call.profile.behaviour.aliases_belong_to_their_version
    call.store.registry.delete_version(call.text("name"), _number(call), with_aliases=with_aliases)
    return {}


@endpoint(
    "POST",
    "model-versions/transition-stage",
    Message(name=TEXT, version=TEXT, stage=TEXT, archive_existing_versions=BOOL),
    {**_VERSION, "stage": (STRING, REQUIRED), "archive_existing_versions": (BOOLEAN,)},
    provenance="proved",
)
def transition_stage(call: Call) -> Json:
    """Move a version to a stage; the stage is looked at before the version, even before its number is read."""
    stage, archive_others = call.text("stage"), call.flag("archive_existing_versions")
    target_stage(stage, archive_others=archive_others)
    version = call.store.registry.transition(call.text("name"), _number(call), stage, archive_others=archive_others)
    return _rendered(call, version)


@endpoint(
    "POST",
    "model-versions/set-tag",
    Message(name=TEXT, version=TEXT, key=TEXT, value=TEXT),
    {**_VERSION, **_KEY, "value": (STRING,)},
    provenance="proved",
)
def set_model_version_tag(call: Call) -> Json:
    """Set a tag."""
    key, value, number = call.text("key"), call.text("value"), _number(call)
    check_registry_tag(call, key, value, "Model version")
    call.store.registry.set_version_tag(call.text("name"), number, key, value)
    return {}


@endpoint(
    "DELETE",
    "model-versions/delete-tag",
    Message(name=TEXT, version=TEXT, key=TEXT),
    {**_VERSION, **_KEY},
    provenance="proved",
)
def delete_model_version_tag(call: Call) -> Json:
    """Remove a tag; one that the version has not is no error."""
    key, number = call.text("key"), _number(call)
    check_name("tag", key, "key", call.profile)
    call.store.registry.delete_version_tag(call.text("name"), number, key)
    return {}
