"""Parameters of scenarios as clients meet them: how often a fault strikes, whom, and with what."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from hokusai_mock import MockServer, Sandbox, scenarios
from hokusai_mock.sandbox import SandboxError

if TYPE_CHECKING:
    from conftest import Ask

SEARCH = "/api/2.0/mlflow/experiments/search"
Statuses = Callable[..., list[int]]


@pytest.fixture
def statuses(sandbox: Sandbox, ask: Ask) -> Statuses:
    """The statuses of so many searches, one after the other."""

    def search(count: int, *, of: Sandbox = sandbox, **options: Any) -> list[int]:
        return [ask(of.tracking_uri + SEARCH, "POST", json={"max_results": 1}, **options).status for _ in range(count)]

    return search


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, [502] * 6),
        ({"times": 2}, [502, 502, 200, 200, 200, 200]),
        ({"after": 2}, [200, 200, 502, 502, 502, 502]),
        ({"after": 1, "times": 1}, [200, 502, 200, 200, 200, 200]),
        ({"every": 3}, [200, 200, 502, 200, 200, 502]),
        ({"every": 2, "times": 1}, [200, 502, 200, 200, 200, 200]),
        ({"status": 503, "times": "1"}, [503, 200, 200, 200, 200, 200]),
        ({"probability": 0}, [200] * 6),
        ({"probability": 1}, [502] * 6),
        ({"methods": ["GET"]}, [200] * 6),
        ({"paths": ["@mlflow/experiments/*"]}, [502] * 6),
        ({"paths": ["@health"]}, [200] * 6),
    ],
)
def test_a_fault_strikes_as_often_as_it_is_told(
    params: dict[str, Any], expected: list[int], sandbox: Sandbox, statuses: Statuses
) -> None:
    sandbox.scenario("gateway.lb_error", **params)

    assert statuses(6) == expected


def test_each_key_has_a_count_of_its_own_when_asked_for(sandbox: Sandbox, statuses: Statuses) -> None:
    sandbox.scenario("gateway.lb_error", times=1, per="key")

    assert statuses(2, key="hk_test_admin") == [502, 200]
    assert statuses(2, key="hk_test_reader") == [502, 403]


def chances(seed: int, name: str, ask: Ask, probability: float = 0.5) -> list[int]:
    with MockServer(port=0, seed=seed) as server:
        sandbox = server.sandbox(name)
        sandbox.scenario("gateway.lb_error", probability=probability)
        url = sandbox.tracking_uri + SEARCH
        return [ask(url, "POST", json={"max_results": 1}).status for _ in range(40)]


def test_chance_is_the_seeds_alone(ask: Ask) -> None:
    first = chances(7, "a", ask)

    assert {200, 502} == set(first)
    assert chances(7, "a", ask) == first
    assert chances(8, "a", ask) != first
    assert chances(7, "b", ask) != first


def test_an_outage_recovers_with_the_requests_of_a_client_that_retries(sandbox: Sandbox, statuses: Statuses) -> None:
    sandbox.scenario("gateway.upstream_unreachable", times=2)

    assert statuses(3) == [502, 502, 200]


def test_an_outage_recovers_with_the_virtual_clock(sandbox: Sandbox, statuses: Statuses) -> None:
    sandbox.clock.freeze()
    sandbox.scenario("auth.service_down", down_for_s="10m")

    assert statuses(1) == [503]
    sandbox.clock.advance(599)
    assert statuses(1) == [503]
    sandbox.clock.advance(1)
    assert statuses(1) == [200]


def test_a_refused_parameter_leaves_the_sandbox_as_it_was(sandbox: Sandbox, statuses: Statuses) -> None:
    with pytest.raises(SandboxError, match=r"has no parameter 'tims'; did you mean 'times'\?"):
        sandbox.scenario("gateway.lb_error", tims=2)
    with pytest.raises(SandboxError, match="'status' cannot be 404"):
        sandbox.scenario("gateway.lb_error", status=404)

    assert statuses(2) == [200, 200]


@pytest.mark.parametrize("name", [name for name in scenarios.names() if scenarios.load(name).id[0] in "CD"])
def test_every_parameter_has_a_default_with_which_it_can_be_played(name: str) -> None:
    resolved = scenarios.load(name).resolve()

    assert resolved.unplayable() == []
    assert set(resolved.params) == set(scenarios.load(name).params)


def choices() -> list[tuple[str, str, Any]]:
    return [
        (name, param, choice)
        for name in scenarios.names()
        for param, about in scenarios.load(name).params.items()
        if scenarios.load(name).id[0] in "CD"
        for choice in about.choices or ()
    ]


@pytest.mark.parametrize(("name", "param", "choice"), choices())
def test_every_choice_of_a_parameter_can_be_played_and_ended(
    name: str, param: str, choice: Any, mock: MockServer
) -> None:
    if any(listener.tls for listener in scenarios.load(name).resolve().listeners):
        pytest.importorskip("trustme", reason="certificates are made with trustme, an extra")
    sandbox = mock.sandbox(f"choice-{hashlib.sha256(f'{name} {param} {choice}'.encode()).hexdigest()[:16]}")
    sandbox.scenario(name, **{param: choice})
    sandbox.reset()

    assert sandbox.errors == []
    sandbox.drop()
