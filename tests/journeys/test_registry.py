"""The model registry as an unmodified client uses it: versions, aliases, tags, stages, pages."""

from __future__ import annotations

from typing import Any

import pytest

mlflow = pytest.importorskip("mlflow", reason="no MLflow client is installed")


@pytest.fixture
def run_id(client: Any) -> str:
    identifier: str = client.create_run(client.create_experiment("registry")).info.run_id
    return identifier


@pytest.fixture
def source(client: Any, run_id: str) -> str:
    """A source that every server version accepts for a version of that run."""
    return f"{client.get_run(run_id).info.artifact_uri}/model"


def test_registry_keeps_versions_aliases_and_tags(client: Any, run_id: str, source: str) -> None:
    client.create_registered_model("wine", tags={"team": "blue"}, description="about wine")
    for number in (1, 2):
        version = client.create_model_version("wine", source, run_id, tags={"number": str(number)})
        assert str(version.version) == str(number)
        assert version.status == "READY"
    client.set_registered_model_alias("wine", "champion", "2")
    client.set_model_version_tag("wine", "2", "version", "1.1.0")
    champion = client.get_model_version_by_alias("wine", "champion")
    assert (str(champion.version), champion.tags) == ("2", {"number": "2", "version": "1.1.0"})
    client.delete_model_version_tag("wine", "2", "number")
    client.update_model_version("wine", "1", "the first")
    assert client.get_model_version("wine", "1").description == "the first"
    assert client.get_model_version("wine", "2").tags == {"version": "1.1.0"}
    assert client.get_model_version_download_uri("wine", "1") == source
    assert client.get_registered_model("wine").tags == {"team": "blue"}
    client.delete_registered_model_alias("wine", "champion")
    with pytest.raises(mlflow.MlflowException, match="not found"):
        client.get_model_version_by_alias("wine", "champion")


def test_versions_move_through_stages(client: Any, run_id: str, source: str) -> None:
    client.create_registered_model("staged")
    for _ in range(3):
        client.create_model_version("staged", source, run_id)
    client.transition_model_version_stage("staged", "1", "Production")
    client.transition_model_version_stage("staged", "2", "Production", archive_existing_versions=True)
    latest = {one.current_stage: str(one.version) for one in client.get_latest_versions("staged")}
    assert latest == {"Archived": "1", "Production": "2", "None": "3"}
    assert [str(one.version) for one in client.get_latest_versions("staged", ["Production"])] == ["2"]


def test_models_and_versions_are_found_page_by_page(client: Any, run_id: str, source: str) -> None:
    for number in range(5):
        client.create_registered_model(f"model-{number}", tags={"even": str(number % 2 == 0)})
    for _ in range(5):
        client.create_model_version("model-3", source, run_id)
    models = all_pages(client.search_registered_models, filter_string="name LIKE 'model-%'")
    assert [one.name for one in models] == [f"model-{number}" for number in range(5)]
    versions = all_pages(
        client.search_model_versions, filter_string="name = 'model-3'", order_by=["version_number ASC"]
    )
    assert [str(one.version) for one in versions] == ["1", "2", "3", "4", "5"]
    even = client.search_registered_models("tags.even = 'True'", order_by=["name DESC"])
    assert [one.name for one in even] == ["model-4", "model-2", "model-0"]
    assert len(client.search_model_versions(f"run_id = '{run_id}'")) == 5


def all_pages(search: Any, **asked: Any) -> list[Any]:
    found, token = [], None
    while True:
        page = search(**asked, max_results=2, page_token=token)
        assert len(page) <= 2
        found += page
        token = page.token
        if not token:
            return found


def test_registry_forgets_what_is_deleted(client: Any, run_id: str, source: str) -> None:
    client.create_registered_model("wine")
    for _ in range(2):
        client.create_model_version("wine", source, run_id)
    client.rename_registered_model("wine", "vin")
    client.delete_model_version("vin", "1")
    assert [str(one.version) for one in client.search_model_versions("name='vin'")] == ["2"]
    assert str(client.create_model_version("vin", source, run_id).version) == "3"
    client.delete_registered_model("vin")
    assert list(client.search_registered_models()) == []
    assert list(client.search_model_versions("name='vin'")) == []
