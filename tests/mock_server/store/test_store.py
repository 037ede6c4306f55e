"""Rules of the store that hold for every version: uniqueness, immutability, numbering, restoring."""

from __future__ import annotations

import pytest

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store import MemoryStore, StoreError
from hokusai_mock.store.entities import DatasetInput, Metric
from hokusai_mock.store.search_rules import Order


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(Clock(), IdSource(7))


def test_store_starts_with_the_default_experiment_alone(store: MemoryStore) -> None:
    by_id = [Order("attribute", "experiment_id", ascending=True)]
    assert [(one.experiment_id, one.name) for one in store.experiments.all.find([], by_id)] == [("0", "Default")]


def test_ids_are_those_of_the_seed() -> None:
    first, second = (MemoryStore(Clock(), IdSource(3)).runs.create("0", "", 0, "", []) for _ in range(2))
    assert (first.run_id, first.name) == (second.run_id, second.name)


def test_name_of_a_deleted_experiment_stays_taken(store: MemoryStore) -> None:
    made = store.experiments.create("wine", "", [])
    store.experiments.set_stage(made.experiment_id, "deleted")
    with pytest.raises(StoreError, match="already exists") as caught:
        store.experiments.create("wine", "", [])
    assert caught.value.code == "RESOURCE_ALREADY_EXISTS"


def test_refused_rename_changes_nothing(store: MemoryStore) -> None:
    made = store.experiments.create("a", "", [])
    store.experiments.create("b", "", [])
    with pytest.raises(StoreError, match="UNIQUE"):
        store.experiments.rename(made.experiment_id, "b")
    assert store.experiments.find("a") is made


def test_artifacts_of_a_run_lie_below_its_experiment(store: MemoryStore) -> None:
    made = store.experiments.create("wine", "", [])
    run = store.runs.create(made.experiment_id, "", 0, "", [])
    assert made.artifact_location == "mlflow-artifacts:/1"
    assert run.artifact_uri == f"mlflow-artifacts:/1/{run.run_id}/artifacts"


def test_same_metric_value_is_kept_once_and_the_highest_step_is_the_latest(store: MemoryStore) -> None:
    run = store.runs.create("0", "", 0, "", [])
    values = [
        Metric("m", 1.0, 5, 3, run.run_id),
        Metric("m", 1.0, 5, 3, run.run_id),
        Metric("m", 2.0, 9, 1, run.run_id),
    ]
    store.runs.log_metrics(run, values)
    store.runs.log_metrics(run, [Metric("m", float("nan"), 1, 0, run.run_id)] * 2)
    assert len(run.history["m"]) == 3
    assert run.metrics["m"].value == 1.0


def test_parameter_cannot_change_but_may_be_logged_again(store: MemoryStore) -> None:
    run = store.runs.create("0", "", 0, "", [])
    store.runs.log_params(run, [("depth", "3")])
    store.runs.check_params(run, [("depth", "3"), ("new", "1")], batch=True)
    with pytest.raises(StoreError, match="Changing param values is not allowed"):
        store.runs.check_params(run, [("depth", "4")], batch=False)


def test_runs_go_and_come_back_with_their_experiment(store: MemoryStore) -> None:
    run = store.runs.create("0", "", 0, "", [])
    store.runs.set_stage_of_experiment("0", "deleted")
    with pytest.raises(StoreError, match="must be in the 'active' state"):
        store.runs.active(run.run_id)
    store.runs.set_stage_of_experiment("0", "active")
    assert store.runs.active(run.run_id) is run


def test_numbers_of_deleted_versions_are_not_given_again(store: MemoryStore) -> None:
    store.registry.create("m", "", {}, prompts_exist=True)
    for _ in range(2):
        store.registry.create_version("m", "s3://x", "s3://x", tags={})
    store.registry.delete_version("m", 2)
    assert store.registry.create_version("m", "s3://x", "s3://x", tags={}).version == 3


def test_alias_moves_and_outlives_its_version(store: MemoryStore) -> None:
    store.registry.create("m", "", {}, prompts_exist=True)
    versions = [store.registry.create_version("m", "s3://x", "s3://x", tags={}) for _ in range(2)]
    store.registry.set_alias("m", "best", 1)
    store.registry.set_alias("m", "best", 2)
    assert store.registry.version_by_alias("m", "best") is versions[1]
    store.registry.delete_version("m", 2)
    with pytest.raises(StoreError, match="version=2"):
        store.registry.version_by_alias("m", "best")


def test_archiving_moves_only_the_others_of_the_stage(store: MemoryStore) -> None:
    store.registry.create("m", "", {}, prompts_exist=True)
    for _ in range(3):
        store.registry.create_version("m", "s3://x", "s3://x", tags={})
    store.registry.transition("m", 1, "Production", archive_others=False)
    store.registry.transition("m", 2, "Staging", archive_others=False)
    store.registry.transition("m", 3, "production", archive_others=True)
    stages = {number: version.current_stage for number, version in store.registry.get("m").versions.items()}
    assert stages == {1: "Archived", 2: "Staging", 3: "Production"}


def test_rename_takes_the_versions_along_and_frees_the_name(store: MemoryStore) -> None:
    store.registry.create("old", "", {}, prompts_exist=True)
    store.registry.create_version("old", "s3://x", "s3://x", tags={})
    store.registry.rename("old", "new")
    assert store.registry.version("new", 1).name == "new"
    store.registry.create("old", "", {}, prompts_exist=True)


def test_prompt_and_model_cannot_share_a_name(store: MemoryStore) -> None:
    store.registry.create("x", "", {"mlflow.prompt.is_prompt": "true"}, prompts_exist=True)
    with pytest.raises(StoreError, match="already taken by a prompt"):
        store.registry.create("x", "", {}, prompts_exist=True)


def test_deleted_logged_model_is_gone_unless_it_is_allowed(store: MemoryStore) -> None:
    model = store.logged_models.create("0", name=None, model_type="", source_run_id="", params=[], tags=[])
    store.logged_models.delete(model.model_id)
    with pytest.raises(StoreError, match="not found"):
        store.logged_models.get(model.model_id)
    assert store.logged_models.get(model.model_id, allow_deleted=True) is model


def test_default_experiment_is_older_than_what_the_first_request_makes(store: MemoryStore) -> None:
    made = store.experiments.create("first", "", [])
    assert store.experiments.get("0").creation_time < made.creation_time


def test_deleted_logged_model_still_takes_tags_and_parameters(store: MemoryStore) -> None:
    model = store.logged_models.create("0", name=None, model_type="", source_run_id="", params=[], tags=[])
    store.logged_models.delete(model.model_id)
    store.logged_models.set_tags(model.model_id, {"k": "v"})
    store.logged_models.log_params(model.model_id, [("p", "1")])
    assert (model.tags, model.params) == ({"k": "v"}, {"p": "1"})
    with pytest.raises(StoreError, match="UNIQUE constraint failed: logged_model_params"):
        store.logged_models.log_params(model.model_id, [("p", "2")])


def test_a_repeated_tag_refuses_what_is_made_and_takes_no_id(store: MemoryStore) -> None:
    twice = [("k", "a"), ("k", "b")]
    with pytest.raises(StoreError, match=r"experiment_tags\.key") as caught:
        store.experiments.create("x", "", twice)
    assert caught.value.code == "RESOURCE_ALREADY_EXISTS"
    assert store.experiments.create("x", "", []).experiment_id == "1"
    with pytest.raises(StoreError, match=r"tags\.key, tags\.run_uuid"):
        store.runs.create("0", "", 0, "n", twice)


@pytest.mark.parametrize(("shared", "source"), [(True, "first"), (False, "second")])
def test_what_was_first_said_of_a_dataset_holds_where_datasets_are_shared(
    store: MemoryStore, shared: bool, source: str
) -> None:
    other = store.experiments.create("other", "", []).experiment_id
    for experiment_id, said in (("0", "first"), (other, "second")):
        run = store.runs.create(experiment_id, "", 0, "n", [])
        dataset = DatasetInput("d", "1", "local", said, None, None, (("in", said),))
        store.runs.log_inputs(run.run_id, [dataset], [], shared=shared)
    (known,) = run.datasets.values()
    assert (known.source, known.tags) == (source, (("in", "second"),))


def test_an_unknown_stage_is_refused_before_the_version_is_looked_for(store: MemoryStore) -> None:
    with pytest.raises(StoreError, match="Invalid Model Version stage: nope"):
        store.registry.transition("missing", 1, "nope", archive_others=True)


def test_tags_leave_the_time_of_an_experiments_last_update(store: MemoryStore) -> None:
    made = store.experiments.create("wine", "", [])
    made.last_update_time = 5
    store.experiments.set_tag(made.experiment_id, "k", "v")
    store.experiments.delete_tag(made.experiment_id, "k")
    assert made.last_update_time == 5
    store.experiments.set_stage(made.experiment_id, "deleted")
    assert made.last_update_time > 5
