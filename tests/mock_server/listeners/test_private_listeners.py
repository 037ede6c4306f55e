"""Ports of a sandbox's own: they open with a scenario, belong to one sandbox only, and are free as soon as it ends."""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from urllib.parse import urlsplit

import pytest

from hokusai_mock import MockServer
from hokusai_mock.app import create_app
from hokusai_mock.server.mock import ServerError
from hokusai_mock.world import WorldError, WorldOptions
from hokusai_mock.worlds import Worlds


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


def refused(url: str) -> bool:
    try:
        socket.create_connection(address(url), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def ended(connection: socket.socket) -> bool:
    """Whether the other side has ended the connection; one that it had not taken yet is reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def is_free(url: str) -> bool:
    """Whether somebody else may listen there now."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(address(url))
            other.listen()
        except OSError:
            return False
        return True


def test_a_scenario_moves_the_sandbox_to_a_port_that_refuses(server, sandbox):
    before = sandbox.url
    env = sandbox.scenario("net.refuse")
    assert env["MLFLOW_TRACKING_URI"] == f"{sandbox.url}/api/mlflow" == sandbox.tracking_uri
    assert sandbox.url != before
    assert refused(sandbox.url)
    sandbox.scenario("healthy")
    assert sandbox.url == before
    assert sandbox.env["HOKUSAI_API_ENDPOINT"] == f"{before}/api"


@pytest.fixture
def sandbox(server, world):
    return server.sandbox(world.id)


@pytest.mark.parametrize("end", ["calm", "reset", "drop"])
def test_the_port_is_free_at_once_when_the_scenario_ends(server, world, open_listener, end):
    url = open_listener(world)
    held = socket.create_connection(address(url), timeout=5)
    with held:
        {
            "calm": world.calm,
            "reset": lambda: server.worlds.reset(world.id),
            "drop": lambda: server.worlds.drop(world.id),
        }[end]()
        assert is_free(url)
        assert ended(held), "connections that came through it end with it"


def test_the_port_of_a_refusing_listener_is_nobody_elses(world, open_listener):
    url = open_listener(world, 'kind = "refuse"')
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(address(url))
    assert refused(url)


def test_a_host_of_its_own_serves_the_sandbox_at_its_root(server, world, open_listener, ask):
    url = open_listener(world)
    created = ask(f"{url}/api/mlflow/api/2.0/mlflow/experiments/create", "POST", json={"name": "here"})
    assert created.status == 200
    there = ask(f"{server.url}/s/{world.id}/api/mlflow/api/2.0/mlflow/experiments/get-by-name?experiment_name=here")
    assert there.json["experiment"]["experiment_id"] == created.json["experiment_id"]
    assert [entry.path for entry in world.journal.entries()] == [
        "/api/mlflow/api/2.0/mlflow/experiments/create",
        "/api/mlflow/api/2.0/mlflow/experiments/get-by-name",
    ]


@pytest.mark.parametrize("path", ["/_testkit/v1/", "/s/other/health"])
def test_neither_control_nor_another_sandbox_is_reached_through_it(server, world, open_listener, ask, path):
    before = server.worlds.ids()
    assert ask(open_listener(world) + path).status == 404
    assert server.worlds.ids() == before


def test_a_second_host_has_data_of_its_own(server, world, open_listener, ask):
    url = open_listener(world, 'sandbox = "new"', name="registry")
    assert ask(f"{url}/api/mlflow/api/2.0/mlflow/experiments/create", "POST", json={"name": "there"}).status == 200
    assert world.journal.entries() == []
    assert server.url + f"/s/{world.id}" == server.sandbox(world.id).url, "the sandbox itself stays where it was"
    beside = server.sandbox(f"{world.id}.registry")
    assert [call["status"] for call in beside.calls("POST")] == [200]
    world.calm()
    assert f"{world.id}.registry" not in server.worlds.ids()


def test_a_second_host_is_fresh_after_a_reset_and_goes_with_its_sandbox(ask):
    with MockServer(scenario="route.split_registry") as server:
        sandbox = server.sandbox("x")
        for _ in range(2):
            registry = sandbox.env["MLFLOW_REGISTRY_URI"]
            assert ask(f"{registry}/api/2.0/mlflow/registered-models/create", "POST", json={"name": "m"}).status == 200
            assert len(server.sandbox("x.registry").calls("POST")) == 1
            sandbox.reset()
        assert server.sandbox("x.registry").calls() == []
        sandbox.drop()
        assert "x.registry" not in server.worlds.ids()


def test_a_silent_listener_holds_the_client_until_it_is_closed(server, world, open_listener):
    with socket.create_connection(address(open_listener(world, 'kind = "silent"')), timeout=5) as client:
        client.sendall(b"POST /api/mlflow/x?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(5)
        world.calm()
        assert client.recv(1) == b""
    (entry,) = world.journal.entries()
    assert (entry.method, entry.path, entry.query, entry.layer) == ("POST", "/api/mlflow/x", "a=1", "listener")
    assert entry.status is None


def test_bytes_that_are_no_request_are_held_in_silence_too(world, open_listener):
    with socket.create_connection(address(open_listener(world, 'kind = "silent"')), timeout=0.05) as client:
        client.sendall(b"\x16\x03\x01\x00\x05hello")
        with pytest.raises(TimeoutError):
            client.recv(1)
    assert world.journal.entries() == []


def test_twelve_held_connections_do_not_slow_another_sandbox(server, world, open_listener, ask):
    where = address(open_listener(world, 'kind = "silent"'))
    held = [socket.create_connection(where, timeout=5) for _ in range(12)]
    try:
        for one in held:
            one.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert ask(f"{server.url}/s/{world.id}/health", key=None).status == 200
    finally:
        for one in held:
            one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse when the queue is full")
def test_a_black_hole_lets_no_connection_come_about(world, open_listener):
    url = open_listener(world, 'kind = "blackhole"')
    for _ in range(3):
        with pytest.raises(TimeoutError):
            socket.create_connection(address(url), timeout=0.05)
    world.listeners["main"].stop()
    assert refused(url)
    world.listeners["main"].resume()
    with pytest.raises(TimeoutError):
        socket.create_connection(address(url), timeout=0.05)
    world.calm()
    assert is_free(url)


def test_a_listener_stops_and_resumes_on_its_port(world, open_listener, ask):
    url = open_listener(world)
    listener = world.listeners["main"]
    for _ in range(200):
        assert ask(f"{url}/health", key=None).status == 200
        listener.stop()
        assert refused(url)
        listener.resume()
    assert ask(f"{url}/health", key=None).status == 200


def test_a_later_listener_takes_the_place_of_an_earlier_one_of_that_name(world, open_listener):
    first = open_listener(world, 'kind = "silent"')
    second = open_listener(world)
    assert first != second
    assert is_free(first)


def test_nothing_is_opened_when_the_scenario_cannot_be_played(server, world, open_listener):
    with pytest.raises(ZeroDivisionError), world.listeners.opening(world, _listeners('kind = "silent"')):
        raise ZeroDivisionError
    assert not world.listeners


def _listeners(table):
    from hokusai_mock.scenarios import parse  # noqa: PLC0415

    text = f'schema = 1\nid = "D02"\nname = "test.listener"\n[[listener]]\nname = "main"\n{table}\n'
    return parse(text, "test.listener").resolve().listeners


def test_a_world_that_has_ended_opens_none(server, world):
    world.end()
    with world.listeners.opening(world, _listeners("")):
        pass
    assert not world.listeners


def test_an_application_without_a_server_refuses_the_scenario():
    worlds = Worlds(WorldOptions())
    client = create_app(worlds).test_client()
    answer = client.post("/_testkit/v1/scenarios", json={"name": "net.refuse"}, base_url="http://localhost")
    assert answer.status_code == 400
    assert "only a running MockServer" in answer.get_json()["error"]
    worlds.close()


def test_a_server_may_start_with_a_listener_in_every_sandbox():
    server = MockServer(scenario="net.refuse")
    with pytest.raises(ValueError, match="start the MockServer first"):
        server.worlds.get("default").environment("http://127.0.0.1:1")
    with server:
        one, other = server.sandbox().url, server.sandbox("other").url
        assert one != other
        assert refused(one)
        assert refused(other)
        assert not refused(server.url), "control stays where it is"
    assert is_free(one)
    assert is_free(other)


def test_a_start_without_a_port_to_spare_says_so_and_leaves_nothing_open(monkeypatch):
    from hokusai_mock.listeners import opener  # noqa: PLC0415

    def none_left(host: str) -> None:
        raise OSError(24, "Too many open files")

    server = MockServer(scenario="net.refuse")
    monkeypatch.setattr(opener, "Port", none_left)
    with pytest.raises(ServerError, match="ulimit -n"):
        server.start()
    with MockServer() as healthy, pytest.raises(WorldError, match="two descriptors"):
        healthy.worlds.get("x").play("net.refuse")


def test_no_socket_and_no_thread_is_left_after_stop(recwarn):
    before = set(threading.enumerate())
    descriptors = _descriptors()
    with MockServer() as server:
        for number in range(5):
            for table in ("", 'kind = "silent"', 'kind = "refuse"'):
                world = server.worlds.get(f"w{number}")
                with world.listeners.opening(world, _listeners(table)):
                    pass
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []
    assert _descriptors() <= descriptors
    assert set(threading.enumerate()) <= before


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("table", ["", 'kind = "refuse"', 'kind = "silent"', 'kind = "blackhole"'])
def test_a_forked_child_does_not_hold_the_port(world, open_listener, table):
    url = open_listener(world, table)
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write_end)
        os.read(read_end, 1)  # live until the parent has looked
        os._exit(0)
    os.close(read_end)
    try:
        world.calm()
        assert is_free(url)
    finally:
        os.close(write_end)
        assert os.waitpid(child, 0)[1] == 0
