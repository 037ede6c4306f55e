"""Contributions: data that somebody offers for a model. They are never debited, though an empty balance refuses them.

`Idempotency-Key` makes a repeated POST answer with the first contribution; another body under the same key is a
conflict.
"""

from __future__ import annotations

import json
from hashlib import sha256

from hokusai_mock.gateway.bodies import Field, Json, Model, Object
from hokusai_mock.gateway.route import Answer, Call, Routes
from hokusai_mock.gateway.routes.schemas import answered, record
from hokusai_mock.gateway.routes.serving import SERVED
from hokusai_mock.messages import Response

__all__ = ["ROUTES"]

ROUTES = Routes("/api/v1")

MAX_BYTES = 1024 * 1024
_KEPT = 10_000

_CONTRIBUTION = Model("Contribution", {"data": Field(Object())}, {"data": {"rows": [{"company_size": 120}]}})
_ERROR = record({"error": str, "message": str})
_STATE = {"contribution_id": str, "model_id": str, "status": str, "received_at": str}


@ROUTES.route(
    "POST",
    "/models/{model_id}/contributions",
    {
        202: answered("Taken, or known already.", _STATE),
        400: Answer("The body is no JSON object.", _ERROR),
        404: Answer("There is no such model.", _ERROR),
        409: Answer("Another contribution had this Idempotency-Key.", _ERROR),
        413: Answer("It is larger than 1 MiB.", _ERROR),
        503: Answer("There is nowhere to keep it.", _ERROR),
    },
    body=_CONTRIBUTION,
    validates_itself=True,
    headers={"Idempotency-Key": "Repeats of a POST with the same key and body are one contribution."},
    provenance="documented",
)
def contribute(call: Call) -> Json | Response:
    """Offer data for a model."""
    model_id = call.path["model_id"]
    content = call.request.body()
    if model_id not in SERVED:
        return _refused(404, "model_not_found", f"Model {model_id} not found")
    if len(content) > MAX_BYTES:
        return _refused(413, "payload_too_large", f"A contribution has at most {MAX_BYTES} bytes")
    if not _is_object(content):
        return _refused(400, "invalid_contribution", "The body must be a JSON object")
    if call.settings.contribution_storage != "up":
        return _refused(503, "persistence_unavailable", "Contribution storage is not configured")
    key = call.request.header("Idempotency-Key")
    digest = sha256(content).hexdigest()
    with call.world.lock:
        kept = call.state.contributions
        known = next((one for one in kept.values() if key and one["key"] == [call.key.role, model_id, key]), None)
        if known is None:
            if len(kept) >= _KEPT:
                del kept[next(iter(kept))]
            contribution_id = call.world.ids.hex32()
            known = kept[contribution_id] = {
                "contribution_id": contribution_id,
                "model_id": model_id,
                "status": "received",
                "received_at": call.timestamp,
                "key": [call.key.role, model_id, key],
                "digest": digest,
            }
    if known["digest"] != digest:
        return _refused(409, "idempotency_conflict", "This Idempotency-Key belongs to another contribution")
    return {name: known[name] for name in _STATE}


@ROUTES.route(
    "GET",
    "/contributions/{contribution_id}/lifecycle",
    {200: answered("What became of it so far.", {**_STATE, "events": list}), 404: Answer("Unknown.", _ERROR)},
    provenance="documented",
)
def lifecycle(call: Call) -> Json | Response:
    """What became of a contribution."""
    known = call.state.contributions.get(call.path["contribution_id"])
    if known is None:
        return _refused(404, "contribution_not_found", f"Contribution {call.path['contribution_id']} not found")
    state = {name: known[name] for name in _STATE}
    return {**state, "events": [{"status": known["status"], "at": known["received_at"]}]}


def _refused(status: int, error: str, message: str) -> Response:
    return Response.json({"error": error, "message": message}, status)


def _is_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False
