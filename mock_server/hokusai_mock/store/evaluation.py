"""What a condition means for one thing, and in which order things stand: the comparisons of a SQL store.

The reference for every search: an index (`index.py`) may only be faster than this.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import isnan
from typing import Any, TypeVar

from hokusai_mock.store.entities import Experiment, ModelVersion, RegisteredModel, Run
from hokusai_mock.store.search_rules import IS_A_NUMBER, IS_ANOTHER_NUMBER, Condition, Order, Value

__all__ = [
    "ABSENT",
    "NAN",
    "PRESENT",
    "PROMPT_TAG",
    "Read",
    "in_order",
    "is_prompt",
    "matches",
    "rank",
    "read_experiment",
    "read_model_version",
    "read_registered_model",
    "read_run",
    "run_holds",
]

_T = TypeVar("_T")
Read = Callable[[Any, str, str], Any]
"""(thing, entity, key) -> its value, or `None` where it has none."""

PROMPT_TAG = "mlflow.prompt.is_prompt"
PRESENT, NAN, ABSENT = range(3)
"""What has a value comes first in every order, then NaN, then what has none."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(actual: object, comparator: str, wanted: Value) -> bool:  # noqa: PLR0911 - one line a kind of comparison
    """Compare as SQL does: nothing is equal to, or different from, what is not there."""
    if comparator == "IS NULL":
        return actual is None
    if actual is None:
        return False
    if comparator == "IS NOT NULL":
        return True
    if comparator in (IS_A_NUMBER, IS_ANOTHER_NUMBER):
        nan = isinstance(actual, float) and isnan(actual)
        return not nan if comparator == IS_A_NUMBER else nan or actual != wanted
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


def rank(value: object) -> int:
    """`PRESENT`, `NAN` or `ABSENT`."""
    if value is None:
        return ABSENT
    return NAN if isinstance(value, float) and isnan(value) else PRESENT


def in_order(things: list[_T], orders: Sequence[Order], read: Read) -> list[_T]:
    """Sort in place and return: what lacks a value comes last, NaN before it, whatever the direction."""
    for one in reversed(orders):
        entity, key, reverse = one.entity, one.key, not one.ascending
        present = [thing for thing in things if rank(read(thing, entity, key)) == PRESENT]
        present.sort(key=lambda thing: read(thing, entity, key), reverse=reverse)
        absent = [thing for thing in things if rank(read(thing, entity, key)) != PRESENT]
        absent.sort(key=lambda thing: rank(read(thing, entity, key)))
        things[:] = present + absent
    return things


# -- reading ---------------------------------------------------------------------------------------------------------


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether something with these tags is a prompt and no model."""
    return tags.get(PROMPT_TAG, "").lower() == "true"


def read_experiment(experiment: Experiment, entity: str, key: str) -> object:
    """A field of an experiment; ids are ordered as numbers, and compared as texts under the name `id`."""
    if entity == "tag":
        return experiment.tags.get(key)
    if key == "id":
        return experiment.experiment_id
    return int(experiment.experiment_id) if key == "experiment_id" else getattr(experiment, key)


def read_run(run: Run, entity: str, key: str) -> object:
    """A field of a run: of a metric the latest value."""
    if entity == "metric":
        metric = run.metrics.get(key)
        return None if metric is None else metric.value
    if entity == "parameter":
        return run.params.get(key)
    if entity == "tag":
        return run.tags.get(key)
    return getattr(run, "name" if key == "run_name" else key)


def run_holds(run: Run, condition: Condition) -> bool:
    """Whether a run meets a condition; one on datasets is met by any of them."""
    if condition.entity != "dataset":
        return matches(read_run(run, condition.entity, condition.key), condition.operator, condition.value)
    for dataset in run.datasets.values():
        if condition.key == "context":
            actual = dict(dataset.tags).get("mlflow.data.context")
        else:
            actual = getattr(dataset, condition.key)
        if matches(actual, condition.operator, condition.value):
            return True
    return False


def read_registered_model(model: RegisteredModel, entity: str, key: str) -> object:
    """A field of a registered model; `kind` is `prompt` or `model`."""
    if entity == "tag":
        return model.tags.get(key)
    if key == "kind":
        return "prompt" if is_prompt(model.tags) else "model"
    return getattr(model, key)


_VERSION_FIELDS = {"version_number": "version", "source_path": "source"}


def read_model_version(version: ModelVersion, entity: str, key: str) -> object:
    """A field of a model version."""
    return version.tags.get(key) if entity == "tag" else getattr(version, _VERSION_FIELDS.get(key, key))
