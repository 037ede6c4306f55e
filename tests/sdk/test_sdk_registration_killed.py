from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from killed_registering import TASK, kill_registrations
from killing import Nursery

from hokusai_mock import Sandbox


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("killed_tasks") as started:
        yield started


def test_registrations_killed_at_random_points_are_whole_and_single_after_the_same_call(
    nursery: Nursery, sandbox: Sandbox, platform: Sandbox, tmp_path: Path
) -> None:
    tally = kill_registrations(nursery, sandbox, tmp_path / "store", kills=20, seed=1)
    assert tally.wrong == []
    assert tally.kills == 20


@pytest.mark.parametrize(
    ("path", "version"), [("runs/create", "1.0.0"), ("model-versions/create", "1.0.0"), ("experiments/create", "1.0.0")]
)
def test_what_was_made_without_an_answer_being_read_is_found_again(
    nursery: Nursery, platform: Sandbox, tmp_path: Path, path: str, version: str
) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    killed = nursery.run(TASK, {"name": "m"}, env=env, kill_at=f"answered POST */{path}")
    assert killed.killed
    again = nursery.run(TASK, {"name": "m"}, env=env).value[0]
    assert again["version"] == version
    assert len(platform.calls("POST", f"*/{path}")) == 1


def test_a_registration_that_was_killed_is_finished_without_its_model(
    nursery: Nursery, platform: Sandbox, tmp_path: Path
) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    nursery.run(TASK, {"name": "m"}, env=env, kill_at="answered PUT */MLmodel")
    finished = nursery.run("killed_tasks:finish_all", env=env)
    assert [entry["version"] for entry in finished.value] == ["1.0.0"]
    assert len(platform.calls("POST", "*/runs/create")) == 1


def test_another_call_leaves_an_open_registration_alone(nursery: Nursery, platform: Sandbox, tmp_path: Path) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    nursery.run(TASK, {"name": "m"}, env=env, kill_at="answered POST */model-versions/create")
    other = nursery.run(TASK, {"name": "m", "metadata": {"team": "blue"}}, env=env).value[0]
    assert other["version"] == "1.1.0"
    assert nursery.run("killed_tasks:open_names", env=env).value == ["m"]
