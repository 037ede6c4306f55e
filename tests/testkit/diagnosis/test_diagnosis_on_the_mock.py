"""The doctor against the mock platform: each situation of the catalogue is named, and a healthy platform is healthy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hokusai_mock import MockServer, Sandbox

CLIENT = "3.9.0"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(port=0) as running:
        yield running


@pytest.fixture
def sandbox(server: MockServer, request: pytest.FixtureRequest) -> Sandbox:
    return server.sandbox(re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)[:64])


@pytest.fixture(autouse=True)
def client(plant: Callable[..., None]) -> None:
    plant(mlflow=CLIENT, mlflow_skinny=CLIENT)


def test_a_healthy_mock_is_healthy(sandbox: Sandbox, doctor: Callable[..., Any]) -> None:
    outcome = doctor("--online", "--strict", env=sandbox.env)

    assert (outcome.code, outcome.result["ok"], outcome.verdict["state"]) == (0, True, "healthy")


@pytest.mark.parametrize(
    ("scenario", "params", "incident"),
    [
        ("auth.admin_required", {}, "A05"),
        ("auth.admin_required", {"admin_scopes": ["root"]}, "A05"),
        ("auth.key_invalid", {}, "A03"),
        ("auth.key_required", {}, "A01"),
        ("client.key_quotes", {}, "A14"),
        ("client.no_scheme", {}, "B08"),
        ("gateway.lb_error", {}, "C03"),
        ("gateway.lb_error", {"status": 503, "content_type": "text/plain"}, "C03"),
        ("gateway.lb_error", {"status": 504, "paths": ["@registry"]}, "C03"),
        ("version.server", {}, "E01"),
        ("version.server", {"version": "2.22"}, "E01"),
        ("net.dns_fail", {}, "D01"),
    ],
)
def test_each_situation_is_named(
    scenario: str, params: dict[str, Any], incident: str, sandbox: Sandbox, doctor: Callable[..., Any]
) -> None:
    sandbox.scenario(scenario, **params)
    outcome = doctor("--online", env=sandbox.env)

    assert (outcome.code, outcome.verdict["incident"], outcome.verdict["scenario"]) == (1, incident, scenario)


def test_a_port_that_nobody_listens_on_is_named(doctor: Callable[..., Any]) -> None:
    with MockServer(port=0) as stopped:
        env = stopped.sandbox("gone").env

    assert doctor("--online", env=env).verdict["incident"] == "D02"


def test_granting_admin_ends_the_incident(sandbox: Sandbox, doctor: Callable[..., Any]) -> None:
    sandbox.scenario("auth.admin_required")
    before = doctor("--online", env=sandbox.env).verdict["incident"]
    sandbox.scenario("healthy")

    assert (before, doctor("--online", env=sandbox.env).verdict["state"]) == ("A05", "healthy")


@pytest.mark.parametrize(
    ("profile", "state"),
    [
        ("mlflow-2.9", "incident"),
        ("mlflow-2.22", "incident"),
        ("mlflow-3.4", "healthy"),
        ("mlflow-3.9", "healthy"),
        ("mlflow-3.17", "healthy"),
    ],
)
def test_a_plain_server_is_diagnosed_too(profile: str, state: str, doctor: Callable[..., Any]) -> None:
    with MockServer(port=0, plain=True, profile=profile) as plain:
        verdict = doctor("--online", env=plain.sandbox("plain").env).verdict

    assert (verdict["state"], verdict["incident"]) == (state, "E01" if state == "incident" else None)


def test_the_examination_changes_nothing_and_stays_small(sandbox: Sandbox, doctor: Callable[..., Any]) -> None:
    doctor("--online", env=sandbox.env)
    asked = [(entry["method"], entry["path"].rpartition("/mlflow/")[2]) for entry in sandbox.journal]

    assert len(asked) <= 15
    assert all(method == "GET" or path.endswith("/search") for method, path in asked)


def test_the_key_is_shown_to_the_platform_only_after_it_spoke(sandbox: Sandbox, doctor: Callable[..., Any]) -> None:
    doctor("--online", env=sandbox.env)
    keys = [entry["auth"]["key"] for entry in sandbox.journal]

    assert keys[:3] == [None, None, None]
    assert keys[3:] == ["admin"] * len(keys[3:])
