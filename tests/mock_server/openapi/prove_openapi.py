#!/usr/bin/env python3
"""The proof `openapi`: generated requests to every operation of both documents, allowed ones and forbidden ones."""

from __future__ import annotations

import json
import sys
from typing import Any

import schemathesis
from fuzzing import fuzz, operations
from schemathesis.core.failures import FailureGroup

from hokusai_mock import MockServer

EXAMPLES = 20
DOCUMENTS: dict[str, dict[str, Any]] = {
    "openapi.json": {},
    "platform-openapi.json": {"headers": {"Authorization": "Bearer hk_test_admin"}},
}


def main() -> None:
    figures: dict[str, Any] = {}
    failures: list[str] = []
    for name, call in DOCUMENTS.items():
        sent = 0
        with MockServer(seed=1, max_sandboxes=10_000) as server:
            found = list(operations(schemathesis.openapi.from_url(f"{server.url}/_testkit/v1/{name}")))
            for operation in found:
                try:
                    sent += fuzz(operation, EXAMPLES, **call)
                except FailureGroup as error:  # noqa: PERF203 - the first failure shall not hide the others
                    failures.append(f"{name} {operation.method.upper()} {operation.path}: {error}")
            failures += [error for world in server.worlds.all() for error in world.errors]
        figures[name] = {"operations": len(found), "requests": sent}
    outcome = {"passed": not failures, "figures": {**figures, "failures": len(failures)}}
    sys.stdout.write("\n".join([*failures, json.dumps(outcome)]) + "\n")


if __name__ == "__main__":
    main()
