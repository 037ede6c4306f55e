"""Searches over the store: what is looked for, in which order, and its pages, as a SQL store gives them.

What may be asked is decided in `search_rules.py`, what a condition means in `evaluation.py`, and how things are found
without looking at all of them in `collection.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from hokusai_mock.store.entities import ACTIVE, DELETED, Experiment, ModelVersion, RegisteredModel, Run
from hokusai_mock.store.errors import StoreError
from hokusai_mock.store.evaluation import PROMPT_TAG
from hokusai_mock.store.experiments import Experiments
from hokusai_mock.store.paging import offset_of, token_for
from hokusai_mock.store.registry import Registry
from hokusai_mock.store.runs import Runs
from hokusai_mock.store.search_rules import (
    EXPERIMENTS,
    EXPERIMENTS_WITH_NULLS,
    MODEL_VERSIONS,
    MODEL_VERSIONS_WITH_NULLS,
    REGISTERED_MODELS,
    REGISTERED_MODELS_WITH_NULLS,
    RUNS,
    RUNS_WITH_NULLS,
    Condition,
    Order,
)

__all__ = [
    "page",
    "search_experiments",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
]

_T = TypeVar("_T")


def page(things: Sequence[_T], token: str | None, max_results: int) -> tuple[list[_T], str | None]:
    """The page that a token starts, and the token of the next. A page of 0 or -1 gives what SQL's LIMIT gives."""
    return _page(lambda start, stop: list(things[start:stop]), token, max_results)


def _page(
    find: Callable[[int, int | None], list[_T]], token: str | None, max_results: int
) -> tuple[list[_T], str | None]:
    offset, limit = offset_of(token), max_results + 1
    start = max(offset, 0)  # what SQL makes of a negative offset
    rows = find(start, start + limit if limit >= 0 else None)
    following = token_for(offset + max_results) if len(rows) == limit else None
    return rows[:max_results], following


def _in_stages(stages: Iterable[str]) -> list[Condition]:
    wanted = frozenset(stages)
    return [] if wanted >= {ACTIVE, DELETED} else [Condition("attribute", "lifecycle_stage", "IN", wanted)]


# -- experiments -----------------------------------------------------------------------------------------------------


def search_experiments(
    experiments: Experiments,
    *,
    stages: Iterable[str],
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    knows_null: bool = False,
) -> tuple[list[Experiment], str | None]:
    """Experiments in the given lifecycle stages, newest first unless ordered; (results, next token)."""
    rules = EXPERIMENTS_WITH_NULLS if knows_null else EXPERIMENTS
    conditions = rules.conditions(filter_text)
    orders = rules.orders(list(order_by) or ["creation_time DESC", "experiment_id ASC"])
    if not any(one.key == "experiment_id" for one in orders):
        orders.append(Order("attribute", "experiment_id", ascending=False))
    conditions += _in_stages(stages)
    return _page(lambda *cut: experiments.all.find(conditions, orders, *cut), page_token, max_results)


# -- runs ------------------------------------------------------------------------------------------------------------


def search_runs(
    runs: Runs,
    *,
    experiment_ids: Iterable[str],
    stages: frozenset[str],
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    knows_null: bool = False,
    looks_behind: bool = False,
) -> tuple[list[Run], str | None]:
    """Runs of the experiments in the given lifecycle stages, latest start first unless ordered; (results, token).

    Unlike other searches this one `looks_behind` a full page in newer servers only: its token may lead to an empty one.
    """
    rules = RUNS_WITH_NULLS if knows_null else RUNS
    conditions = rules.conditions(filter_text)
    orders = rules.orders(list(order_by))
    if not any(one.entity == "attribute" and one.key == "start_time" for one in orders):
        orders.append(Order("attribute", "start_time", ascending=False))
    orders.append(Order("attribute", "run_id", ascending=True))
    offset = offset_of(page_token)
    conditions += [Condition("attribute", "experiment_id", "IN", frozenset(experiment_ids)), *_in_stages(stages)]
    if looks_behind:
        return _page(lambda *cut: runs.all.find(conditions, orders, *cut), page_token, max_results)
    start = max(offset, 0)
    rows = runs.all.find(conditions, orders, start, None if max_results < 0 else start + max_results)
    return rows, token_for(offset + max_results) if len(rows) == max_results else None


# -- the registry ----------------------------------------------------------------------------------------------------


def _without_prompts(conditions: list[Condition]) -> list[Condition]:
    """Unless prompts are asked for, look at models alone, and not at what was said of the tag that makes a prompt."""
    tagged = [one for one in conditions if one.entity == "tag" and one.key == PROMPT_TAG]
    if tagged and (tagged[0].operator, str(tagged[0].value).lower()) in (("=", "true"), ("!=", "false")):
        return conditions
    return [*(one for one in conditions if one not in tagged), Condition("attribute", "kind", "=", "model")]


def _registry_page(
    find: Callable[[int, int | None], list[_T]], token: str | None, max_results: int
) -> tuple[list[_T], str | None]:
    if token and not token.isascii():
        raise StoreError("CRASH", "the registry trips over a page token that is not ASCII")
    return _page(find, token, max_results)


def search_registered_models(
    registry: Registry,
    *,
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    prompts_exist: bool,
    knows_null: bool = False,
) -> tuple[list[RegisteredModel], str | None]:
    """Registered models by name unless ordered; where prompts exist they are hidden unless asked for."""
    rules = REGISTERED_MODELS_WITH_NULLS if knows_null else REGISTERED_MODELS
    conditions = rules.conditions(filter_text)
    orders = rules.orders(list(order_by))
    if not any(one.key == "name" for one in orders):
        orders.append(Order("attribute", "name", ascending=True))
    if prompts_exist:
        conditions = _without_prompts(conditions)
    return _registry_page(lambda *cut: registry.models.find(conditions, orders, *cut), page_token, max_results)


def search_model_versions(
    registry: Registry,
    *,
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    prompts_exist: bool,
    knows_null: bool = False,
) -> tuple[list[ModelVersion], str | None]:
    """Model versions, last changed first unless ordered; a filter on the name looks at that model alone."""
    rules = MODEL_VERSIONS_WITH_NULLS if knows_null else MODEL_VERSIONS
    conditions = rules.conditions(filter_text)
    orders = rules.orders(list(order_by) or ["last_updated_timestamp DESC", "name ASC", "version_number DESC"])
    for key, ascending in (("name", True), ("version_number", False)):
        if not any(one.key == key for one in orders):
            orders.append(Order("attribute", key, ascending))
    if prompts_exist:
        conditions = _without_prompts(conditions)
    return _registry_page(lambda *cut: registry.versions.find(conditions, orders, *cut), page_token, max_results)
