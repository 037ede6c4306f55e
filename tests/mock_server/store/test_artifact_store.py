"""Artifacts: small ones in memory, large ones in files that are gone with the world."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest

from hokusai_mock.store import ArtifactTooLarge, StoreIsFull, artifacts
from hokusai_mock.store.artifacts import SPOOL_ABOVE, ArtifactStore

LIMIT = 64 * 1024 * 1024


@pytest.fixture
def store() -> ArtifactStore:
    return ArtifactStore()


def put(store: ArtifactStore, path: str, data: bytes, limit: int = LIMIT) -> None:
    store.receive(path, io.BytesIO(data), limit)


def read(store: ArtifactStore, path: str) -> bytes:
    artifact = store.get(path)
    assert artifact is not None
    return b"".join(artifact.chunks())


@pytest.mark.parametrize("size", [0, 1, SPOOL_ABOVE, SPOOL_ABOVE + 1, 3 * SPOOL_ABOVE])
def test_content_comes_back_whatever_its_size(store: ArtifactStore, size: int) -> None:
    data = os.urandom(size)
    put(store, "a/b", data)
    assert read(store, "a/b") == data
    store.close()


def spooled_path(store: ArtifactStore, path: str) -> str:
    artifact = store.get(path)
    assert artifact is not None
    assert artifact.spooled is not None
    assert os.path.exists(artifact.spooled.path)
    return artifact.spooled.path


def test_large_artifact_lies_in_a_file_that_closing_removes(store: ArtifactStore) -> None:
    put(store, "small", b"x" * SPOOL_ABOVE)
    put(store, "large", b"x" * (SPOOL_ABOVE + 1))
    small = store.get("small")
    assert small is not None
    assert small.spooled is None
    path = spooled_path(store, "large")
    store.close()
    assert not os.path.exists(os.path.dirname(path))


def test_replaced_and_deleted_files_do_not_stay_on_disk(store: ArtifactStore) -> None:
    put(store, "a", b"1" * (SPOOL_ABOVE + 1))
    first = spooled_path(store, "a")
    put(store, "a", b"2" * (SPOOL_ABOVE + 1))
    second = spooled_path(store, "a")
    store.delete("a")
    assert not os.path.exists(first)
    assert not os.path.exists(second)
    store.close()


@pytest.mark.parametrize("ending", ["replaced", "deleted", "closed", "dropped"])
@pytest.mark.parametrize("began", [False, True])
def test_a_download_ends_well_whatever_becomes_of_its_file(ending: str, began: bool) -> None:
    store = ArtifactStore()
    put(store, "a/b", b"x" * (SPOOL_ABOVE + 1))
    path = spooled_path(store, "a/b")
    artifact = store.get("a/b")
    assert artifact is not None
    chunks = artifact.chunks()
    del artifact
    received = next(chunks) if began else b""
    if ending == "replaced":
        put(store, "a/b", b"y")
    elif ending == "deleted":
        store.delete("a")
    elif ending == "closed":
        store.close()
    else:
        del store
    assert received + b"".join(chunks) == b"x" * (SPOOL_ABOVE + 1)
    del chunks
    assert not os.path.exists(path)


def test_an_upload_into_a_store_that_is_closed_meanwhile_leaves_nothing_on_disk(store: ArtifactStore) -> None:
    class Closing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > SPOOL_ABOVE // 2:
                store.close()
            return super().read(size)

    store.receive("a", Closing(b"x" * (2 * SPOOL_ABOVE)), LIMIT)
    folder = os.path.dirname(spooled_path(store, "a"))
    store.close()
    assert not os.path.exists(folder)


def test_a_forked_child_leaves_the_files_of_its_parent_alone(store: ArtifactStore, monkeypatch: Any) -> None:
    put(store, "a", b"x" * (SPOOL_ABOVE + 1))
    path = spooled_path(store, "a")
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        store.delete("a")
    assert os.path.exists(path)


def test_all_artifacts_together_have_a_limit_also_when_they_arrive_at_once(
    store: ArtifactStore, monkeypatch: Any
) -> None:
    monkeypatch.setattr(artifacts, "WORLD_LIMIT", 100)

    class Meanwhile(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 0:
                put(store, "other", b"y" * 60)
            return super().read(size)

    with pytest.raises(StoreIsFull):
        store.receive("a", Meanwhile(b"x" * 60), LIMIT)
    assert [one.path for one in store.listing("")] == ["other"]
    put(store, "other", b"z" * 100)  # what is replaced makes room
    with pytest.raises(StoreIsFull):
        put(store, "one more", b"1")
    assert read(store, "other") == b"z" * 100


@pytest.mark.parametrize("size", [11, SPOOL_ABOVE + 100])
def test_beyond_the_limit_nothing_is_kept(store: ArtifactStore, size: int) -> None:
    with pytest.raises(ArtifactTooLarge):
        put(store, "a/b", b"x" * size, limit=size - 1)
    assert store.get("a/b") is None
    assert store.listing("") == []
    store.close()


def test_stream_that_breaks_leaves_no_file_behind(store: ArtifactStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > SPOOL_ABOVE + 10_000:
                raise ConnectionError("cut")
            return super().read(size)

    with pytest.raises(ConnectionError):
        store.receive("a", Broken(b"x" * (2 * SPOOL_ABOVE)), LIMIT)
    assert store._spool is not None
    assert os.listdir(store._spool.path) == []
    store.close()


def test_folders_list_what_is_directly_in_them(store: ArtifactStore) -> None:
    for path in ("1/r/artifacts/model/MLmodel", "1/r/artifacts/model/data/x.bin", "1/r/artifacts/a.txt"):
        put(store, path, b"abc")
    listed = [(one.path, one.is_dir, one.size) for one in store.listing("1/r/artifacts")]
    assert listed == [("1/r/artifacts/a.txt", False, 3), ("1/r/artifacts/model", True, None)]
    assert store.listing("1/r/artifacts/a.txt") == []
    assert [one.path for one in store.listing("")] == ["1"]


def test_deleting_takes_everything_in_it_and_leaves_the_folder_around_it(store: ArtifactStore) -> None:
    for path in ("a/b/x", "a/b/c/y", "a/bb/z"):
        put(store, path, b"1")
    assert store.delete("a/b")
    assert [one.path for one in store.listing("a")] == ["a/bb"]
    assert store.delete("a/bb/z")
    assert store.listing("a/bb") == []
    assert store.delete("a/bb")
    assert [one.path for one in store.listing("")] == ["a"]
    assert store.listing("a") == []
    assert not store.delete("nope")
