"""Endpoints of a run's life: create, get, update, delete, restore, search. What is logged to it is in `run_data.py`."""

from __future__ import annotations

from hokusai_mock.mlflow_api import render
from hokusai_mock.mlflow_api.endpoints import Call, endpoint
from hokusai_mock.mlflow_api.experiments import STAGES_OF_VIEW, VIEW_TYPE
from hokusai_mock.mlflow_api.render import Json
from hokusai_mock.mlflow_api.validation import (
    ARRAY,
    INTEGER,
    REQUIRED,
    STRING,
    STRINGS,
    at_most,
    check_length,
    check_name,
    positive,
)
from hokusai_mock.mlflow_api.wire import INT64, KEY_VALUES, TEXT, Message, Repeated, enum
from hokusai_mock.profiles import MlflowProfile
from hokusai_mock.store.entities import ACTIVE, DELETED
from hokusai_mock.store.search import search_runs

__all__ = ["RUN_ID", "check_tag"]

RUN_ID = {"run_id": (REQUIRED, STRING)}
_BY_ID = Message(run_id=TEXT, run_uuid=TEXT)
_STATUS = enum(RUNNING=1, SCHEDULED=2, FINISHED=3, FAILED=4, KILLED=5)


@endpoint(
    "POST",
    "runs/create",
    Message(experiment_id=TEXT, user_id=TEXT, run_name=TEXT, start_time=INT64, tags=KEY_VALUES),
    {"experiment_id": (STRING,), "start_time": (INTEGER,), "run_name": (STRING,)},
    provenance="proved",
)
def create_run(call: Call) -> Json:
    """Start a run."""
    experiment_id = call.experiment_id if call.text("experiment_id") else ""
    tags = [check_tag(tag.get("key", ""), tag.get("value", ""), "", call.profile) for tag in call.items("tags")]
    run = call.store.runs.create(
        experiment_id, call.text("user_id"), call.number("start_time"), call.text("run_name"), tags
    )
    return {"run": render.run(run, call.profile.behaviour, new=True)}


@endpoint("GET", "runs/get", _BY_ID, RUN_ID, provenance="proved")
def get_run(call: Call) -> Json:
    """One run with all that was logged to it."""
    return {"run": render.run(call.store.runs.get(call.run_id), call.profile.behaviour)}


@endpoint(
    "POST",
    "runs/update",
    Message(run_id=TEXT, run_uuid=TEXT, status=_STATUS, end_time=INT64, run_name=TEXT),
    {**RUN_ID, "end_time": (INTEGER,), "status": (STRING,), "run_name": (STRING,)},
    provenance="proved",
)
def update_run(call: Call) -> Json:
    """Change status, end time or name; each only when it was sent."""
    values = call.values
    run = call.store.runs.update(call.run_id, values.get("status"), values.get("end_time"), values.get("run_name"))
    return {"run_info": render.run_info(run)}


@endpoint("POST", "runs/delete", Message(run_id=TEXT), RUN_ID, provenance="proved")
def delete_run(call: Call) -> Json:
    """Delete a run; it can be restored."""
    call.store.runs.set_stage(call.text("run_id"), DELETED)
    return {}


@endpoint("POST", "runs/restore", Message(run_id=TEXT), RUN_ID, provenance="proved")
def restore_run(call: Call) -> Json:
    """Restore a deleted run."""
    call.store.runs.set_stage(call.text("run_id"), ACTIVE)
    return {}


@endpoint(
    "POST",
    "runs/search",
    Message(
        experiment_ids=Repeated(TEXT),
        filter=TEXT,
        run_view_type=VIEW_TYPE,
        max_results=INT64,
        order_by=Repeated(TEXT),
        page_token=TEXT,
    ),
    {
        "experiment_ids": (ARRAY,),
        "filter": (STRING,),
        "max_results": (INTEGER, at_most(50000)),
        "order_by": (ARRAY, STRINGS),
    },
    provenance="proved",
)
def find_runs(call: Call) -> Json:
    """A page of runs of the given experiments."""
    limit = call.number("max_results", 1000)
    if not call.profile.behaviour.zero_runs_may_be_asked:
        positive(limit)
    found, token = search_runs(
        call.store.runs,
        experiment_ids=call.experiment_ids,
        stages=STAGES_OF_VIEW[call.text("run_view_type") or "ACTIVE_ONLY"],
        filter_text=call.text("filter"),
        order_by=call.texts("order_by"),
        max_results=limit,
        page_token=call.text("page_token"),
        knows_null=call.profile.behaviour.filters_know_null,
        looks_behind=call.profile.behaviour.run_search_looks_behind_its_page,
    )
    result: Json = {"runs": [render.run(run, call.profile.behaviour, found=True) for run in found]} if found else {}
    if token:
        result["next_page_token"] = token
    return result


def check_tag(key: str, value: str, path: str, profile: MlflowProfile) -> tuple[str, str]:
    """The tag as it is kept; `path` (`tags[0].`) says where in the request it stands."""
    check_name("tag", key, f"{path}key", profile)
    check_length(f"{path}key", "Tag key", key, 250)
    limit = profile.limits.tag_value
    if profile.behaviour.long_values_are_cut:
        return key, value[:limit]
    check_length(f"{path}value", "Tag value", value, limit)
    return key, value
