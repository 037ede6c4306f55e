"""Endpoints of registered models, their tags and aliases."""

from __future__ import annotations

from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.errors import does_not_exist, invalid
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.validation import (
    ARRAY,
    INTEGER,
    REQUIRED,
    STRING,
    STRINGS,
    at_most,
    check_alias,
    check_file_name,
    check_length,
    check_name,
    version_number,
)
from hokusai_mock.mlflow_api.wire import INT64, KEY_VALUES, TEXT, Message, Repeated
from hokusai_mock.profiles import MlflowProfile
from hokusai_mock.store.entities import ModelVersion, RegisteredModel
from hokusai_mock.store.registry import Registry
from hokusai_mock.store.search import search_registered_models

__all__ = ["check_registry_tag", "model_name"]

_NAME = {"name": (STRING, REQUIRED)}
_KEY = {"key": (STRING, REQUIRED)}
_ALIAS = {"alias": (STRING, REQUIRED)}
_MAX_RESULTS = 1000


def model_name(call: Call) -> str:
    """The name of the registered model, which must not be empty."""
    name = call.text("name")
    _check_model_name(name, call.profile)
    return name


def _check_model_name(name: str, profile: MlflowProfile, parameter: str = "name") -> None:
    strict = profile.behaviour.model_names_are_file_names
    if not (name.strip() if strict else name):
        raise invalid(f"Missing value for required parameter '{parameter}'.", f"{parameter}_is_empty")
    if strict:
        if "/" in name or ":" in name:
            raise invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
        check_file_name("model", name, "name")


def check_registry_tag(call: Call, key: str, value: str, noun: str = "Registered model") -> None:
    """Refuse what is no tag of a registered model or of a version (`noun`)."""
    check_name("tag", key, "key", call.profile)
    check_length("key", f"{noun} key", key, 250)
    check_length("value", f"{noun} value", value, call.profile.limits.registry_tag_value)


def _rendered(call: Call, model: RegisteredModel) -> Json:
    return {"registered_model": render.registered_model(model, call.store.registry.latest_versions(model))}


@endpoint(
    "POST",
    "registered-models/create",
    Message(name=TEXT, tags=KEY_VALUES, description=TEXT),
    {**_NAME, "tags": (ARRAY,), "description": (STRING,)},
    provenance="proved",
)
def create_registered_model(call: Call) -> Json:
    """Make a registered model."""
    tags = call.pairs("tags")
    for key, value in tags.items():
        check_registry_tag(call, key, value)
    return _rendered(
        call,
        call.store.registry.create(
            model_name(call), call.text("description"), tags, prompts_exist=call.profile.behaviour.prompts_exist
        ),
    )


@endpoint("GET", "registered-models/get", Message(name=TEXT), _NAME, provenance="proved")
def get_registered_model(call: Call) -> Json:
    """One registered model, with the latest version of each stage."""
    return _rendered(call, call.store.registry.get(model_name(call)))


@endpoint(
    "GET",
    "registered-models/search",
    Message(filter=TEXT, max_results=INT64, order_by=Repeated(TEXT), page_token=TEXT),
    {
        "filter": (STRING,),
        "max_results": (INTEGER, at_most(_MAX_RESULTS)),
        "order_by": (ARRAY, STRINGS),
        "page_token": (STRING,),
    },
    provenance="proved",
)
def find_registered_models(call: Call) -> Json:
    """A page of registered models."""
    limit = call.number("max_results", 100)
    if limit > _MAX_RESULTS:
        raise invalid(
            f"Invalid value for request parameter max_results. It must be at most {_MAX_RESULTS}, but got value {limit}"
        )
    registry = call.store.registry
    found, token = search_registered_models(
        registry,
        filter_text=call.text("filter"),
        order_by=call.texts("order_by"),
        max_results=limit,
        page_token=call.text("page_token"),
        prompts_exist=call.profile.behaviour.prompts_exist,
        knows_null=call.profile.behaviour.filters_know_null,
    )
    models = [render.registered_model(model, _found_versions(call, model)) for model in found]
    result: Json = {"registered_models": models} if models else {}
    if token:
        result["next_page_token"] = token
    return result


def _found_versions(call: Call, model: RegisteredModel) -> list[ModelVersion]:
    """The latest versions in the order of a search, which newer servers ask the database for."""
    versions = call.store.registry.latest_versions(model)
    if call.profile.behaviour.found_versions_are_ordered_by_stage:
        versions.sort(key=lambda version: version.current_stage)
    return versions


@endpoint(
    "PATCH",
    "registered-models/update",
    Message(name=TEXT, description=TEXT),
    {**_NAME, "description": (STRING,)},
    provenance="proved",
)
def update_registered_model(call: Call) -> Json:
    """Set the description."""
    return _rendered(call, call.store.registry.describe(model_name(call), call.text("description")))


@endpoint(
    "POST",
    "registered-models/rename",
    Message(name=TEXT, new_name=TEXT),
    {**_NAME, "new_name": (STRING, REQUIRED)},
    provenance="proved",
)
def rename_registered_model(call: Call) -> Json:
    """Rename a registered model and its versions."""
    new_name = call.text("new_name")
    _check_model_name(new_name, call.profile, "new_name")
    return _rendered(call, call.store.registry.rename(model_name(call), new_name))


@endpoint("DELETE", "registered-models/delete", Message(name=TEXT), _NAME, provenance="proved")
def delete_registered_model(call: Call) -> Json:
    """Delete a registered model with its versions."""
    call.store.registry.delete(model_name(call))
    return {}


_LATEST = Message(name=TEXT, stages=Repeated(TEXT))
_LATEST_RULES = {**_NAME, "stages": (ARRAY, STRINGS)}


@endpoint("GET", "registered-models/get-latest-versions", _LATEST, _LATEST_RULES, provenance="proved")
@endpoint("POST", "registered-models/get-latest-versions", _LATEST, _LATEST_RULES, provenance="proved")
def get_latest_versions(call: Call) -> Json:
    """The latest version of each stage, or of the stages asked for."""
    registry = call.store.registry
    versions = registry.latest_versions(registry.get(model_name(call)), call.texts("stages"))
    if not versions:
        return {}
    shows_aliases = call.profile.behaviour.latest_versions_show_aliases
    rendered = [render.model_version(one, registry.aliases_of(one) if shows_aliases else ()) for one in versions]
    return {"model_versions": rendered}


@endpoint(
    "POST",
    "registered-models/set-tag",
    Message(name=TEXT, key=TEXT, value=TEXT),
    {**_NAME, **_KEY, "value": (STRING,)},
    provenance="proved",
)
def set_registered_model_tag(call: Call) -> Json:
    """Set a tag."""
    key, value = call.text("key"), call.text("value")
    check_registry_tag(call, key, value)
    call.store.registry.set_tag(call.text("name"), key, value)
    return {}


@endpoint(
    "DELETE",
    "registered-models/delete-tag",
    Message(name=TEXT, key=TEXT),
    {**_NAME, **_KEY},
    provenance="proved",
)
def delete_registered_model_tag(call: Call) -> Json:
    """Remove a tag; one that the model has not is no error."""
    key = call.text("key")
    check_name("tag", key, "key", call.profile)
    call.store.registry.delete_tag(call.text("name"), key)
    return {}


@endpoint(
    "POST",
    "registered-models/alias",
    Message(name=TEXT, alias=TEXT, version=TEXT),
    {**_NAME, **_ALIAS, "version": (STRING, REQUIRED)},
    provenance="proved",
)
def set_alias(call: Call) -> Json:
    """Let an alias name a version."""
    alias = call.text("alias")
    check_alias(alias, new=True)
    call.store.registry.set_alias(call.text("name"), alias, version_number(call.text("version")))
    return {}


@endpoint(
    "DELETE",
    "registered-models/alias",
    Message(name=TEXT, alias=TEXT),
    {**_NAME, **_ALIAS},
    provenance="proved",
)
def delete_alias(call: Call) -> Json:
    """Remove an alias; one that the model has not is no error."""
    alias = call.text("alias")
    check_alias(alias, new=not call.profile.behaviour.latest_is_an_alias)
    call.store.registry.delete_alias(call.text("name"), alias)
    return {}


@endpoint(
    "GET",
    "registered-models/alias",
    Message(name=TEXT, alias=TEXT),
    {**_NAME, **_ALIAS},
    provenance="proved",
)
def get_model_version_by_alias(call: Call) -> Json:
    """The version that an alias names."""
    name, alias = model_name(call), call.text("alias")
    check_alias(alias, new=not call.profile.behaviour.latest_is_an_alias)
    registry, behaviour = call.store.registry, call.profile.behaviour
    if behaviour.latest_is_an_alias and alias.lower() == "latest":
        version = _latest(registry, name)
    else:
        if behaviour.aliases_belong_to_their_version:
            registry.get(name)
        version = registry.version_by_alias(name, alias)
    return {"model_version": render.model_version(version, call.store.registry.aliases_of(version))}


def _latest(registry: Registry, name: str) -> ModelVersion:
    versions = registry.latest_versions(registry.get(name))
    if not versions:
        raise does_not_exist(f"Latest version not found for model {name}.")
    return max(versions, key=lambda version: version.version)
