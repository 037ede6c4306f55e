"""The OpenAPI document: valid, complete, and true of what the routes answer."""

from __future__ import annotations

import pytest

from hokusai_mock import profiles
from hokusai_mock.gateway import table
from hokusai_mock.gateway.openapi import document


@pytest.fixture(scope="module")
def described():
    return document(profiles.platform("platform-documented"))


@pytest.mark.parametrize("name", profiles.platform_names())
def test_the_document_of_every_era_is_valid(name):
    validator = pytest.importorskip("openapi_spec_validator", reason="a development tool")
    validator.validate(document(profiles.platform(name)))


def test_every_route_is_in_it_with_what_it_can_answer(described):
    for route in table.ALL:
        operation = described["paths"][route.path][route.method.lower()]
        assert {str(status) for status in route.answers} <= set(operation["responses"])
        assert operation["summary"], route.path
        assert operation["x-hokusai-provenance"] == route.provenance
        assert ("requestBody" in operation) is (route.body is not None)


def test_names_of_operations_are_unique(described):
    names = [
        operation["operationId"]
        for path in described["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    ]
    assert len(names) == len(set(names)) == len(table.ALL)


def test_who_asks_for_a_key_can_be_refused_by_the_gateway(described):
    keyed = described["paths"]["/api/models/"]["get"]
    assert {"401", "402", "429", "503"} <= set(keyed["responses"])
    assert keyed["security"]
    for path, method in (("/health", "get"), ("/api/v1/keys/validate", "post")):
        assert described["paths"][path][method]["security"] == []


def own_failures(name):
    return {
        (method.upper(), path): operation["x-hokusai-own-failures"]
        for path, operations in document(profiles.platform(name))["paths"].items()
        for method, operation in operations.items()
        if "x-hokusai-own-failures" in operation
    }


def test_what_the_real_platform_fails_at_by_itself_is_marked_by_era():
    documented, observed = own_failures("platform-documented"), own_failures("platform-2026-06")
    assert documented["POST", "/api/models/tokenized-registration-events"] == [502]
    assert documented.items() <= observed.items()
    assert {one for one in set(observed) - set(documented) if not one[1].startswith("/models")} == {
        ("GET", "/health"),
        ("GET", "/health/mlflow"),
        ("GET", "/api/models/{model_id}/lineage"),
        ("POST", "/api/models/register"),
    }
    assert not [method for method, _ in documented if method == "GET"], "to read is to fail in no documented way"


def test_the_platform_serves_its_own_document(platform, described):
    assert platform.ask("GET", "/openapi.json", key=None).json["paths"].keys() == described["paths"].keys()
