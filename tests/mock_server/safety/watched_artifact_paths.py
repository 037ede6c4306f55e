"""Paths of artifacts cannot leave their sandbox, whatever spelling, by whatever endpoint and version of MLflow.

Artifacts have no names on disk: large ones lie in temporary files with random names. So the tests look at three things:
what the process opens, what the store of the world holds afterwards, and that the neighbour's store is untouched.

`test_watched.py` runs these tests, in a process of their own.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hokusai_mock.world import WorldOptions
from hokusai_mock.worlds import Worlds

from .conftest import Mock
from .watch import HOSTILE, OPENED, is_ours

PROFILES = ("mlflow-2.9", "mlflow-2.22", "mlflow-3.4", "mlflow-3.9", "mlflow-3.17")
SECRET = b"only the neighbour may read this"
LARGE = b"x" * 1_200_000
"""Beyond what is kept in memory."""

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts"


@pytest.fixture
def opened() -> list[str]:
    """What was opened while the mock answered."""
    OPENED.paths = []
    return OPENED.paths


class Attack:
    """A mock with two sandboxes; the neighbour has a secret."""

    def __init__(self, profile: str) -> None:
        self.mock = Mock(Worlds(WorldOptions(mlflow=profile, plain=True, seed=1)))
        self.put("neighbour", "secret.txt", SECRET)
        self.run = self._made("runs/create", {"experiment_id": "0"}, "run", "info", "run_id")
        made = self._json("registered-models/create", {"name": "m"})
        assert made.status == 200
        self._json("model-versions/create", {"name": "m", "source": f"mlflow-artifacts:/0/{self.run}/artifacts"})
        logged = self._json("logged-models", {"experiment_id": "0", "name": "m"})
        self.model = logged.json["model"]["info"]["model_id"] if logged.status == 200 else "m-1"
        self.put("attacker", f"0/{self.run}/artifacts/model/MLmodel", b"flavors: {}")

    def put(self, world: str, path: str, data: bytes) -> None:
        assert self.mock.ask("PUT", f"/s/{world}{PROXY}/artifacts/{path}", data).status == 200

    def _json(self, path: str, payload: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        return self.mock.ask("POST", f"/s/attacker{API}/{path}", json.dumps(payload).encode(), headers=headers)

    def _made(self, path: str, payload: Any, *way: str) -> str:
        found = self._json(path, payload).json
        for step in way:
            found = found[step]
        return str(found)

    def requests(self, path: str) -> Iterator[tuple[str, str, bytes]]:
        """Every request that takes a path of an artifact, with this one, as WSGI would hand it over."""
        query = quote(path.encode("utf-8", "surrogatepass"), safe="")
        body = json.dumps({"path": path, "num_parts": 1, "upload_id": "1", "parts": [], "run_id": self.run}).encode()
        yield "PUT", f"{PROXY}/artifacts/{path}", b"small"
        yield "PUT", f"{PROXY}/artifacts/{path}", LARGE
        yield "GET", f"{PROXY}/artifacts/{path}", b""
        yield "HEAD", f"{PROXY}/artifacts/{path}", b""
        yield "GET", f"{PROXY}/artifacts?path={query}", b""
        for step in ("create", "complete", "abort"):
            yield "POST", f"{PROXY}/mpu/{step}/{path}", body
        yield "GET", f"{PROXY}/presigned/{path}", b""
        yield "POST", f"{API}/artifacts/presigned-download-url", body
        yield "POST", f"{API}/artifacts/presigned-upload-url", body
        yield "GET", f"{API}/artifacts/list?run_id={self.run}&path={query}", b""
        yield "GET", f"/get-artifact?run_id={self.run}&path={query}", b""
        yield "GET", f"/model-versions/get-artifact?name=m&version=1&path={query}", b""
        yield "GET", f"{API}/logged-models/{self.model}/artifacts/directories?artifact_directory_path={query}", b""
        yield "GET", f"/ajax-api/2.0/mlflow/logged-models/{self.model}/artifacts/files?artifact_file_path={query}", b""
        yield "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={self.run}&path={query}", b"small"
        yield "DELETE", f"{PROXY}/artifacts/{path}", b""

    def try_all(self, path: str) -> None:
        """Ask everything with a hostile path; nothing of the neighbour comes out, and nothing odd goes in."""
        for method, target, body in self.requests(path):
            OPENED.watching = True
            answer = self.mock.ask(method, f"/s/attacker{target}", body, headers={"Content-Type": "application/json"})
            OPENED.watching = False
            assert SECRET not in answer.body, (method, target)
            assert b"root:" not in answer.body, (method, target)
            for name, value in answer.headers:
                assert not set("\r\n\0") & set(name + value), (method, target, name, value)
            for line in (answer.header("Location"), answer.header("Content-Disposition")):
                assert line is None or line.isascii() or line.encode("latin-1"), (method, target)
        for stored in self.stored("attacker"):
            parts = stored.split("/")
            assert not {"", ".", ".."} & set(parts), stored
            assert "\\" not in stored
            assert "\0" not in stored
        neighbour = self.mock.worlds.get("neighbour").store.artifacts
        assert [one.path for one in neighbour.listing("")] == ["secret.txt"]
        for world in self.mock.worlds.all():
            assert world.errors == [], path

    def stored(self, world: str) -> Iterator[str]:
        store, folders = self.mock.worlds.get(world).store.artifacts, [""]
        while folders:
            for one in store.listing(folders.pop()):
                yield one.path
                if one.is_dir:
                    folders.append(one.path)


@pytest.fixture(scope="module", params=PROFILES)
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    made = Attack(request.param)
    yield made
    made.mock.worlds.close()


def test_no_hostile_path_leaves_the_sandbox(attack: Attack, opened: list[str]) -> None:
    for path in HOSTILE:
        attack.try_all(path)
    assert any("hokusai-artifacts-" in path for path in opened), "what is opened is seen"
    assert [path for path in opened if not is_ours(path)] == []


_ODD = st.sampled_from(
    ["..", ".", "/", "//", "\\", "%", "%2e", "%25", "%2f", "%5c", "\0", "\n", "~", ":", "#", "?", "a", "é"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ODD, max_size=10).map("".join))
def test_nor_does_any_mixture(attack: Attack, opened: list[str], path: str) -> None:
    attack.try_all(path)
    assert [name for name in opened if not is_ours(name)] == []


def test_a_link_in_the_place_of_temporary_files_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporary files are made where nothing is yet, with a name that nobody knows, in a folder that is ours alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    attack = Attack("mlflow-3.9")
    attack.put("attacker", "large.bin", LARGE)
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    (spooled,) = folder.iterdir()
    assert spooled.stat().st_mode & 0o077 == 0
    assert not spooled.is_symlink()
    attack.mock.worlds.close()
    assert list(tmp_path.iterdir()) == []
