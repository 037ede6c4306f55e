"""Endpoints of logged models (MLflow 3)."""

from __future__ import annotations

from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.validation import ARRAY, INTEGER, REQUIRED, STRING, STRINGS
from hokusai_mock.mlflow_api.wire import BOOL, INT64, KEY_VALUES, TEXT, Message, Repeated, enum
from hokusai_mock.store.entities import LoggedModel
from hokusai_mock.store.logged_model_search import search_logged_models
from hokusai_mock.store.logged_models import check_model_name

__all__: list[str] = []

_STATUS = enum(
    LOGGED_MODEL_STATUS_UNSPECIFIED=0, LOGGED_MODEL_PENDING=1, LOGGED_MODEL_READY=2, LOGGED_MODEL_UPLOAD_FAILED=3
)


def _rendered(model: LoggedModel) -> Json:
    return {"model": render.logged_model(model)}


@endpoint(
    "POST",
    "logged-models",
    Message(experiment_id=TEXT, name=TEXT, model_type=TEXT, source_run_id=TEXT, params=KEY_VALUES, tags=KEY_VALUES),
    {
        "experiment_id": (STRING, REQUIRED),
        "name": (STRING,),
        "model_type": (STRING,),
        "source_run_id": (STRING,),
        "params": (ARRAY,),
        "tags": (ARRAY,),
    },
    provenance="proved",
)
def create_logged_model(call: Call) -> Json:
    """Make a model that is pending until it is finalised."""
    name = call.text("name") or None
    check_model_name(name)  # before the experiment's id is read
    model = call.store.logged_models.create(
        call.experiment_id,
        name=name,
        model_type=call.text("model_type"),
        source_run_id=call.text("source_run_id"),
        params=call.rows("params"),
        tags=call.rows("tags"),
    )
    return _rendered(model)


@endpoint("GET", "logged-models/<model_id>", Message(allow_deleted=TEXT), provenance="proved")
def get_logged_model(call: Call) -> Json:
    """One model."""
    sees_deleted = call.profile.behaviour.deleted_logged_models_can_be_seen
    allowed = sees_deleted and call.text("allow_deleted").lower() == "true"
    return _rendered(call.store.logged_models.get(call.parameters["model_id"], allow_deleted=allowed))


@endpoint(
    "PATCH",
    "logged-models/<model_id>",
    Message(model_id=TEXT, status=_STATUS),
    {"model_id": (STRING, REQUIRED), "status": (INTEGER, REQUIRED)},
    provenance="proved",
)
def finalize_logged_model(call: Call) -> Json:
    """Set the status of the model that the body names."""
    status = call.text("status") or "LOGGED_MODEL_STATUS_UNSPECIFIED"
    return _rendered(call.store.logged_models.finalize(call.text("model_id"), status))


@endpoint("DELETE", "logged-models/<model_id>", provenance="proved")
def delete_logged_model(call: Call) -> Json:
    """Delete a model; once more is no error."""
    call.store.logged_models.delete(call.parameters["model_id"])
    return {}


@endpoint("PATCH", "logged-models/<model_id>/tags", Message(tags=KEY_VALUES), {"tags": (ARRAY,)}, provenance="proved")
def set_logged_model_tags(call: Call) -> Json:
    """Set tags; their names are not checked."""
    call.store.logged_models.set_tags(call.parameters["model_id"], call.pairs("tags"))
    return {}


@endpoint("DELETE", "logged-models/<model_id>/tags/<tag_key>", provenance="proved")
def delete_logged_model_tag(call: Call) -> Json:
    """Remove a tag that the model has."""
    call.store.logged_models.delete_tag(call.parameters["model_id"], call.parameters["tag_key"])
    return {}


@endpoint(
    "POST",
    "logged-models/<model_id>/params",
    Message(model_id=TEXT, params=KEY_VALUES),
    {"model_id": (STRING, REQUIRED), "params": (ARRAY,)},
    provenance="proved",
)
def log_logged_model_params(call: Call) -> Json:
    """Add parameters."""
    call.store.logged_models.log_params(call.parameters["model_id"], call.rows("params"))
    return {}


@endpoint(
    "POST",
    "logged-models/search",
    Message(
        experiment_ids=Repeated(TEXT),
        filter=TEXT,
        datasets=Repeated(Message(dataset_name=TEXT, dataset_digest=TEXT)),
        max_results=INT64,
        order_by=Repeated(Message(field_name=TEXT, ascending=BOOL, dataset_name=TEXT, dataset_digest=TEXT)),
        page_token=TEXT,
    ),
    {
        "experiment_ids": (ARRAY, STRINGS, REQUIRED),
        "filter": (STRING,),
        "datasets": (ARRAY,),
        "max_results": (INTEGER,),
        "order_by": (ARRAY,),
        "page_token": (STRING,),
    },
    provenance="proved",
)
def find_logged_models(call: Call) -> Json:
    """A page of logged models."""
    orders = [{"field_name": "", "ascending": True, **one} for one in call.items("order_by")]
    found, token = search_logged_models(
        call.store.logged_models,
        experiment_ids=call.texts("experiment_ids"),
        looked_at=call.experiment_ids,
        filter_text=call.text("filter"),
        datasets=call.items("datasets"),
        order_by=orders,
        max_results=call.number("max_results", 50),
        page_token=call.text("page_token"),
    )
    result: Json = {"models": [render.logged_model(model) for model in found]} if found else {}
    if token:
        result["next_page_token"] = token
    return result
