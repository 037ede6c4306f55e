"""The auth service, a host of its own on the real platform: is a key good, and what does a request cost.

It is asked in two dialects: the gateway sends the key in `Authorization`, the published SDK in the body. Which of them
it takes is the setting `validate_key_in`. The bodies of its refusals are assumed; its 200 has the fields that gateway
and SDK read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from hokusai_mock.gateway.admission import AUTH_TIMEOUT_S, has_balance, retry_after, take
from hokusai_mock.gateway.bodies import Field, Json, Model, Number, Text
from hokusai_mock.gateway.route import Answer, Call, Routes, problem
from hokusai_mock.gateway.routes.schemas import answered, detail, listing, record
from hokusai_mock.keys import Key, Presented, find, identify
from hokusai_mock.messages import Response

__all__ = ["ROUTES", "key_id"]

ROUTES = Routes(host="auth")

SERVICES = ("website", "prediction", "platform")
"""The ids under which somebody may ask; any other gets 401 for whatever key."""

_VALIDATION = Model(
    "Validation",
    {
        "api_key": Field(Text(), required=False, nullable=True, description="the SDK's dialect"),
        "service_id": Field(Text(), required=False, default="platform"),
        "client_ip": Field(Text(), required=False, nullable=True),
    },
    {"service_id": "platform", "client_ip": "127.0.0.1"},
)
_DEBIT = Model("Debit", {"amount": Field(Number(), required=False, default=0.0)}, {"amount": 0.1})
_KEY = {
    "user_id": str,
    "email": str,
    "key_id": str,
    "service_id": str,
    "scopes": listing(str),
    "roles": listing(str),
    "is_admin": bool,
    "rate_limit_per_hour": int,
    "has_sufficient_balance": bool,
    "balance": float,
}
_TROUBLE = {
    429: detail("It is asked too often."),
    500: detail("It fails."),
    503: detail("It is down."),
    504: detail("It does not answer."),
}


def key_id(key: Key) -> str:
    """The id under which the auth service knows a key; never the key itself."""
    return f"key_{key.role}"


def _in_service(function: Callable[[Call], Json | Response]) -> Callable[[Call], Json | Response]:
    """Let the setting `auth_service` answer in the place of `function` when the service is not up."""

    @wraps(function)
    def answer(call: Call) -> Json | Response:
        state = call.settings.auth_service
        if state == "limited":
            wait = retry_after(call.world, call.settings, usual="60")
            headers = [] if wait is None else [("Retry-After", wait)]
            return Response.json({"detail": "Rate limit exceeded"}, 429, headers)
        if state == "timeout":
            call.world.wait(2 * AUTH_TIMEOUT_S)
            raise problem(504, "Gateway Timeout")
        if state == "error":
            raise problem(500, "Internal Server Error")
        if state == "refused":
            raise problem(503, "Service Unavailable")
        return function(call)

    return answer


@ROUTES.route(
    "POST",
    "/api/v1/keys/validate",
    {
        200: answered("The key is good: whose it is and what it may.", _KEY),
        401: detail("The key is missing, unknown or no longer valid, or the service id is unknown."),
        **_TROUBLE,
    },
    body=_VALIDATION,
    headers={"Authorization": "`Bearer KEY`, the gateway's dialect"},
    provenance="documented",
)
@_in_service
def validate(call: Call) -> Json:
    """Say whether a key is good, and what it may."""
    presented = _presented(call)
    key = identify(call.world.keys, presented)
    if key is None or not key.valid or call.body["service_id"] not in SERVICES:
        raise problem(401, "Invalid or expired API key")
    spent = call.state.debits.get(key.role)
    return {
        "user_id": f"user_{key.role}",
        "email": key.email or f"{key.role}@example.test",
        "key_id": key_id(key),
        "service_id": call.body["service_id"],
        "scopes": list(key.scopes),
        "roles": list(key.roles),
        "is_admin": key.admin,
        "rate_limit_per_hour": 1000,
        "has_sufficient_balance": has_balance(call.world, key),
        "balance": key.balance - (spent.amount if spent else 0.0),
    }


def _presented(call: Call) -> Presented | None:
    where = call.settings.validate_key_in
    if where != "body":
        in_header = find(call.request.header("Authorization"), None, ())
        if in_header is not None:
            return in_header
    in_body = call.body["api_key"]
    return Presented(in_body, "body") if in_body and where != "header" else None


_REJECTED = Answer("The balance does not suffice.", record({"reason": str, "reason_code": str}))


@ROUTES.route(
    "POST",
    "/api/v1/usage/{key_id}/debit",
    {
        200: answered("Taken from the balance.", {"key_id": str, "debited": float, "balance": float}),
        402: _REJECTED,
        404: detail("There is no such key."),
        **_TROUBLE,
    },
    body=_DEBIT,
    provenance="documented",
)
@_in_service
def debit(call: Call) -> Json | Response:
    """Take the price of a request from a key's balance."""
    key = next((one for one in call.world.keys.values() if key_id(one) == call.path["key_id"]), None)
    if key is None:
        raise problem(404, f"Key {call.path['key_id']} not found")
    if call.settings.debit == "error":
        raise problem(500, "Internal Server Error")
    amount = max(call.body["amount"], 0.0)
    if call.settings.debit == "rejected" or not take(call.world, key, amount):
        reason = {"reason": call.settings.debit_reason, "reason_code": call.settings.debit_reason_code}
        return Response.json(reason, 402)
    spent = call.state.debits[key.role]
    return {"key_id": key_id(key), "debited": amount, "balance": key.balance - spent.amount}
