from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kept_work import differences
from killed_syncing import LOADED, SYNC, environment, kill_syncs
from killing import Nursery, Task

from hokusai_mock import Sandbox


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(*LOADED) as started:
        yield started


def test_syncs_killed_at_random_points_have_uploaded_all_of_it_once_when_one_ends(
    nursery: Nursery, platform: Sandbox, tmp_path: Path
) -> None:
    tally = kill_syncs(nursery, platform, tmp_path, kills=20, seed=1)
    assert tally.wrong == []
    assert tally.kills == 20


def test_syncs_at_once_upload_each_thing_once(nursery: Nursery, platform: Sandbox, tmp_path: Path) -> None:
    env = environment(platform, tmp_path)
    platform.scenario("gateway.lb_error", status=503)
    files = {"label": "a", "folder": str(tmp_path / "files")}
    assert nursery.run("kept_work:keep", files, env=env).error is None
    platform.scenario("healthy")
    children = nursery.run_all([Task(SYNC, env=env) for _ in range(4)])
    refused = [child for child in children if child.error is not None]
    assert all("Another sync is at work" in (child.error or "") for child in refused)
    assert len(refused) < 4
    assert list(differences(platform, ["a"])) == []
