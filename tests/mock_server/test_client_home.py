"""The private home of a client: files where a scenario wants them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from hokusai_mock import MockServer, client_home


def test_files_are_written_with_the_home_filled_in_for_the_owner_alone(tmp_path: Path) -> None:
    client_home.furnish(tmp_path, {".mlflow/credentials": "home = {home}\n"})
    written = tmp_path / ".mlflow" / "credentials"

    assert written.read_text("utf-8") == f"home = {tmp_path}\n"
    assert written.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("path", ["../netrc", "/etc/netrc", "a/../../netrc", "."])
def test_a_file_outside_of_the_home_is_refused_before_anything_is_written(path: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()

    with pytest.raises(ValueError, match="is not inside of the client's home"):
        client_home.furnish(home, {"first": "x", path: "x"})
    assert list(home.iterdir()) == []


def test_the_variables_tell_where_the_home_is(tmp_path: Path) -> None:
    env = client_home.variables(tmp_path, {"NETRC": "{home}/netrc", "NO_PROXY": None})

    assert env == {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "NETRC": f"{tmp_path}/netrc", "NO_PROXY": None}


@pytest.mark.parametrize(
    ("files", "env", "needed"),
    [({}, {"A": "x", "B": None}, False), ({"netrc": ""}, {}, True), ({}, {"NETRC": "{home}/netrc"}, True)],
)
def test_a_home_is_needed_for_files_and_for_variables_that_name_it(
    files: dict[str, str], env: dict[str, str | None], needed: bool
) -> None:
    assert client_home.needs_home(files, env) is needed


def test_a_sandbox_tells_which_files_its_client_needs() -> None:
    with MockServer(port=0) as server:
        sandbox = server.sandbox("netrc")
        before = sandbox.describe()["files"]
        sandbox.scenario("client.netrc")
        after = sandbox.describe()

    assert before == {}
    assert f"machine {server.host} " in after["files"]["netrc"]
    assert after["env"]["NETRC"] == "{home}/netrc"
