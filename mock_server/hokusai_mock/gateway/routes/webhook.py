"""The web site's webhook, a host of its own on the real platform: a registered model is announced here, signed.

The signature is the HMAC-SHA256 of the body under a shared secret. What was received, refused or not, is kept in the
world's platform state, so that a test can look at it.
"""

from __future__ import annotations

import hmac
import json
from hashlib import sha256

from hokusai_mock.gateway.bodies import Field, Model, Text
from hokusai_mock.gateway.route import Answer, Call, Routes
from hokusai_mock.gateway.routes.schemas import answered, record
from hokusai_mock.messages import Response
from hokusai_mock.platform_state import KEPT_BYTES

__all__ = ["ROUTES", "signature"]

ROUTES = Routes(host="site")

_ANNOUNCEMENT = Model(
    "ModelAnnouncement",
    {"model_id": Field(Text(), required=False, nullable=True), "status": Field(Text(), required=False, nullable=True)},
    {"model_id": "sales-lead-scorer/1/SLS", "status": "registered"},
)
_REFUSED = record({"error": str})


def signature(secret: str, body: bytes) -> str:
    """The header `X-Hokusai-Signature` of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


@ROUTES.route(
    "POST",
    "/api/webhooks/model-registration",
    {
        200: answered("Received.", {"success": bool, "message": str}),
        400: Answer("The body is no JSON object.", _REFUSED),
        401: Answer("The signature is missing or wrong.", _REFUSED),
    },
    body=_ANNOUNCEMENT,
    validates_itself=True,
    headers={"X-Hokusai-Signature": "`sha256=` and the HMAC-SHA256 of the body in hexadecimal digits"},
    provenance="documented",
)
def receive(call: Call) -> Response:
    """Take the announcement of a registered model."""
    body = call.request.body()
    sent = call.request.header("X-Hokusai-Signature")
    judged = _judge(sent, body, call.settings.webhook_secret)
    announced = _object(body)
    if judged in ("missing", "wrong"):
        response = Response.json({"error": "Invalid signature"}, 401)
    elif announced is None:
        response = Response.json({"error": "Invalid JSON"}, 400)
    else:
        response = Response.json({"success": True, "message": "Webhook received"})
    kept = announced if len(body) <= KEPT_BYTES else None
    entry = {"t": call.now_ms, "signed": judged, "status": response.status, "size": len(body), "body": kept}
    with call.world.lock:
        call.state.webhooks.add(entry)
    return response


def _judge(sent: str | None, body: bytes, secret: str | None) -> str:
    """What is to be thought of a signature: `good`, `wrong`, `missing`, or without a secret `unchecked`."""
    if secret is None:
        return "unchecked"
    if sent is None:
        return "missing"
    wanted = signature(secret, body)
    return "good" if hmac.compare_digest(sent.encode("utf-8", "replace"), wanted.encode()) else "wrong"


def _object(body: bytes) -> dict[str, object] | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
