"""Filters of servers that know nulls, in small stores and through indices."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from hokusai_mock.clock import Clock, IdSource
from hokusai_mock.store import MemoryStore, StoreError
from hokusai_mock.store.collection import SMALL
from hokusai_mock.store.entities import Metric
from hokusai_mock.store.search import search_experiments, search_runs

ACTIVE = frozenset({"active"})


@pytest.fixture(params=[10, SMALL + 72], ids=["small", "indexed"])
def store(request: pytest.FixtureRequest) -> Iterator[MemoryStore]:
    """Runs 0 to n: odd ones have the parameter `p`; the metric `m` is the number, and NaN for each fifth."""
    made = MemoryStore(Clock(), IdSource(1))
    for number in range(request.param):
        run = made.runs.create("0", "", number, str(number), [])
        made.runs.log_params(run, [("p", "x")] if number % 2 else [])
        value = math.nan if number % 5 == 0 else float(number)
        made.runs.log_metrics(run, [Metric("m", value, 1, 0, run.run_id)])
    yield made
    made.close()


def found(store: MemoryStore, text: str, order: str = "start_time ASC", *, knows_null: bool = True) -> list[int]:
    runs, _ = search_runs(
        store.runs,
        experiment_ids=["0"],
        stages=ACTIVE,
        filter_text=text,
        order_by=[order],
        max_results=1000,
        page_token=None,
        knows_null=knows_null,
    )
    return [int(run.name) for run in runs]


def everyone(store: MemoryStore) -> range:
    return range(len(store.runs.all))


def test_what_has_no_value_is_null(store: MemoryStore) -> None:
    assert found(store, "params.p IS NULL") == [n for n in everyone(store) if n % 2 == 0]
    assert found(store, "params.p is not null AND tags.t IS NULL") == [n for n in everyone(store) if n % 2]


@pytest.mark.parametrize("order", ["start_time ASC", "metrics.m ASC"])
def test_nan_is_different_from_every_number(store: MemoryStore, order: str) -> None:
    numbers = [n for n in everyone(store) if n % 5]
    assert sorted(found(store, "metrics.m >= 0", order)) == numbers
    assert sorted(found(store, "metrics.m = 0", order)) == []
    assert sorted(found(store, "metrics.m != 3", order)) == [n for n in everyone(store) if n != 3]


def test_older_servers_take_nan_for_zero_and_know_no_null(store: MemoryStore) -> None:
    assert found(store, "metrics.m = 0", knows_null=False) == [n for n in everyone(store) if n % 5 == 0]
    with pytest.raises(StoreError, match=r"'params\.p', 'IS', 'NOT NULL'"):
        found(store, "params.p IS NOT NULL", knows_null=False)


def test_what_always_has_a_value_is_not_tested_for_null(store: MemoryStore) -> None:
    with pytest.raises(StoreError, match="only supported for tags and params, not for 'metric' 'm'"):
        found(store, "metrics.m IS NULL")


def test_experiments_are_found_by_their_ids(store: MemoryStore) -> None:
    for name in ("one", "two"):
        store.experiments.create(name, "", {})

    def ids(text: str) -> list[str]:
        search = {"stages": ACTIVE, "order_by": ["experiment_id"], "max_results": 10, "page_token": None}
        experiments, _ = search_experiments(store.experiments, filter_text=text, knows_null=True, **search)  # type: ignore[arg-type]
        return [one.experiment_id for one in experiments]

    assert (ids("experiment_id = '1'"), ids("experiment_id NOT IN ('1', '9')")) == (["1"], ["0", "2"])
