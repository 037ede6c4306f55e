"""Artifacts: small ones in memory, large ones in files that are gone with the world."""

from __future__ import annotations

import io
import os

import pytest

from hokusai_mock.store import ArtifactTooLarge
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


def test_large_artifact_lies_in_a_file_that_closing_removes(store: ArtifactStore) -> None:
    put(store, "small", b"x" * SPOOL_ABOVE)
    put(store, "large", b"x" * (SPOOL_ABOVE + 1))
    small, large = store.get("small"), store.get("large")
    assert small is not None
    assert small.spooled is None
    assert large is not None
    assert large.spooled is not None
    assert os.path.exists(large.spooled)
    store.close()
    assert not os.path.exists(os.path.dirname(large.spooled))


def test_replaced_and_deleted_files_do_not_stay_on_disk(store: ArtifactStore) -> None:
    put(store, "a", b"1" * (SPOOL_ABOVE + 1))
    first = store.get("a")
    put(store, "a", b"2" * (SPOOL_ABOVE + 1))
    second = store.get("a")
    store.delete("a")
    for artifact in (first, second):
        assert artifact is not None
        assert artifact.spooled is not None
        assert not os.path.exists(artifact.spooled)
    store.close()


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
    assert os.listdir(store._spool) == []
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
