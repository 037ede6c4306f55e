"""Requests that an OpenAPI document allows, and those that it forbids, sent to the mock; answers checked against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import CheckContext, GenerationMode, Response
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

OWN_FAILURES = "x-hokusai-own-failures"
"""Per operation: statuses from 500 on that the real platform gives by itself, though nothing is broken."""


def no_unasked_server_error(context: CheckContext, response: Response, case: schemathesis.Case) -> bool | None:
    """No fault is played, so an error of the server is the mock's own, unless the real platform has it too."""
    if response.status_code in case.operation.definition.raw.get(OWN_FAILURES, ()):
        return None
    return not_a_server_error(context, response, case)


CHECKS: list[CheckFunction] = [
    no_unasked_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def operations(schema: BaseSchema) -> Iterator[APIOperation]:
    for found in schema.get_all_operations():
        yield found.ok()


def fuzz(operation: APIOperation, examples: int, **call: object) -> int:
    """Send `examples` allowed and as many forbidden requests; an answer that breaks the document fails.

    Returns how many were sent: where everything is allowed, none is forbidden.
    """
    return sum(_fuzz(operation, examples, mode, call) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE))


def _fuzz(operation: APIOperation, examples: int, mode: GenerationMode, call: Mapping[str, object]) -> int:
    sent = 0

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        nonlocal sent
        sent += 1
        case.call_and_validate(checks=CHECKS, **call)

    # Nothing can be forbidden where nothing is asked for.
    with suppress(Unsatisfiable):
        send()
    return sent
