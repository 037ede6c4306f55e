"""Artifacts: paths that cannot leave, limits that keep nothing, bodies that stream without the world's lock."""

from __future__ import annotations

import io
import threading
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.mlflow_api import paths
from hokusai_mock.mlflow_api.errors import Crash, StoreError

from .conftest import MakeServer, Server, content

PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@given(
    st.lists(
        st.sampled_from(["..", ".", "a", "%2e%2e", "/", "\\", "%2f", "%252e.", "C:", "#", "\x00", "~"]), max_size=8
    )
)
def test_no_spelling_of_a_path_leads_outside(parts: list[str]) -> None:
    for path in ("/".join(parts), "".join(parts), quote("/".join(parts), safe="")):
        try:
            safe = paths.safe(path, escapes_control_characters=True)
        except (StoreError, Crash):
            continue
        pieces = safe.split("/")
        assert ".." not in pieces
        assert not safe.startswith(("/", "\\"))
        assert "\x00" not in safe


@pytest.mark.parametrize("path", ["../x", "a/../../x", "%2e%2e/x", "/etc/passwd", "a\\..\\b", "C:\\x", "file:/etc/x"])
def test_uploads_that_climb_are_refused_and_keep_nothing(server: Server, path: str) -> None:
    response = server.ask("PUT", f"{PROXY}/{path}", body=b"x")
    assert response.status in (308, 400)
    assert server.world.store.artifacts.listing("") == []


def test_upload_above_the_limit_is_refused_before_it_is_read(make_server: MakeServer) -> None:
    server = make_server(max_upload=10)
    response = server.ask("PUT", f"{PROXY}/a.bin", body=b"x" * 11)
    assert response.status == 413
    assert server.world.store.artifacts.get("a.bin") is None


def test_chunked_upload_above_the_limit_keeps_nothing(make_server: MakeServer) -> None:
    server = make_server(max_upload=10)
    assert server.ask("PUT", f"{PROXY}/a.bin", stream=io.BytesIO(b"x" * 11)).status == 413
    assert server.world.store.artifacts.get("a.bin") is None


def test_refused_upload_leaves_the_file_that_was_there(make_server: MakeServer) -> None:
    server = make_server(max_upload=10)
    server.ask("PUT", f"{PROXY}/a.bin", body=b"old")
    server.ask("PUT", f"{PROXY}/a.bin", stream=io.BytesIO(b"x" * 11))
    assert content(server.ask("GET", f"{PROXY}/a.bin")) == b"old"


def test_large_artifact_comes_back_with_its_length(server: Server) -> None:
    data = bytes(range(256)) * 8192
    assert server.ask("PUT", f"{PROXY}/large.bin", body=data).status == 200
    response = server.ask("GET", f"{PROXY}/large.bin")
    assert response.header("Content-Length") == str(len(data))
    assert content(response) == data


def test_head_of_a_large_artifact_has_no_body_and_no_length_of_one(server: Server) -> None:
    server.ask("PUT", f"{PROXY}/large.bin", body=b"x" * 2_000_000)
    response = server.ask("HEAD", f"{PROXY}/large.bin")
    assert (response.body, response.header("Content-Length")) == (b"", None)


def test_world_stays_usable_while_an_upload_hangs(server: Server) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            started.set()
            assert done.wait(10)
            return super().read(size)

    started, done = threading.Event(), threading.Event()
    upload = threading.Thread(target=server.ask, args=("PUT", f"{PROXY}/slow"), kwargs={"stream": Slow(b"abc")})
    upload.start()
    try:
        assert started.wait(10)
        assert server.ask("GET", "experiments/get?experiment_id=0").status == 200
    finally:
        done.set()
        upload.join(10)
    assert content(server.ask("GET", f"{PROXY}/slow")) == b"abc"
