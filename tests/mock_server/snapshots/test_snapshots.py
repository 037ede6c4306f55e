"""Snapshots over HTTP and in a file: taken, put back, compared, refused; what they hold and who may read them."""

from __future__ import annotations

import json
import stat

import pytest

from hokusai_mock import MockServer
from hokusai_mock.sandbox import SandboxError
from hokusai_mock.server.mock import ServerError
from hokusai_mock.snapshots import difference

CREATE = "/api/2.0/mlflow/experiments/create"
SEARCH = "/api/2.0/mlflow/experiments/search"


def names(sandbox, ask) -> list[str]:
    answer = ask(f"{sandbox.tracking_uri}{SEARCH}", "POST", json={"max_results": 50})
    return sorted(item["name"] for item in answer.json["experiments"])


def create(sandbox, ask, name: str) -> None:
    assert ask(f"{sandbox.tracking_uri}{CREATE}", "POST", json={"name": name}).status == 200


def test_a_sandbox_returns_to_its_snapshot(sandbox, ask):
    create(sandbox, ask, "before")
    saved = sandbox.snapshot()
    create(sandbox, ask, "after")
    sandbox.scenario("auth.admin_required")
    sandbox.restore(saved)
    assert names(sandbox, ask) == ["Default", "before"]
    assert [entry["method"] for entry in sandbox.journal] == ["POST"] * 3, "the journal stays"


def test_a_snapshot_can_be_put_into_another_sandbox(sandbox, mock, ask):
    create(sandbox, ask, "shared")
    sandbox.scenario("gateway.lb_error", times=1)
    other = mock.sandbox("other")
    other.restore(sandbox.snapshot())
    url = f"{other.tracking_uri}{SEARCH}"
    assert [ask(url, "POST", json={"max_results": 5}).status for _ in range(2)] == [502, 200]
    assert names(other, ask) == ["Default", "shared"]
    other.drop()


def test_a_reset_after_a_restore_returns_to_the_start(sandbox, ask):
    create(sandbox, ask, "one")
    sandbox.restore(sandbox.snapshot())
    sandbox.reset()
    assert names(sandbox, ask) == ["Default"]


def test_a_frozen_clock_comes_back_where_it_stood(sandbox):
    sandbox.clock.freeze(1_750_000_000_000)
    saved = sandbox.snapshot()
    sandbox.clock.advance("24h")
    sandbox.restore(saved)
    assert (sandbox.clock.frozen, sandbox.clock.now_ms) == (True, 1_750_000_000_000)


def test_large_artifacts_come_back(sandbox, ask):
    url = f"{sandbox.tracking_uri}/api/2.0/mlflow-artifacts/artifacts/1/big.bin"
    content = bytes(range(256)) * 8192
    assert ask(url, "PUT", body=content).status == 200
    saved = sandbox.snapshot()
    sandbox.reset()
    assert ask(url).status != 200
    sandbox.restore(saved)
    assert ask(url).body == content


def test_a_listener_of_a_running_scenario_is_opened_again(sandbox, mock):
    sandbox.scenario("net.refuse")
    other = mock.sandbox("moved")
    other.restore(sandbox.snapshot())
    assert other.url not in (sandbox.url, f"{mock.url}/s/moved")
    other.drop()


def test_differences_are_named_by_place(sandbox, ask):
    before = sandbox.snapshot()
    create(sandbox, ask, "new")
    after = sandbox.snapshot()
    found = {item["path"]: item["change"] for item in sandbox.compare(before, after)}
    assert found == {"/data": "changed"} or found["/data/experiments/1"] == "added"
    assert sandbox.compare(after) == []
    assert sandbox.compare(after, after) == []


def test_a_difference_names_the_smallest_place():
    before = {"a": {"b/c": 1, "gone": 2}, "list": [1, 2], "same": True}
    after = {"a": {"b/c": 1.0, "new~": 3}, "list": [1, 5, 6], "same": True}
    assert [(item["path"], item["change"]) for item in difference(before, after)] == [
        ("/a/b~1c", "changed"),
        ("/a/gone", "removed"),
        ("/a/new~0", "added"),
        ("/list/1", "changed"),
        ("/list/2", "added"),
    ]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda saved: saved.update(schema_version=99), "version 99"),
        (lambda saved: saved.update(sede=1), "did you mean 'seed'"),
        (lambda saved: saved.pop("clock"), "'clock' is missing"),
        (lambda saved: saved.pop("data"), "'data' is missing"),
        (lambda saved: saved.pop("steps"), "'steps' is missing"),
        (lambda saved: saved.update(steps=[{"name": "no.such", "started_ms": 1}]), "no.such"),
        (lambda saved: saved["profiles"].update(mlflow="mlflow-9.9"), "mlflow-9.9"),
        (lambda saved: saved["data"]["experiments"]["0"].update(name=5), "must be text"),
        (lambda saved: saved["data"].update(artifacts={"x": "!"}), "base64"),
        (lambda saved: saved["data"].update(runs={"r": {"status": "RUNNING"}}), "is missing"),
        (lambda saved: saved.update(platform={"schema": 9}), "9"),
    ],
)
def test_a_damaged_snapshot_is_refused_and_changes_nothing(sandbox, ask, damage, message):
    create(sandbox, ask, "kept")
    saved = sandbox.snapshot()
    damage(saved)
    with pytest.raises(SandboxError, match=message):
        sandbox.restore(saved)
    assert names(sandbox, ask) == ["Default", "kept"]


def test_with_a_backend_there_are_no_snapshots(ask):
    with MockServer(backend="http://127.0.0.1:9") as server:
        base = f"{server.url}/_testkit/v1"
        saved = MockServer().worlds  # only to have a body of the right form
        saved.close()
        assert ask(f"{base}/snapshots", "POST", key=None).status == 409
        assert ask(f"{base}/snapshots", key=None).status == 409
        assert ask(f"{base}/reset", "POST", key=None).status == 409


# -- the file of a server ----------------------------------------------------------------------------------------------


def test_a_server_goes_on_from_its_state(tmp_path, ask):
    file = tmp_path / "state.json"
    with MockServer(state=file, seed=3) as server:
        create(server.sandbox("mine"), ask, "kept")
    first = file.read_bytes()
    with MockServer(state=file, seed=9) as server:
        assert names(server.sandbox("mine"), ask) == ["Default", "kept"]
        server.worlds.get("mine").journal.clear()
    assert file.read_bytes() == first, "nothing was done: the same bytes"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_second_host_comes_back_with_its_scenario(tmp_path, ask):
    file = tmp_path / "state.json"
    with MockServer(state=file) as server:
        server.sandbox("mine").scenario("route.split_registry")
    assert set(json.loads(file.read_text())["sandboxes"]) == {"default", "mine"}
    with MockServer(state=file) as server:
        (listener,) = server.sandbox("mine").describe()["listeners"].values()
        assert ask(f"{listener['url']}/health", key=None).status == 200


def test_taking_a_snapshot_writes_the_state(tmp_path, ask):
    file = tmp_path / "state.json"
    with MockServer(state=file) as server:
        sandbox = server.sandbox("mine")
        create(sandbox, ask, "kept")
        assert not file.exists()
        sandbox.snapshot()
        saved = json.loads(file.read_text())
        assert set(saved["sandboxes"]) == {"default", "mine"}


def test_a_single_snapshot_is_the_state_of_the_default_sandbox(tmp_path, ask):
    file = tmp_path / "snapshot.json"
    with MockServer() as server:
        create(server.sandbox(), ask, "kept")
        file.write_text(json.dumps(server.sandbox().snapshot()))
    with MockServer(state=file) as server:
        assert names(server.sandbox(), ask) == ["Default", "kept"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"kind": "hokusai-testkit server", "schema_version": 7, "sandboxes": {}}']
)
def test_a_file_that_is_no_state_is_refused_and_kept(tmp_path, text):
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(ServerError, match=r"state\.json"):
        MockServer(state=file)
    assert file.read_text() == text


def test_a_state_needs_a_folder_and_no_backend(tmp_path):
    with pytest.raises(ServerError, match="folder"):
        MockServer(state=tmp_path / "none" / "state.json")
    with pytest.raises(ServerError, match="backend"):
        MockServer(state=tmp_path / "state.json", backend="http://127.0.0.1:9")


def test_time_scale_is_checked():
    with pytest.raises(ServerError, match="time_scale"):
        MockServer(time_scale=-1)


def test_a_snapshot_may_be_larger_than_other_bodies(sandbox, ask):
    url = f"{sandbox.tracking_uri}/api/2.0/mlflow-artifacts/artifacts/1/big.bin"
    assert ask(url, "PUT", body=bytes(16 * 1024 * 1024)).status == 200
    sandbox.restore(sandbox.snapshot())
    assert len(ask(url).body) == 16 * 1024 * 1024
