"""The OpenAPI 3.1 document of the platform's own routes, made from the table that the dispatcher uses.

So a new route cannot be missing in it. The mounts of MLflow are not listed: what passes them is MLflow's interface.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from hokusai_mock._version import __version__
from hokusai_mock.gateway.bodies import Json
from hokusai_mock.gateway.decision import is_exempt
from hokusai_mock.gateway.route import Answer, Route
from hokusai_mock.gateway.routes.schemas import DETAIL, TEXT, record
from hokusai_mock.gateway.table import ALL
from hokusai_mock.profiles import PlatformProfile

__all__ = ["OWN_FAILURES", "document"]

OWN_FAILURES = "x-hokusai-own-failures"
"""Per operation: statuses from 500 on that the real platform gives by itself, though nothing is broken."""

_TAGS = {"api": "platform", "auth": "auth service", "site": "web site"}

_ERROR = record({"type": TEXT, "loc": {"type": "array"}, "msg": TEXT, "input": {}})
_INVALID = Answer("The body or the query is wrong.", record({"detail": {"type": "array", "items": _ERROR}}))
_UNREADABLE = Answer("The body cannot be decoded.", DETAIL)
_LIMITED = Answer("Too many requests of this address in a minute; no Retry-After.", record({"error": TEXT}))
_REFUSALS: Mapping[int, Answer] = {
    401: Answer("No key, or one that is unknown, expired or revoked.", DETAIL),
    402: Answer(
        "The balance does not suffice, or the usage debit was rejected.",
        {"anyOf": [DETAIL, record({"error": TEXT, "reason": TEXT, "reason_code": TEXT})]},
    ),
    403: Answer("The key may not do this.", DETAIL),
    429: Answer("The auth service is asked too often (Retry-After: 60), or the key is over its limit.", DETAIL),
    503: Answer("The auth service is down, slow or failing (Retry-After: 1).", DETAIL),
}
"""What the gateway answers in the place of any route that asks for a key."""


def document(platform: PlatformProfile) -> Json:
    """Describe every route of the platform as this era of it answers: an OpenAPI 3.1 document as plain data."""
    paths: dict[str, Json] = {}
    names = Counter(_name(route) for route in ALL)
    for route in ALL:
        name = _name(route) if names[_name(route)] == 1 else f"{_name(route)}_at_{_slug(route.path)}"
        operations = paths.setdefault(route.path, _parameters_of(route.path))
        operations[route.method.lower()] = _operation(route, name, platform)
    bodies = {route.body.name: route.body for route in ALL if route.body is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hokusai platform",
            "version": __version__,
            "description": f"{platform.title}. Played by hokusai-testkit; MLflow's own interface is not listed.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: {**body.schema(), "examples": [dict(body.example)]} for name, body in bodies.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKeyHeader": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "apiKeyQuery": {"type": "apiKey", "in": "query", "name": "api_key"},
            },
        },
    }


def _operation(route: Route, name: str, platform: PlatformProfile) -> Json:
    answers = _answers(route)
    operation: Json = {
        "operationId": name,
        "summary": route.summary,
        "tags": [_TAGS[route.host]],
        "x-hokusai-provenance": route.provenance,
        "parameters": _parameters(route),
        "responses": {str(status): _response(answers[status]) for status in sorted(answers)},
        "security": [{"bearer": []}, {"apiKeyHeader": []}, {"apiKeyQuery": []}] if asks_for_key(route) else [],
    }
    own = [
        status
        for status, answer in sorted(route.answers.items())
        if answer.own and (not answer.loss or answer.loss in platform.losses)
    ]
    if own:
        operation[OWN_FAILURES] = own
    if route.body is not None:
        schema = {"$ref": f"#/components/schemas/{route.body.name}"}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def asks_for_key(route: Route) -> bool:
    """Whether the gateway wants a key before the route is reached."""
    return route.host == "api" and not is_exempt(route.method, route.path)


def _answers(route: Route) -> dict[int, Answer]:
    """Every status that the route can answer: its own, those of validation and limit, those of the gateway."""
    answers = dict(route.answers)
    more: list[Mapping[int, Answer]] = []
    if (route.body is not None and not route.validates_itself) or route.query:
        more.append({422: _INVALID})
    if route.body is not None and not route.validates_itself:
        more.append({400: _UNREADABLE})
    if route.body is not None:
        more.append({413: Answer("The body is larger than the mock takes.", record({"error": TEXT}))})
    if route.per_minute is not None:
        more.append({429: _LIMITED})
    if asks_for_key(route):
        more.append(_REFUSALS)
    for one in more:
        for status, answer in one.items():
            answers[status] = _either(answers[status], answer) if status in answers else answer
    return answers


def _either(one: Answer, other: Answer) -> Answer:
    """An answer that is one of two."""
    if one.schema == other.schema:
        return Answer(f"{one.description} {other.description}", one.schema)
    return Answer(f"{one.description} {other.description}", {"anyOf": [one.schema, other.schema]})


def _response(answer: Answer) -> Json:
    if not answer.media:
        return {"description": answer.description}
    return {"description": answer.description, "content": {answer.media: {"schema": answer.schema}}}


def _parameters_of(path: str) -> Json:
    names = re.findall(r"\{(\w+)\}", path)
    if not names:
        return {}
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[^/]+$"}}
            for name in names
        ]
    }


def _parameters(route: Route) -> list[Json]:
    query: list[Json] = [
        {"name": name, "in": "query", "required": field.required, "schema": field.schema()}
        for name, field in route.query.items()
    ]
    return query + [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": meaning}
        for name, meaning in route.headers.items()
        if name != "Authorization"  # OpenAPI ignores it as a parameter
    ]


def _name(route: Route) -> str:
    return route.function.__name__


def _slug(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")
