"""Searches over the store: conditions evaluated, results ordered and cut into pages, as a SQL store does it.

What may be asked is decided in `search_rules.py`; here everything is already understood.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from math import isnan
from typing import Any, TypeVar

from hokusai_mock.store.entities import Experiment, ModelVersion, RegisteredModel, Run
from hokusai_mock.store.experiments import Experiments
from hokusai_mock.store.paging import offset_of, token_for
from hokusai_mock.store.registry import PROMPT_TAG, Registry, is_prompt
from hokusai_mock.store.runs import Runs
from hokusai_mock.store.search_rules import (
    EXPERIMENTS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Condition,
    Order,
    Value,
)

__all__ = [
    "in_order",
    "matches",
    "page",
    "search_experiments",
    "search_model_versions",
    "search_registered_models",
    "search_runs",
]

_T = TypeVar("_T")
Read = Callable[[Any, str, str], Any]
"""(thing, entity, key) -> its value, or `None` where it has none."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(actual: object, comparator: str, wanted: Value) -> bool:
    """Compare as SQL does: nothing is equal to, or different from, what is not there."""
    if actual is None:
        return False
    if comparator in ("LIKE", "ILIKE"):
        return _pattern(str(wanted), comparator == "ILIKE").fullmatch(str(actual)) is not None
    if comparator in ("IN", "NOT IN"):
        return (actual in wanted) == (comparator == "IN")  # type: ignore[operator] # a list, by the rules
    if isinstance(actual, (int, float)):
        actual = 0.0 if isnan(actual) else actual  # a SQL store keeps NaN as 0 with a mark
        try:
            wanted = float(wanted)  # type: ignore[arg-type] # a number, or a text that may be one
        except ValueError:
            return comparator == "!="
    return _COMPARE[comparator](actual, wanted)


@lru_cache(maxsize=256)
def _pattern(like: str, ignore_case: bool) -> re.Pattern[str]:
    text = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in like)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _filtered(things: Iterable[_T], conditions: Sequence[Condition], read: Read) -> list[_T]:
    if not conditions:
        return list(things)
    return [
        thing
        for thing in things
        if all(matches(read(thing, one.entity, one.key), one.operator, one.value) for one in conditions)
    ]


def in_order(things: list[_T], orders: Sequence[Order], read: Read) -> list[_T]:
    """Sort in place and return: what lacks a value comes last, NaN before it, whatever the direction."""
    for one in reversed(orders):
        entity, key, reverse = one.entity, one.key, not one.ascending
        present = [thing for thing in things if _rank(read(thing, entity, key)) == 0]
        present.sort(key=lambda thing: read(thing, entity, key), reverse=reverse)
        absent = sorted((t for t in things if _rank(read(t, entity, key))), key=lambda t: _rank(read(t, entity, key)))
        things[:] = present + absent
    return things


def _rank(value: object) -> int:
    if value is None:
        return 2
    return 1 if isinstance(value, float) and isnan(value) else 0


def page(things: list[_T], token: str | None, max_results: int) -> tuple[list[_T], str | None]:
    """The page that a token starts, and the token of the next. A page of 0 or -1 gives what SQL's LIMIT gives."""
    start, limit = offset_of(token), max_results + 1
    rows = things[start : start + limit] if limit >= 0 else things[start:]
    following = token_for(start + max_results) if len(rows) == limit else None
    return rows[:max_results], following


# -- experiments -----------------------------------------------------------------------------------------------------


def _read_experiment(experiment: Experiment, entity: str, key: str) -> object:
    if entity == "tag":
        return experiment.tags.get(key)
    return int(experiment.experiment_id) if key == "experiment_id" else getattr(experiment, key)


def search_experiments(
    experiments: Experiments,
    *,
    stages: Iterable[str],
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
) -> tuple[list[Experiment], str | None]:
    """Experiments in the given lifecycle stages, newest first unless ordered; (results, next token)."""
    conditions = EXPERIMENTS.conditions(filter_text)
    orders = EXPERIMENTS.orders(list(order_by) or ["creation_time DESC", "experiment_id ASC"])
    if not any(one.key == "experiment_id" for one in orders):
        orders.append(Order("attribute", "experiment_id", ascending=False))
    found = _filtered(experiments.in_stages(stages), conditions, _read_experiment)
    return page(in_order(found, orders, _read_experiment), page_token, max_results)


# -- runs ------------------------------------------------------------------------------------------------------------


def _read_run(run: Run, entity: str, key: str) -> object:
    if entity == "metric":
        metric = run.metrics.get(key)
        return None if metric is None else metric.value
    if entity == "parameter":
        return run.params.get(key)
    if entity == "tag":
        return run.tags.get(key)
    return getattr(run, "name" if key == "run_name" else key)


def _run_matches(run: Run, condition: Condition) -> bool:
    if condition.entity != "dataset":
        return matches(_read_run(run, condition.entity, condition.key), condition.operator, condition.value)
    for dataset in run.datasets.values():
        if condition.key == "context":
            actual = dict(dataset.tags).get("mlflow.data.context")
        else:
            actual = getattr(dataset, condition.key)
        if matches(actual, condition.operator, condition.value):
            return True
    return False


def search_runs(
    runs: Runs,
    *,
    experiment_ids: Sequence[str],
    stages: frozenset[str],
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
) -> tuple[list[Run], str | None]:
    """Runs of the experiments in the given lifecycle stages, latest start first unless ordered; (results, token).

    Unlike other searches this one does not look behind a full page: its token may lead to an empty one.
    """
    conditions = RUNS.conditions(filter_text)
    orders = RUNS.orders(list(order_by))
    if not any(one.entity == "attribute" and one.key == "start_time" for one in orders):
        orders.append(Order("attribute", "start_time", ascending=False))
    orders.append(Order("attribute", "run_id", ascending=True))
    found = [
        run
        for run in runs.of_experiments(experiment_ids)
        if run.lifecycle_stage in stages and all(_run_matches(run, one) for one in conditions)
    ]
    found = in_order(found, orders, _read_run)
    start = offset_of(page_token)
    rows = found[start:] if max_results < 0 else found[start : start + max_results]
    return rows, token_for(start + max_results) if len(rows) == max_results else None


# -- the registry ----------------------------------------------------------------------------------------------------


def _without_prompts(conditions: list[Condition]) -> tuple[bool, list[Condition]]:
    """Whether models are asked for (not prompts), and the conditions without the one that says so."""
    for one in conditions:
        if one.entity == "tag" and one.key == PROMPT_TAG:
            asked = (one.operator, str(one.value).lower())
            if asked in (("=", "true"), ("!=", "false")):
                return False, conditions
            break
    return True, [one for one in conditions if not (one.entity == "tag" and one.key == PROMPT_TAG)]


def _read_registered_model(model: RegisteredModel, entity: str, key: str) -> object:
    return model.tags.get(key) if entity == "tag" else getattr(model, key)


def search_registered_models(
    registry: Registry,
    *,
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    prompts_exist: bool,
) -> tuple[list[RegisteredModel], str | None]:
    """Registered models by name unless ordered; where prompts exist they are hidden unless asked for."""
    conditions = REGISTERED_MODELS.conditions(filter_text)
    orders = REGISTERED_MODELS.orders(list(order_by))
    if not any(one.key == "name" for one in orders):
        orders.append(Order("attribute", "name", ascending=True))
    candidates: Iterable[RegisteredModel] = registry.all()
    if prompts_exist:
        models_only, conditions = _without_prompts(conditions)
        if models_only:
            candidates = [model for model in candidates if not is_prompt(model.tags)]
    found = _filtered(candidates, conditions, _read_registered_model)
    return page(in_order(found, orders, _read_registered_model), page_token, max_results)


_VERSION_FIELDS = {"version_number": "version", "source_path": "source"}


def _read_model_version(version: ModelVersion, entity: str, key: str) -> object:
    return version.tags.get(key) if entity == "tag" else getattr(version, _VERSION_FIELDS.get(key, key))


def search_model_versions(
    registry: Registry,
    *,
    filter_text: str,
    order_by: Sequence[str],
    max_results: int,
    page_token: str | None,
    prompts_exist: bool,
) -> tuple[list[ModelVersion], str | None]:
    """Model versions, last changed first unless ordered; a filter on the name looks at that model alone."""
    conditions = MODEL_VERSIONS.conditions(filter_text)
    orders = MODEL_VERSIONS.orders(list(order_by) or ["last_updated_timestamp DESC", "name ASC", "version_number DESC"])
    for key, ascending in (("name", True), ("version_number", False)):
        if not any(one.key == key for one in orders):
            orders.append(Order("attribute", key, ascending))
    models_only = False
    if prompts_exist:
        models_only, conditions = _without_prompts(conditions)
    candidates = [
        version
        for model in _models_named(registry, conditions)
        if not (models_only and _holds_prompt(model))
        for version in model.versions.values()
    ]
    found = _filtered(candidates, conditions, _read_model_version)
    return page(in_order(found, orders, _read_model_version), page_token, max_results)


def _models_named(registry: Registry, conditions: Iterable[Condition]) -> Iterable[RegisteredModel]:
    for one in conditions:
        if one.entity == "attribute" and one.key == "name" and one.operator == "=":
            return [model for model in [registry.find(str(one.value))] if model is not None]
    return registry.all()


def _holds_prompt(model: RegisteredModel) -> bool:
    """The SQL store hides all versions of a name of which one is tagged as a prompt."""
    return any(is_prompt(version.tags) for version in model.versions.values())
