"""A mock of this process, and worlds of it with the listeners that a test writes down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from hokusai_mock import MockServer
from hokusai_mock.scenarios import parse

if TYPE_CHECKING:
    from hokusai_mock.world import World

HEAD = 'schema = 1\nid = "D02"\nname = "test.listener"\n'


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(seed=1) as running:
        yield running


@pytest.fixture
def world(server: MockServer, request: pytest.FixtureRequest) -> Iterator[World]:
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    yield server.worlds.get(name)
    assert server.worlds.get(name).errors == []
    server.worlds.drop(name)


@pytest.fixture
def open_listener(server: MockServer) -> Callable[..., str]:
    """Open what a scenario file would: `open_listener(world, 'kind = "silent"')`; gives the listener's URL."""

    def open_(world: World, table: str = "", name: str = "main") -> str:
        listeners = parse(f'{HEAD}[[listener]]\nname = "{name}"\n{table}\n', "test.listener").resolve().listeners
        with world.listeners.opening(world, listeners):
            pass
        return str(world.listeners.url(name, server.url))

    return open_
