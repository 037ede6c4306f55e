"""Searching: comparisons as SQL makes them, orders with gaps, pages that cover everything once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store import MemoryStore, StoreError
from hokusai_mock.store.entities import Metric
from hokusai_mock.store.evaluation import in_order, matches
from hokusai_mock.store.paging import offset_of, token_for
from hokusai_mock.store.search import (
    page,
    search_model_versions,
    search_registered_models,
    search_runs,
)
from hokusai_mock.store.search_rules import Order

ACTIVE = frozenset({"active"})


def new_store() -> MemoryStore:
    clock = Clock()
    clock.freeze(1)
    return MemoryStore(clock, IdSource(1))


@pytest.mark.parametrize(
    ("actual", "comparator", "wanted", "result"),
    [
        ("wine", "=", "wine", True),
        ("wine", "!=", "beer", True),
        (None, "!=", "beer", False),
        ("wine", "LIKE", "w%e", True),
        ("Wine", "LIKE", "w%", False),
        ("Wine", "ILIKE", "w_NE", True),
        ("a.b", "LIKE", "a_b", True),
        ("axb", "LIKE", "a.b", False),
        ("a\nb", "LIKE", "a%b", True),
        ("a", "IN", ("a", "b"), True),
        ("a", "NOT IN", ("a", "b"), False),
        (3, ">", 2.5, True),
        (3, "=", "3", True),
        (3, "=", "x", False),
        (float("nan"), "=", 0.0, True),
    ],
)
def test_comparisons(actual: object, comparator: str, wanted: str | float | tuple[str, ...], result: bool) -> None:
    assert matches(actual, comparator, wanted) is result


VALUES = st.lists(st.none() | st.just(math.nan) | st.integers(-3, 3).map(float))


@given(VALUES, st.booleans())
def test_what_has_no_value_comes_last_and_nan_before_it_in_both_directions(
    values: list[float | None], ascending: bool
) -> None:
    items = [{"at": index, "value": value} for index, value in enumerate(values)]
    ordered = in_order(list(items), [Order("metric", "x", ascending)], lambda item, _entity, _key: item["value"])
    ranks = [2 if one["value"] is None else 1 if math.isnan(one["value"]) else 0 for one in ordered]
    assert ranks == sorted(ranks)
    present = [one["value"] for one in ordered if ranks[ordered.index(one)] == 0]
    assert present == sorted(present, reverse=not ascending)
    assert sorted(one["at"] for one in ordered) == list(range(len(values)))


@given(st.integers(0, 30), st.integers(1, 10))
def test_pages_cover_everything_once(count: int, size: int) -> None:
    seen: list[int] = []
    token: str | None = None
    while True:
        rows, token = page(list(range(count)), token, size)
        seen += rows
        if token is None:
            break
        assert len(rows) == size
    assert seen == list(range(count))


@given(st.integers(1, 10**9))
def test_page_token_says_where_its_page_starts(offset: int) -> None:
    assert offset_of(token_for(offset)) == offset


@pytest.mark.parametrize("token", ["!!!", "e30=", "WzFd", "eyJvZmZzZXQiOiAieCJ9", "abc"])
def test_bad_page_tokens_are_refused(token: str) -> None:
    with pytest.raises(StoreError, match="Invalid page token"):
        offset_of(token)


def test_runs_are_ordered_by_latest_start_and_then_by_id() -> None:
    store = new_store()
    made = [store.runs.create("0", "", start, f"r{start}", []) for start in (1, 3, 2, 3)]
    found, _ = search_runs(
        store.runs, experiment_ids=["0"], stages=ACTIVE, filter_text="", order_by=[], max_results=10, page_token=None
    )
    assert [run.start_time for run in found] == [3, 3, 2, 1]
    assert [run.run_id for run in found[:2]] == sorted(run.run_id for run in made if run.start_time == 3)


def test_runs_are_found_by_their_latest_metric() -> None:
    store = new_store()
    run = store.runs.create("0", "", 1, "r", [])
    store.runs.log_metrics(run, [Metric("loss", 0.1, 5, 2, run.run_id), Metric("loss", 0.9, 9, 1, run.run_id)])
    for text, count in (("metrics.loss < 0.5", 1), ("metrics.loss > 0.5", 0), ("metrics.nope > 0", 0)):
        found, _ = search_runs(
            store.runs, experiment_ids=["0"], stages=ACTIVE, filter_text=text, order_by=[], max_results=9, page_token=""
        )
        assert len(found) == count


def test_prompts_hide_from_searches_for_models_where_the_version_knows_them() -> None:
    store = new_store()
    store.registry.create("model", "", {}, prompts_exist=True)
    store.registry.create("prompt", "", {"mlflow.prompt.is_prompt": "true"}, prompts_exist=True)

    def names(text: str, *, prompts_exist: bool) -> list[str]:
        found, _ = search_registered_models(
            store.registry, filter_text=text, order_by=[], max_results=9, page_token="", prompts_exist=prompts_exist
        )
        return [one.name for one in found]

    not_a_prompt = "tag.`mlflow.prompt.is_prompt` != 'true'"
    assert names("", prompts_exist=True) == ["model"]
    assert names(not_a_prompt, prompts_exist=True) == ["model"]
    assert names("tags.`mlflow.prompt.is_prompt` = 'true'", prompts_exist=True) == ["prompt"]
    assert names("", prompts_exist=False) == ["model", "prompt"]
    assert names(not_a_prompt, prompts_exist=False) == []


def test_versions_of_one_model_are_found_without_looking_at_others() -> None:
    store = new_store()
    for name in ("a", "b"):
        store.registry.create(name, "", {}, prompts_exist=True)
        store.registry.create_version(name, "s3://x", "s3://x", tags={"of": name})
    found, _ = search_model_versions(
        store.registry, filter_text="name = 'b'", order_by=[], max_results=9, page_token="", prompts_exist=True
    )
    assert [one.tags["of"] for one in found] == ["b"]
    missing, _ = search_model_versions(
        store.registry, filter_text="name='c'", order_by=[], max_results=9, page_token="", prompts_exist=True
    )
    assert missing == []
