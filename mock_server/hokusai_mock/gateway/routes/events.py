"""Registration events: after a model was registered in MLflow, the platform is told which token it belongs to.

The real service writes what it was told into the version's and the run's tags and hands the event to a publisher.
Nothing is idempotent here: the same event sent twice is emitted twice, under the same id.
"""

from __future__ import annotations

import json
from contextlib import suppress

from hokusai_mock.gateway.bodies import Field, Json, Model, Number, Object, Text, TextMap
from hokusai_mock.gateway.decision import WRITE_SCOPES, has_scope
from hokusai_mock.gateway.route import Call, Routes, problem
from hokusai_mock.gateway.routes.schemas import answered, detail, failure
from hokusai_mock.gateway.tracking import TrackingError
from hokusai_mock.platform_state import KEPT_BYTES

__all__ = ["EVENT", "ROUTES"]

ROUTES = Routes("/models", "/api/models")

_WORD = Field(Text(min_length=1, strip=True))
_NOTE = Field(Text(max_length=500, blank=False), required=False, nullable=True)

EVENT = Model(
    "RegistrationEvent",
    {
        "model_name": _WORD,
        "version": _WORD,
        "token_id": _WORD,
        "proposal_identifier": _WORD,
        "metric_name": _WORD,
        "baseline_value": Field(Number()),
        "mlflow_run_id": _WORD,
        "current_value": Field(Number(), required=False, nullable=True, description="default: the baseline"),
        "model_uri": _NOTE,
        "eval_spec": _NOTE,
        "scorer_ref": _NOTE,
        "primary_metric": _NOTE,
        "benchmark_spec_id": _NOTE,
        "api_schema": Field(Object(), required=False, nullable=True),
        "tags": Field(TextMap(), required=False, nullable=True),
    },
    {
        "model_name": "sales-lead-scorer",
        "version": "1",
        "token_id": "SLS",
        "proposal_identifier": "SLS",
        "metric_name": "accuracy",
        "baseline_value": 0.85,
        "mlflow_run_id": "0123456789abcdef0123456789abcdef",
    },
)

_METADATA = ("eval_spec", "scorer_ref", "primary_metric", "benchmark_spec_id", "api_schema")


@ROUTES.route(
    "POST",
    "/tokenized-registration-events",
    {
        200: answered(
            "The event was emitted.",
            {
                "status": str,
                "model_id": str,
                "model_name": str,
                "version": str,
                "event_emitted": bool,
                "detail": (str, None),
            },
        ),
        403: detail("The key has no write scope."),
        502: failure("The publisher did not take the event: it is down, or the current value is below the baseline."),
    },
    body=EVENT,
    per_minute=30,
    provenance="proved",
)
def register_event(call: Call) -> Json:
    """Tell the platform that a model version was registered for a token."""
    if not (call.key.admin or has_scope(call.key, WRITE_SCOPES)):
        raise problem(403, "Insufficient permissions for model registration events")
    event = call.body
    if event["current_value"] is None:
        event["current_value"] = event["baseline_value"]
    known = _write_tags(call, event)
    if call.settings.publisher != "up" or event["current_value"] < event["baseline_value"]:
        raise problem(502, "Failed to emit model registration event")
    model_id = f"{event['model_name']}/{event['version']}/{event['token_id']}"
    kept = event if len(call.request.body()) <= KEPT_BYTES else None
    with call.world.lock:
        call.state.events.add({"model_id": model_id, "t": call.now_ms, "by": call.key.role, **known, "event": kept})
    return {
        "status": "ok",
        "model_id": model_id,
        "model_name": event["model_name"],
        "version": event["version"],
        "event_emitted": True,
        "detail": None,
    }


def _write_tags(call: Call, event: Json) -> Json:
    """Tag version and run with the event's metadata; says which of them MLflow knows. An unknown one is no error."""
    tags = {f"hokusai.{name}": _text(event[name]) for name in _METADATA if event[name] is not None}
    version = {"name": event["model_name"], "version": event["version"]}
    known = {"version_known": False, "run_known": False}
    with suppress(TrackingError):
        call.mlflow.get("model-versions/get", **version)
        known["version_known"] = True
        for key, value in tags.items():
            call.mlflow.send("POST", "model-versions/set-tag", {**version, "key": key, "value": value})
    with suppress(TrackingError):
        call.mlflow.get("runs/get", run_id=event["mlflow_run_id"])
        known["run_known"] = True
        for key, value in tags.items():
            run = {"run_id": event["mlflow_run_id"], "key": key, "value": value}
            call.mlflow.send("POST", "runs/set-tag", run)
    return known


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
