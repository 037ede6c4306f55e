"""Searches through indices find exactly what looking at everything finds, whatever happened in between."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store import MemoryStore, StoreError
from hokusai_mock.store import collection as collections
from hokusai_mock.store.collection import Searchable
from hokusai_mock.store.entities import Metric
from hokusai_mock.store.index import Index
from hokusai_mock.store.search import (
    search_experiments,
    search_model_versions,
    search_registered_models,
    search_runs,
)
from hokusai_mock.store.search_rules import Condition, Order

NAMES = st.sampled_from(["a", "ab", "b", "B"])
KEYS = st.sampled_from(["k", "l"])
VALUES = st.sampled_from([-1.0, 0.0, 0.5, 0.5, 1.0, 2.0, math.nan])
STAGES = st.sampled_from([frozenset({"active"}), frozenset({"deleted"}), frozenset({"active", "deleted"})])
TEXT_COMPARISONS = st.sampled_from(
    ["= 'a'", "= 'ab'", "!= 'a'", "LIKE 'a%'", "LIKE 'a_'", "LIKE '%b%'", "LIKE 'ab'", "ILIKE 'A%'", "LIKE '%'"]
)
NUMBER_COMPARISONS = st.builds(
    "{} {}".format, st.sampled_from([">", ">=", "<", "<=", "=", "!="]), st.sampled_from([-1, 0, 0.5, 1, 3])
)
PROMPT = "mlflow.prompt.is_prompt"


def filters(*comparisons: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(*comparisons), max_size=2).map(" AND ".join)


def orders(*keys: str) -> st.SearchStrategy[list[str]]:
    clauses = st.builds("{} {}".format, st.sampled_from(keys), st.sampled_from(["ASC", "DESC"]))
    return st.lists(clauses, max_size=2, unique_by=lambda clause: clause.split()[0])


def fields(names: str, comparisons: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{} {}".format, st.sampled_from(names.split()), comparisons)


RUN_FILTERS = filters(
    fields("metrics.k metrics.l attributes.start_time attributes.end_time", NUMBER_COMPARISONS),
    fields("tags.k tags.l params.k attributes.run_name attributes.status dataset.name", TEXT_COMPARISONS),
)
RUN_ORDERS = orders("metrics.k", "metrics.l", "tags.k", "params.k", "start_time", "end_time", "run_name", "status")
VERSION_FILTERS = filters(
    fields("tags.k", st.sampled_from(["= 'a'", "= 'ab'", "LIKE 'a%'"])),
    fields("name run_id source_path", TEXT_COMPARISONS),
    fields("version_number", NUMBER_COMPARISONS),
    st.just("version_number = '2'"),
    st.just("run_id IN ('a', 'ab', 'x')"),
    st.just(f"tags.`{PROMPT}` = 'true'"),
)
VERSION_ORDERS = orders("name", "version_number", "creation_timestamp", "last_updated_timestamp")
MODEL_FILTERS = filters(fields("name tags.k", TEXT_COMPARISONS), st.just(f"tags.`{PROMPT}` = 'true'"))
MODEL_ORDERS = orders("name", "last_updated_timestamp")


@contextmanager
def looking_at_everything() -> Iterator[None]:
    """Searches without indices."""

    def scan(self: Searchable[Any], conditions: Any, orders: Any, start: int = 0, stop: int | None = None) -> list[Any]:
        return self.scan(conditions, orders)[start:stop]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Searchable, "find", scan)
        yield


class Store(RuleBasedStateMachine):
    """A store that changes between searches; the latest questions are asked again after every change."""

    @initialize(small=st.sampled_from([0, 3]), kept=st.sampled_from([1, 12]))
    def start(self, small: int, kept: int) -> None:
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(collections, "SMALL", small)
        self.patch.setattr(collections, "KEPT", kept)
        self.clock = Clock()
        self.clock.freeze(0)
        self.store = MemoryStore(self.clock, IdSource(1))
        self.store.experiments.create("one", "", [])
        self.runs: list[str] = []
        self.versions: list[tuple[str, int]] = []
        self.questions: list[Any] = []
        self.fill()

    def fill(self) -> None:
        """Begin with enough for an index to outlive a change."""
        for name in ("a", "ab"):
            self.store.registry.create(name, "", {"k": name}, prompts_exist=True)
            for number, tag in enumerate(("a", "b", "ab", "B"), 1):
                self.store.registry.create_version(name, tag, "s3://x", run_id=tag, tags={"k": tag})
                self.versions.append((name, number))
                self.runs.append(self.store.runs.create("0", "", number, tag, [("k", tag)]).run_id)

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()
            self.store.close()

    def answers(self, search: Any, *args: Any, **asked: Any) -> None:
        """Compare all pages, now and after each of the next changes."""
        self.questions.append((search, args, asked))
        del self.questions[:-4]

    @invariant()
    def indices_find_what_looking_at_everything_finds(self) -> None:
        for search, args, asked in getattr(self, "questions", ()):
            token: str | None = None
            for _ in range(len(self.runs) + len(self.versions) + 20):
                found = search(*args, **asked, page_token=token)
                with looking_at_everything():
                    assert found == search(*args, **asked, page_token=token)
                token = found[1]
                if token is None:
                    break
            assert token is None, "the pages never end"


class RunsAndExperiments(Store):
    def pick(self, data: st.DataObject) -> Any:
        return self.store.runs.get(data.draw(st.sampled_from(self.runs)))

    @rule(experiment=st.sampled_from("01"), start=st.integers(0, 3), name=NAMES, status=NAMES)
    def create_run(self, experiment: str, start: int, name: str, status: str) -> None:
        if self.store.experiments.get(experiment).lifecycle_stage == "active":
            run = self.store.runs.create(experiment, "", start, name, [("k", name)] if start else [])
            self.store.runs.update(run.run_id, status, start if start > 1 else None, None)
            self.runs.append(run.run_id)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=KEYS, value=VALUES, step=st.integers(0, 3))
    def log_metric(self, data: st.DataObject, key: str, value: float, step: int) -> None:
        run = self.pick(data)
        self.store.runs.log_metrics(run, [Metric(key, value, 1, step, run.run_id)])

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=KEYS, value=NAMES)
    def log_param(self, data: st.DataObject, key: str, value: str) -> None:
        self.store.runs.log_params(self.pick(data), [(key, value)])

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=KEYS, value=NAMES)
    def set_tag(self, data: st.DataObject, key: str, value: str) -> None:
        self.store.runs.set_tags(self.pick(data), [(key, value)])

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), key=KEYS, name=NAMES)
    def delete_tag_and_rename(self, data: st.DataObject, key: str, name: str) -> None:
        run = self.pick(data)
        if run.lifecycle_stage == "active":
            if key in run.tags:
                self.store.runs.delete_tag(run.run_id, key)
            self.store.runs.update(run.run_id, None, None, name)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), stage=st.sampled_from(["active", "deleted"]))
    def delete_or_restore_run(self, data: st.DataObject, stage: str) -> None:
        self.store.runs.set_stage(self.pick(data).run_id, stage)

    @rule(experiment=st.sampled_from("01"), stage=st.sampled_from(["active", "deleted"]))
    def delete_or_restore_experiment(self, experiment: str, stage: str) -> None:
        if self.store.experiments.get(experiment).lifecycle_stage != stage:
            self.store.experiments.set_stage(experiment, stage)
            self.store.runs.set_stage_of_experiment(experiment, stage)

    @rule(
        experiments=st.sampled_from([["0"], ["1"], ["0", "1"], []]),
        stages=STAGES,
        text=RUN_FILTERS,
        order_by=RUN_ORDERS,
        size=st.sampled_from([1, 2, 50]),
    )
    def search_for_runs(
        self, experiments: list[str], stages: frozenset[str], text: str, order_by: list[str], size: int
    ) -> None:
        asked = {"experiment_ids": experiments, "stages": stages, "filter_text": text, "order_by": order_by}
        self.answers(search_runs, self.store.runs, **asked, max_results=size)

    @rule(name=NAMES)
    def create_experiment(self, name: str) -> None:
        try:
            self.store.experiments.create(name, "", [("k", name)])
        except StoreError:
            self.clock.advance(1)

    @rule(experiment=st.sampled_from("01"), name=NAMES)
    def rename_experiment(self, experiment: str, name: str) -> None:
        try:
            self.store.experiments.rename(experiment, name)
            self.store.experiments.set_tag(experiment, "k", name)
        except StoreError:
            self.clock.advance(1)

    @rule(
        stages=STAGES,
        text=filters(fields("name tags.k", TEXT_COMPARISONS), fields("creation_time", NUMBER_COMPARISONS)),
        order_by=orders("name", "experiment_id", "creation_time", "last_update_time"),
        size=st.sampled_from([1, 50]),
    )
    def search_for_experiments(self, stages: frozenset[str], text: str, order_by: list[str], size: int) -> None:
        asked = {"stages": stages, "filter_text": text, "order_by": order_by}
        self.answers(search_experiments, self.store.experiments, **asked, max_results=size)


class Registry(Store):
    @rule(name=NAMES, prompt=st.booleans(), data=st.data())
    def create_version(self, name: str, prompt: bool, data: st.DataObject) -> None:
        registry, tags = self.store.registry, {"k": data.draw(st.sampled_from(["a", "ab"]))}
        try:
            registry.create(name, "", {PROMPT: "true"} if prompt else tags, prompts_exist=True)
        except StoreError:
            self.clock.advance(1)
        if prompt and data.draw(st.integers(0, 5)) == 0:
            tags[PROMPT] = "true"
        version = registry.create_version(name, data.draw(NAMES), "s3://x", run_id=data.draw(NAMES), tags=tags)
        self.versions.append((name, version.version))

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), tag=st.sampled_from([("k", "a"), ("k", "ab"), (PROMPT, "true")]))
    def set_tag(self, data: st.DataObject, tag: tuple[str, str]) -> None:
        self.store.registry.set_version_tag(*data.draw(st.sampled_from(self.versions)), *tag)
        self.store.registry.set_tag(data.draw(st.sampled_from(self.versions))[0], *tag)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), key=st.sampled_from(["k", PROMPT]))
    def delete_tag(self, data: st.DataObject, key: str) -> None:
        self.store.registry.delete_version_tag(*data.draw(st.sampled_from(self.versions)), key)
        self.store.registry.delete_tag(data.draw(st.sampled_from(self.versions))[0], key)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), stage=st.sampled_from(["Staging", "Production"]), archive=st.booleans())
    def move_version(self, data: st.DataObject, stage: str, archive: bool) -> None:
        name, number = data.draw(st.sampled_from(self.versions))
        self.store.registry.transition(name, number, stage, archive_others=archive)
        self.store.registry.set_alias(name, stage, number)
        self.store.registry.describe_version(name, number, "moved")

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def delete_version(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.versions))
        self.versions.remove(one)
        self.store.registry.delete_version(*one)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), new=NAMES)
    def rename_model(self, data: st.DataObject, new: str) -> None:
        name, _ = data.draw(st.sampled_from(self.versions))
        try:
            self.store.registry.rename(name, new)
            self.versions = [(new if model == name else model, number) for model, number in self.versions]
        except StoreError:
            self.clock.advance(1)

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def delete_model(self, data: st.DataObject) -> None:
        name, _ = data.draw(st.sampled_from(self.versions))
        self.store.registry.delete(name)
        self.versions = [(model, number) for model, number in self.versions if model != name]

    @rule(text=VERSION_FILTERS, order_by=VERSION_ORDERS, size=st.sampled_from([1, 2, 50]), prompts=st.booleans())
    def search_for_versions(self, text: str, order_by: list[str], size: int, prompts: bool) -> None:
        asked = {"filter_text": text, "order_by": order_by, "max_results": size, "prompts_exist": prompts}
        self.answers(search_model_versions, self.store.registry, **asked)

    @rule(text=MODEL_FILTERS, order_by=MODEL_ORDERS, size=st.sampled_from([1, 50]), prompts=st.booleans())
    def search_for_models(self, text: str, order_by: list[str], size: int, prompts: bool) -> None:
        asked = {"filter_text": text, "order_by": order_by, "max_results": size, "prompts_exist": prompts}
        self.answers(search_registered_models, self.store.registry, **asked)

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def latest_versions_and_aliases_are_those_of_a_scan(self, data: st.DataObject) -> None:
        model = self.store.registry.get(data.draw(st.sampled_from(self.versions))[0])
        latest = {}
        for number in sorted(model.versions):
            latest[model.versions[number].current_stage] = model.versions[number]
        assert self.store.registry.latest_versions(model) == list(latest.values())
        for version in model.versions.values():
            named = sorted(alias for alias, number in model.aliases.items() if number == version.version)
            assert self.store.registry.aliases_of(version) == named


TestRunsAndExperiments = RunsAndExperiments.TestCase
TestRegistry = Registry.TestCase
TestRunsAndExperiments.settings = TestRegistry.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None
)


# -- what is looked at -----------------------------------------------------------------------------------------------


class Counting:
    """Reads integers that are their own value, and counts."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, thing: list[int], _entity: str, key: str) -> object:
        self.reads += 1
        return thing[0] if key == "number" else str(thing[0] % 10)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def thousand(counting: Counting) -> Searchable[list[int]]:
    things: Searchable[list[int]] = Searchable(counting, ("number",))
    for number in range(1000):
        things.add([number])
    return things


BY_NUMBER = [Order("attribute", "number", ascending=True)]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], [700, 701, 702]),
        ([Condition("tag", "digit", "=", "3")], []),
        ([Condition("attribute", "number", ">", 100.0)], [801, 802, 803]),
        ([Condition("attribute", "number", "<", 702.0)], [700, 701]),
        ([Condition("tag", "digit", "=", "3"), Condition("attribute", "number", ">=", 20.0)], []),
    ],
)
def test_a_late_page_is_found_without_looking_at_those_before(
    thousand: Searchable[list[int]], counting: Counting, conditions: list[Condition], expected: list[int]
) -> None:
    thousand.find(conditions, BY_NUMBER, 0, 3)
    counting.reads = 0
    assert [one[0] for one in thousand.find(conditions, BY_NUMBER, 700, 703)] == expected
    assert counting.reads == 0


def test_few_candidates_are_sorted_rather_than_all_tried(thousand: Searchable[list[int]], counting: Counting) -> None:
    by_digit = [Order("tag", "digit", ascending=True), *BY_NUMBER]
    narrow = [Condition("attribute", "number", "<", 12.0)]
    thousand.find(narrow, by_digit, 0, 20)
    counting.reads = 0
    assert [one[0] for one in thousand.find(narrow, by_digit, 0, 20)] == [0, 10, 1, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    assert counting.reads < 200


def test_one_change_is_sorted_in_without_building_again(thousand: Searchable[list[int]], counting: Counting) -> None:
    thousand.find([], BY_NUMBER, 0, 3)
    thing = thousand.find([], BY_NUMBER, 5, 6)[0]
    counting.reads = 0
    thing[0] = 2000
    thousand.changed(thing)
    assert thousand.find([], BY_NUMBER, 999, 1001) == [thing]
    assert counting.reads == 1


def test_many_changes_drop_the_indices_instead_of_piling_up(
    thousand: Searchable[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    thousand.find([], BY_NUMBER, 0, 3)
    refreshed: list[object] = []
    monkeypatch.setattr(Index, "refresh", lambda self, thing, *, present: refreshed.append(thing))
    for thing in thousand.find([], BY_NUMBER):
        thing[0] = -thing[0]
        thousand.changed(thing)
    assert [one[0] for one in thousand.find([], BY_NUMBER, 0, 2)] == [-999, -998]
    assert refreshed == []
