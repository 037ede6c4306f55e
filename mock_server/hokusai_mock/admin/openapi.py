"""The OpenAPI 3.1 document of the admin API, made from the route table: what is not in the table is not answered."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from inspect import getdoc
from typing import Any

from hokusai_mock._version import __version__
from hokusai_mock.admin.interface import ROLE_PATTERN, SANDBOX, Route
from hokusai_mock.admin.json_schema import Definitions, properties, schema_of
from hokusai_mock.worlds import ID_PATTERN

__all__ = ["document"]

JSON = "application/json"
MEBIBYTE = 1024 * 1024

_ABOUT = """Control of the mock platform: sandboxes and what happens in them.

Paths without `sandboxes/{id}` mean the sandbox `default`. A sandbox is made by its first use. Unknown fields and
parameters are refused, with the nearest valid name. Only loopback host names (and those of `--allow-host`) are
answered, never a web page of another origin; off loopback with the admin token alone."""

_PARAMETERS = {
    "id": {"type": "string", "pattern": f"^{ID_PATTERN.pattern}$", "description": "The id of a sandbox."},
    "role": {"type": "string", "pattern": ROLE_PATTERN, "description": "The role of a key: admin, default, reader."},
}
_ERROR = {
    "type": "object",
    "description": "Why it was refused, the likely cause and the next step.",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
}
_SUBJECTS = {
    "sandboxes": "Sandboxes as a whole",
    "state": "What a sandbox is set to",
    "platform": "The platform beside MLflow",
    "incidents": "What goes wrong",
    "records": "What was recorded",
    "examination": "What the records tell",
    "snapshots": "The whole state, saved and put back",
    "documents": "Documents",
}


def document(routes: Iterable[Route], server_url: str) -> dict[str, Any]:
    """Return the document of `routes`, for a server that is reached at `server_url`."""
    known = Definitions()
    known["Error"] = _ERROR
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        for path, suffix in _paths(route):
            item = paths.setdefault(path, {})
            for method in route.methods:
                item[method.lower()] = _operation(route, method, path, suffix, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "hokusai-testkit admin API", "version": __version__, "description": _ABOUT},
        "servers": [{"url": f"{server_url}/_testkit/v1"}],
        "security": [{}, {"token": []}],
        "tags": [{"name": name, "description": text} for name, text in _SUBJECTS.items()],
        "paths": paths,
        "components": {
            "schemas": known,
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Hokusai-Testkit-Token"}},
        },
    }


def _paths(route: Route) -> Iterable[tuple[str, str]]:
    yield route.path, ""
    if route.of_sandbox:
        yield route.path[len(SANDBOX) :] or "/", "_of_default"


def _operation(route: Route, method: str, path: str, suffix: str, known: Definitions) -> dict[str, Any]:
    summary, _, description = (getdoc(route.view) or "").partition("\n")
    prefix = "patch_" if method == "PATCH" else ""
    operation: dict[str, Any] = {
        "operationId": f"{prefix}{route.name}{suffix}",
        "tags": [route.view.__module__.rpartition(".")[2]],
        "summary": summary,
        "parameters": _parameters(route, path, known),
        "responses": _responses(route, known),
    }
    if text := description.strip():
        operation["description"] = text
    if route.body is not None:
        operation["requestBody"] = {
            "required": route.needs_body,
            "content": {JSON: {"schema": schema_of(route.body, known)}},
        }
    return operation


def _parameters(route: Route, path: str, known: Definitions) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in _PARAMETERS.items()
        if f"{{{name}}}" in path
    ]
    if route.query is not None:
        schemas, required = properties(route.query, known)
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in schemas.items()
        ]
    return found


def _responses(route: Route, known: Definitions) -> dict[str, Any]:
    answer = typing.get_type_hints(route.view, include_extras=True)["return"]
    refusals = {400: "What was sent makes no sense; nothing was changed.", 403: "The guard: host, origin or token."}
    if route.body is not None:
        refusals[413] = f"The body is longer than {route.largest_body} bytes."
        refusals[413] = f"The body is longer than {route.largest_body // MEBIBYTE} MiB."
        refusals[415] = "The body is not sent as JSON."
    if "{role}" in route.path and route.method == "GET":
        refusals[404] = "No key has the role."
    refusals[409] = "Not possible: there are as many sandboxes as there may be"
    refusals[409] += f", or {route.conflict}." if route.conflict else "."
    if not route.of_sandbox and not route.conflict:
        del refusals[409]
    good = {"description": "Done.", "content": {JSON: {"schema": schema_of(answer, known)}}}
    return {str(route.status): good} | {
        str(status): {
            "description": text,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, text in refusals.items()
    }
