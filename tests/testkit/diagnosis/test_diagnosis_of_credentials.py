"""The doctor on every situation of credentials that it can name: played on the mock, asked as a user does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hokusai_mock import MockServer, scenarios

CLIENT = "3.9.0"
NAMED = [
    name for name in scenarios.names() if scenarios.load(name).family == "auth" and scenarios.load(name).named_by_doctor
]


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(port=0) as running:
        yield running


@pytest.mark.parametrize("name", NAMED)
def test_a_situation_of_credentials_is_named(
    name: str, server: MockServer, doctor: Callable[..., Any], plant: Callable[..., None]
) -> None:
    plant(mlflow=CLIENT, mlflow_skinny=CLIENT)
    sandbox = server.sandbox(f"credentials-{name}")
    sandbox.scenario(name)
    outcome = doctor("--online", env=sandbox.env)

    assert (outcome.code, outcome.verdict["incident"], outcome.verdict["scenario"]) == (
        1,
        scenarios.load(name).id,
        name,
    )
