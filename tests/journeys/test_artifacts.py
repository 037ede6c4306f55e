"""Artifacts go through the tracking server and come back, whatever their names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hokusai_mock.profiles import MlflowProfile

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")

ODD_NAMES = [
    "spaces in it.txt",
    "plus+sign.txt",
    "at@,;=&'$!.txt",
    "(brackets) [too] {all}.txt",
    "100%.txt",
    "no-ending",
    ".hidden",
    "two..dots.txt",
    "tilde~.txt",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_with_an_odd_name_comes_back(client: Any, tmp_path: Path, name: str) -> None:
    run_id = client.create_run(client.create_experiment("odd")).info.run_id
    source = tmp_path / name
    source.write_text(name, encoding="utf-8")
    client.log_artifact(run_id, str(source), "some folder")
    (listed,) = client.list_artifacts(run_id, "some folder")
    assert (listed.path, listed.file_size) == (f"some folder/{name}", len(name.encode()))
    target = tmp_path / "target"
    target.mkdir()
    downloaded = Path(client.download_artifacts(run_id, f"some folder/{name}", str(target)))
    assert downloaded.read_text(encoding="utf-8") == name


@pytest.mark.parametrize("name", ["é.txt", "日本語.txt"])
def test_a_name_beyond_ascii_is_kept_and_sent_where_the_real_server_can_send_it(
    client: Any, tmp_path: Path, name: str, profile: MlflowProfile
) -> None:
    run_id = client.create_run(client.create_experiment("odd")).info.run_id
    source = tmp_path / name
    source.write_text(name, encoding="utf-8")
    client.log_artifact(run_id, str(source))
    assert [one.path for one in client.list_artifacts(run_id)] == [name]
    target = tmp_path / "target"
    target.mkdir()
    if sendable(name, profile):
        assert Path(client.download_artifacts(run_id, name, str(target))).read_text(encoding="utf-8") == name
    else:
        with pytest.raises((mlflow.MlflowException, OSError)):
            client.download_artifacts(run_id, name, str(target))


def sendable(name: str, profile: MlflowProfile) -> bool:
    """Real servers put the name into a header as it is, up to 3.9; those that run under uvicorn cannot if not ASCII."""
    if profile.behaviour.file_names_are_encoded or name.isascii():
        return True
    return profile.web_server == "gunicorn" and name == "é.txt"


def test_a_percent_sequence_in_a_name_is_decoded_by_the_server(client: Any, tmp_path: Path) -> None:
    run_id = client.create_run(client.create_experiment("odd")).info.run_id
    source = tmp_path / "twice%20encoded.txt"
    source.write_text("x", encoding="utf-8")
    client.log_artifact(run_id, str(source))
    assert [one.path for one in client.list_artifacts(run_id)] == ["twice encoded.txt"]


def test_a_folder_goes_and_comes_back_as_a_whole(client: Any, tmp_path: Path) -> None:
    run_id = client.create_run(client.create_experiment("folder")).info.run_id
    source = tmp_path / "source"
    files = {"one.txt": b"1", "deep/er/two.bin": os.urandom(100), "deep/empty": b""}
    for name, content in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    client.log_artifacts(run_id, str(source), "all")
    assert [(one.path, one.is_dir) for one in client.list_artifacts(run_id, "all")] == [
        ("all/deep", True),
        ("all/one.txt", False),
    ]
    target = tmp_path / "target"
    target.mkdir()
    downloaded = Path(client.download_artifacts(run_id, "all", str(target)))
    assert {name: (downloaded / name).read_bytes() for name in files} == files


def test_documents_and_large_files_come_back(client: Any, tmp_path: Path) -> None:
    run_id = client.create_run(client.create_experiment("documents")).info.run_id
    client.log_dict(run_id, {"a": 1}, "data.json")
    client.log_text(run_id, "é", "notes/x.txt")
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(3 * 1024 * 1024))
    client.log_artifact(run_id, str(large))
    assert sorted(one.path for one in client.list_artifacts(run_id)) == ["data.json", "large.bin", "notes"]
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/data.json") == {"a": 1}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/x.txt") == "é"
    target = tmp_path / "target"
    target.mkdir()
    assert Path(client.download_artifacts(run_id, "large.bin", str(target))).read_bytes() == large.read_bytes()


def test_a_file_that_is_not_there_is_an_error_of_the_client(client: Any, tmp_path: Path) -> None:
    run_id = client.create_run(client.create_experiment("missing")).info.run_id
    assert client.list_artifacts(run_id) == []
    with pytest.raises((mlflow.MlflowException, OSError), match="nope"):
        client.download_artifacts(run_id, "nope.txt", str(tmp_path))
