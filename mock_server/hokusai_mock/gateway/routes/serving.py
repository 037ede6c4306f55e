"""Serving: predictions of the three models that the platform serves, by the ids 21, 27 and 30.

The mock runs no model: a prediction is a number made of the inputs, the same for the same inputs. Info and health of
model 21 are as seen on the live service; what the others are called is assumed where no document says it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from hokusai_mock.gateway.bodies import Field, Flag, Json, Model, Object, check_fields, decode
from hokusai_mock.gateway.route import Answer, Call, Problem, Routes, problem
from hokusai_mock.gateway.routes.schemas import TEXT, answered, detail, listing, record
from hokusai_mock.gateway.warming import warming
from hokusai_mock.messages import Response

__all__ = ["ROUTES", "SERVED"]

ROUTES = Routes("/api/v1/models")

PREDICT_TIMEOUT_S = 25.0
_RETRY_AFTER_S = 30


@dataclass(frozen=True, slots=True)
class Served:
    """A model that is served."""

    model_id: str
    name: str
    kind: str
    storage: str
    methods: tuple[str, ...]
    output: str
    """What its prediction is called."""

    @property
    def in_mlflow(self) -> bool:
        """Whether it is loaded from MLflow."""
        return self.storage == "mlflow"


SERVED: Mapping[str, Served] = {
    one.model_id: one
    for one in (
        Served("21", "Sales Lead Scoring Model", "sklearn", "huggingface_private", ("local", "api"), "lead_score"),
        Served("27", "Message Scoring Model", "mlflow_pyfunc", "mlflow", ("mlflow",), "score"),
        Served("30", "Technical Task Router", "mlflow_pyfunc", "mlflow", ("mlflow",), "route_score"),
    )
}
"""The models by id; there are no others."""

_INPUTS = Model(
    "Prediction",
    {
        "inputs": Field(Object()),
        "options": Field(Object(), required=False, default=None, nullable=True),
    },
    {"inputs": {"company_size": 120, "industry": "software"}, "options": {}},
)
_INFO = {
    "model_id": str,
    "name": str,
    "type": str,
    "storage": str,
    "is_available": bool,
    "inference_methods": listing(str),
    "max_batch_size": int,
}
_OF_MLFLOW = {
    "model_type": str,
    "storage_type": str,
    "model_uri": str,
    "model_version": str,
    "schema": dict,
    "description": str,
    "input_fields": list,
}
_NOT_FOUND = detail("There is no such model.")


def _served(call: Call) -> Served:
    model_id = call.path["model_id"]
    model = SERVED.get(model_id)
    if model is None:
        raise problem(404, f"Model {model_id} not found")
    return model


@ROUTES.route(
    "GET",
    "/{model_id}/info",
    {200: answered("What is known of it.", _INFO, _OF_MLFLOW), 404: _NOT_FOUND},
    provenance="proved",
)
def info(call: Call) -> Json:
    """What is known of a served model."""
    model = _served(call)
    known: Json = {
        "model_id": model.model_id,
        "name": model.name,
        "type": model.kind,
        "storage": model.storage,
        "is_available": True,
        "inference_methods": list(model.methods),
        "max_batch_size": 100,
    }
    if model.in_mlflow:
        known |= {
            "model_type": model.kind,
            "storage_type": model.storage,
            **_location(model),
            "description": f"{model.name}, loaded from MLflow",
            "input_fields": [],
        }
    return known


def _location(model: Served) -> Json:
    name = model.name.lower().replace(" ", "_")
    return {"model_uri": f"models:/{name}/1", "model_version": "1", "schema": {}}


_INVALID = listing(record({"type": str, "loc": list, "msg": str, "input": {}, "url": str}))
_TIMED_OUT = record({"error": str, "request_id": str, "run_id": (str, None)})
_COLD = record({"error": str, "model_id": str, "warmup_state": str, "retry_after_s": int})


@ROUTES.route(
    "POST",
    "/{model_id}/predict",
    {
        200: answered(
            "The prediction.",
            {"model_id": str, "predictions": dict, "metadata": dict, "timestamp": str, "inference_log_id": str},
        ),
        400: detail("The inference method is unknown."),
        404: _NOT_FOUND,
        422: Answer("The body is wrong; the places lack the usual first part.", record({"detail": _INVALID})),
        500: detail("The model cannot be loaded."),
        503: Answer("It fails, or is warming up.", record({"detail": {"anyOf": [TEXT, _COLD]}})),
        504: Answer("It took longer than 25 s.", record({"detail": _TIMED_OUT})),
    },
    body=_INPUTS,
    validates_itself=True,
    provenance="proved",
)
def predict(call: Call) -> Response:
    """Predict with a served model."""
    request_id = call.world.ids.hex32()
    try:
        response = Response.json(_predict(call, request_id))
    except Problem as refusal:
        response = refusal.response()
    response.headers.append(("X-Request-ID", request_id))
    return response


def _predict(call: Call, request_id: str) -> Json:
    model = _served(call)
    body = _body(call)
    method = str((body["options"] or {}).get("inference_method", model.methods[0]))
    if method not in model.methods:
        raise problem(400, f"Unknown inference method: {method}")
    _refuse(call, model, request_id)
    metadata: Json = {
        "api_version": "1.0",
        "inference_method": method,
        "user_id": f"user_{call.key.role}",
        "api_key_id": f"key_{call.key.role}",
    }
    if model.in_mlflow:
        metadata |= {**_location(model), "request_id": request_id}
    return {
        "model_id": model.model_id,
        "predictions": {model.output: _number(model, body["inputs"])},
        "metadata": metadata,
        "timestamp": call.timestamp,
        "inference_log_id": call.world.ids.hex32(),
    }


def _body(call: Call) -> Json:
    """The body, checked by the route itself: its errors have a link and no `body` in their places."""
    payload, errors = decode(call.request.body(), "application/json")
    if not errors and not isinstance(payload, dict):
        message = "Input should be a valid dictionary or instance of PredictionRequest"
        errors = [{"type": "model_type", "loc": [], "msg": message, "input": payload}]
    values, found = ({}, errors) if errors else check_fields(_INPUTS.fields, payload, None)
    if found:
        link = "https://errors.pydantic.dev/2.12/v/"
        raise Problem(422, [{**one, "url": link + one["type"]} for one in found])
    return values


def _refuse(call: Call, model: Served, request_id: str) -> None:
    """Raise what the model answers instead of a prediction, if anything."""
    if model.model_id == "30":
        _refuse_cold(call, model, request_id)
    state = call.settings.inference
    if state == "no_token":
        raise problem(500, "HuggingFace token not configured")
    if state == "failing":
        raise problem(503, f"{model.name} MLflow inference failed: the model server did not answer")
    if state == "timeout":
        raise _timed_out(call, request_id)


def _refuse_cold(call: Call, model: Served, request_id: str) -> None:
    warm_up = warming(call)
    if warm_up.slow:
        raise _timed_out(call, request_id)
    if warm_up.ready:
        return
    with call.world.lock:
        call.state.refused_predictions += 1
    raise Problem(
        503,
        {
            "error": "model_not_ready",
            "model_id": model.model_id,
            "warmup_state": warm_up.state,
            "retry_after_s": _RETRY_AFTER_S,
        },
        {"Retry-After": str(_RETRY_AFTER_S)},
    )


def _timed_out(call: Call, request_id: str) -> Problem:
    call.world.wait(PREDICT_TIMEOUT_S)
    return Problem(504, {"error": "inference_timeout", "request_id": request_id, "run_id": None})


def _number(model: Served, inputs: Mapping[str, Any]) -> float:
    """A number from 0 to 1 that depends on the model and on the inputs, whatever their order."""
    text = json.dumps([model.model_id, inputs], sort_keys=True)
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=4).digest()
    return round(int.from_bytes(digest, "big") / 0xFFFFFFFF, 6)


_STATE = {"model_id": str, "status": str}
_MORE = {
    "is_cached": bool,
    "storage_type": str,
    "inference_ready": bool,
    "readiness": dict,
    "mlflow_sdk": dict,
    "error": str,
}


@ROUTES.route(
    "GET",
    "/{model_id}/health",
    {200: answered("Always: an unknown model is unhealthy, not missing.", _STATE, _MORE)},
    query={"warmup": Field(Flag(), required=False, default=False)},
    provenance="proved",
)
def model_health(call: Call) -> Json:
    """Whether a served model can predict."""
    model = SERVED.get(call.path["model_id"])
    if model is None:
        model_id = call.path["model_id"]
        return {"model_id": model_id, "status": "unhealthy", "error": f"404: Model {model_id} not found"}
    ready = call.settings.inference == "up" and (model.model_id != "30" or warming(call).ready)
    found: Json = {
        "model_id": model.model_id,
        "status": "healthy" if ready else "unhealthy",
        "is_cached": ready,
        "storage_type": model.storage,
        "inference_ready": ready,
    }
    if model.model_id == "30":
        found["readiness"] = {"warmup_state": warming(call).state}
    return found
