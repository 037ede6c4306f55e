"""Registrations of one name from many threads and processes: nothing lost, nothing twice, every version its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from killing import Nursery, Task

from hokusai import ModelRegistry, ModelVersionManager
from hokusai.core._journal import Journal
from hokusai_mock import Sandbox


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("killed_tasks") as started:
        yield started


def whole(platform: Sandbox, told: list[dict[str, Any]]) -> None:
    """Demand that what the calls returned is what the server has, each once."""
    registry = ModelRegistry(mode="online")
    with registry._backend.calling("look"):
        client = registry._backend.client
        versions = {str(version.version): version for version in client.search_model_versions("name='m'")}
        experiment = client.get_experiment_by_name("hokusai_registrations").experiment_id
        runs = {run.info.run_id for run in client.search_runs([experiment], max_results=1000)}
    assert sorted(versions) == sorted(entry["number"] for entry in told)
    for entry in told:
        assert versions[entry["number"]].tags["version"] == entry["version"]
        assert versions[entry["number"]].run_id == entry["run_id"]
    assert len({entry["version"] for entry in told}) == len(told)
    assert runs == {entry["run_id"] for entry in told}


def _told(entry: Any) -> dict[str, Any]:
    return {"version": entry.version, "number": entry.mlflow_version, "run_id": entry.run_id}


def test_equal_calls_of_many_threads_each_make_a_version(platform: Sandbox, tmp_path: Path) -> None:
    registries = [ModelRegistry(mode="online") for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda n: registries[n % 2].register_baseline(len, model_name="m"), range(12)))
    whole(platform, [_told(entry) for entry in entries])
    assert list((tmp_path / "local" / "registrations").iterdir()) == []


def test_threads_that_ask_for_the_same_version_get_versions_of_their_own(platform: Sandbox) -> None:
    registry = ModelRegistry(mode="online")
    with ThreadPoolExecutor(4) as pool:
        entries = list(
            pool.map(lambda _: registry.register_baseline(len, model_name="m", metadata={"version": "2.0.0"}), range(4))
        )
    whole(platform, [_told(entry) for entry in entries])
    assert min(entries, key=lambda entry: int(entry.mlflow_version or 0)).version == "2.0.0"


def test_equal_calls_of_processes_that_share_a_journal_each_make_a_version(
    nursery: Nursery, platform: Sandbox, tmp_path: Path
) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    children = nursery.run_all([Task("killed_tasks:register", {"name": "m", "calls": 2}, env) for _ in range(4)])
    whole(platform, [entry for child in children for entry in child.value])
    assert list((tmp_path / "store" / "registrations").iterdir()) == []


def test_one_open_registration_is_gone_on_with_by_one_of_the_processes_that_make_its_call(
    nursery: Nursery, platform: Sandbox, tmp_path: Path
) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    at = "answered POST */model-versions/create"
    assert nursery.run("killed_tasks:register", {"name": "m"}, env=env, kill_at=at).killed
    (left,) = Journal(tmp_path / "store").open_registrations()
    children = nursery.run_all([Task("killed_tasks:register", {"name": "m"}, env) for _ in range(3)])
    told = [entry for child in children for entry in child.value]
    whole(platform, told)
    assert [entry["tags"]["hokusai.registration_id"] for entry in told].count(left.id) == 1


def test_threads_register_in_the_local_store_without_loss(tmp_path: Path) -> None:
    registry = ModelRegistry(mode="local")
    with ThreadPoolExecutor(4) as pool:
        given = sorted(pool.map(lambda _: registry.register_baseline(len, model_name="m").version, range(8)))
    assert len(set(given)) == 8
    assert sorted(ModelVersionManager(registry).list_versions("m")) == given


@pytest.mark.slow
def test_many_processes_and_calls(nursery: Nursery, platform: Sandbox, tmp_path: Path) -> None:
    env = {**platform.env, "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    children = nursery.run_all([Task("killed_tasks:register", {"name": "m", "calls": 12}, env) for _ in range(12)])
    whole(platform, [entry for child in children for entry in child.value])


@pytest.mark.slow
def test_processes_register_in_one_local_store_without_loss(nursery: Nursery, tmp_path: Path) -> None:
    env = {"HOKUSAI_MOCK_MODE": "true", "HOKUSAI_LOCAL_STORE": str(tmp_path / "store")}
    children = nursery.run_all(
        [Task("killed_tasks:register", {"name": "m", "calls": 4, "mode": None}, env) for _ in range(4)]
    )
    told = [entry for child in children for entry in child.value]
    assert sorted(int(entry["number"]) for entry in told) == list(range(1, 17))
    assert len({entry["version"] for entry in told}) == 16
