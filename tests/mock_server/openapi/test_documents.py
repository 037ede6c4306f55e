"""Both OpenAPI documents, of control and of the platform: valid, complete, and true under generated requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("schemathesis", reason="the fuzzer of OpenAPI documents is not installed here")
pytest.importorskip("openapi_spec_validator", reason="the validator of OpenAPI documents is not installed here")

import schemathesis
from fuzzing import fuzz, operations
from openapi_spec_validator import validate
from schemathesis.core.failures import FailureGroup

from hokusai_mock import MockServer
from hokusai_mock.admin.routes import ROUTES

CONTROL = "openapi.json"
PLATFORM = "platform-openapi.json"
KEY = {"headers": {"Authorization": "Bearer hk_test_admin"}}


@pytest.fixture
def server() -> Iterator[MockServer]:
    """One of its own: what is sent here sets and drops anything."""
    with MockServer(seed=1, max_sandboxes=10_000) as running:
        yield running


def fetched(server: MockServer, name: str) -> Any:
    return schemathesis.openapi.from_url(f"{server.url}/_testkit/v1/{name}")


@pytest.mark.parametrize("name", [CONTROL, PLATFORM])
def test_the_document_is_valid(server, ask, name):
    document = ask(f"{server.url}/_testkit/v1/{name}", key=None).json
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_of_control_is_in_the_document_once_with_and_once_without_its_sandbox(server, ask):
    paths = ask(f"{server.url}/_testkit/v1/{CONTROL}", key=None).json["paths"]
    found = {(method.upper(), path) for path, item in paths.items() for method in item}
    expected = {(method, route.path) for route in ROUTES for method in route.methods}
    of_default = {
        (method, re.sub(r"^/sandboxes/\{id\}", "", route.path) or "/")
        for route in ROUTES
        if route.of_sandbox
        for method in route.methods
    }
    assert found == expected | of_default


def test_operations_have_names_of_their_own_and_say_what_they_do(server, ask):
    document = ask(f"{server.url}/_testkit/v1/{CONTROL}", key=None).json
    found = [operation for item in document["paths"].values() for operation in item.values()]
    assert {tag for operation in found for tag in operation["tags"]} == {tag["name"] for tag in document["tags"]}
    names = [operation["operationId"] for operation in found]
    assert len(names) == len(set(names))
    assert all(operation["summary"].endswith((".", ";", ":")) for operation in found)


def test_control_answers_as_its_document_says(server):
    sent = sum(fuzz(operation, 1) for operation in operations(fetched(server, CONTROL)) if _is_one_of_a_kind(operation))
    assert sent > len(ROUTES)


def _is_one_of_a_kind(operation: Any) -> bool:
    """Not the same route without its sandbox, nor the same with PATCH: these are the same code."""
    return operation.method != "patch" and ("{id}" in operation.path or operation.path.count("/") == 1)


def test_the_platform_answers_as_its_document_says(server):
    own = [one for one in operations(fetched(server, PLATFORM)) if not one.path.startswith("/models/")]
    assert sum(fuzz(operation, 1, **KEY) for operation in own) >= len(own)


def test_an_answer_that_is_not_in_the_document_is_found(server, ask):
    document = ask(f"{server.url}/_testkit/v1/{CONTROL}", key=None).json
    del document["paths"]["/sandboxes/{id}/clock"]["put"]["responses"]["400"]
    schema = schemathesis.openapi.from_dict(document)
    (operation,) = [one for one in operations(schema) if (one.path, one.method) == ("/sandboxes/{id}/clock", "put")]
    with pytest.raises(FailureGroup, match="400"):
        fuzz(operation, 5, base_url=f"{server.url}/_testkit/v1")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "call"), [(CONTROL, {}), (PLATFORM, KEY)])
def test_many_requests_are_answered_as_the_document_says(server, name, call):
    found = [one for one in operations(fetched(server, name)) if name == PLATFORM or _is_one_of_a_kind(one)]
    assert sum(fuzz(operation, 40, **call) for operation in found) > 40 * len(found)
    assert [world.errors for world in server.worlds.all() if world.errors] == []
