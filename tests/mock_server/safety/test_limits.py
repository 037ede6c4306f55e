"""Beyond a limit the answer is 413, nothing is kept, and what was there before stays."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from hokusai_mock.messages import MAX_BODY
from hokusai_mock.store import artifacts
from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Mock

if TYPE_CHECKING:
    from hokusai_mock import MockServer, Sandbox

KEY = {"Authorization": "Bearer hk_test_admin"}
JSON = {**KEY, "Content-Type": "application/json"}
MOUNT = "/api/mlflow/api/2.0"
FILE = f"{MOUNT}/mlflow-artifacts/artifacts/0/a.bin"
MIB = 1024 * 1024


class Endless:
    """A body that never ends; it knows how much of it was read."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "somebody wants all of it"
        self.given += size
        return b" " * size


@pytest.fixture
def small() -> Iterator[Mock]:
    """A mock that takes uploads of 2 MiB."""
    mock = Mock(Worlds(WorldOptions(max_upload=2 * MIB)))
    yield mock
    assert [world.errors for world in mock.worlds.all() if world.errors] == []
    mock.worlds.close()


TOO_LONG = json.dumps({"name": "x" * MAX_BODY}).encode()


@pytest.mark.parametrize(
    "target",
    [
        f"{MOUNT}/mlflow/experiments/create",
        "/api/v1/keys/validate",
        "/_testkit/v1/scenarios",
    ],
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_16_mib_is_refused(small: Mock, target: str, declared: bool) -> None:
    endless = Endless()
    if declared:
        answer = small.ask("POST", target, TOO_LONG, headers=JSON)
    else:
        answer = small.ask("POST", target, headers=JSON, stream=endless)
    assert answer.status == 413, answer.body[:200]
    assert answer.header("Content-Type") == "application/json"
    assert endless.given <= MAX_BODY + 128 * 1024
    found = small.ask("POST", f"{MOUNT}/mlflow/experiments/search", b'{"max_results": 9}', headers=JSON)
    assert [one["name"] for one in found.json["experiments"]] == ["Default"]


@pytest.mark.parametrize("declared", [True, False])
def test_an_upload_beyond_the_limit_is_refused_and_the_file_before_it_stays(small: Mock, declared: bool) -> None:
    assert small.ask("PUT", FILE, b"before", headers=KEY).status == 200
    endless = Endless()
    if declared:
        answer = small.ask("PUT", FILE, b"x" * (2 * MIB + 1), headers=KEY)
    else:
        answer = small.ask("PUT", FILE, headers=KEY, stream=endless)
    assert answer.status == 413
    assert "--max-upload" in answer.json["message"]
    assert endless.given <= 2 * MIB + 128 * 1024
    assert small.ask("GET", FILE, headers=KEY).body == b"before"


def test_a_full_sandbox_refuses_more_and_says_what_to_do(small: Mock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "WORLD_LIMIT", 3 * MIB)
    assert small.ask("PUT", f"/s/a{FILE}", b"x" * 2 * MIB, headers=KEY).status == 200
    refused = small.ask("PUT", f"/s/a{FILE}.more", b"x" * 2 * MIB, headers=KEY)
    assert (refused.status, "reset" in refused.json["message"]) == (413, True)
    assert small.ask("GET", f"/s/a{FILE}.more", headers=KEY).status >= 400
    assert small.ask("PUT", f"/s/b{FILE}", b"x" * 2 * MIB, headers=KEY).status == 200, "another sandbox has its own"
    assert small.ask("PUT", f"/s/a{FILE}", b"y" * 2 * MIB, headers=KEY).status == 200, "what is replaced makes room"


def test_too_many_sandboxes_are_refused_and_a_dropped_one_makes_room() -> None:
    mock = Mock(Worlds(WorldOptions(), max_worlds=3))
    statuses = [mock.ask("GET", f"/s/{name}/health").status for name in ("a", "b", "c")]
    assert statuses == [200, 200, 503]
    assert mock.ask("DELETE", "/_testkit/v1/sandboxes/a").status == 200
    assert mock.ask("GET", "/s/c/health").status == 200
    mock.worlds.close()


def test_a_refusal_comes_before_the_body_is_sent(mock: MockServer, sandbox: Sandbox) -> None:
    """On the wire: who asks first (`Expect: 100-continue`) never sends what would be refused."""
    connection = http.client.HTTPConnection("127.0.0.1", mock.port, timeout=10)
    connection.putrequest("POST", f"/s/{sandbox.id}{MOUNT}/mlflow/experiments/create")
    for name, value in (*JSON.items(), ("Content-Length", str(10 * MAX_BODY)), ("Expect", "100-continue")):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, b"16 MiB" in answer.read()) == (413, True)
    connection.close()
    assert [(entry["status"], entry["fate"]) for entry in sandbox.journal] == [(413, "sent")]
