"""The search for logged models, whose filter rules, orderings and page tokens are a family of their own (MLflow 3)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hokusai_mock.store.entities import LoggedModel, Metric
from hokusai_mock.store.errors import StoreError, invalid
from hokusai_mock.store.evaluation import in_order, matches
from hokusai_mock.store.filter_language import Comparison, Kind, UnreadableClauses, parse_filter
from hokusai_mock.store.logged_models import LoggedModels
from hokusai_mock.store.search_rules import NUMERIC, TEXTUAL_OR_LIST, Condition, Order, Value

__all__ = ["search_logged_models"]

DEFAULT_PAGE = 100
_ENTITIES = ["attributes", "metrics", "params", "tags"]
_ALIASES = {
    "creation_time": "creation_timestamp",
    "creation_timestamp": "creation_timestamp",
    "creation_timestamp_ms": "creation_timestamp",
    "last_updated_timestamp": "last_updated_timestamp",
    "last_updated_timestamp_ms": "last_updated_timestamp",
}
_NUMBERS = frozenset({"creation_timestamp", "last_updated_timestamp"})
_TEXTS = frozenset({"name", "model_id", "model_type", "source_run_id", "experiment_id", "artifact_location", "status"})
_STATUS_NUMBERS = {
    "LOGGED_MODEL_STATUS_UNSPECIFIED": 0,
    "LOGGED_MODEL_PENDING": 1,
    "LOGGED_MODEL_READY": 2,
    "LOGGED_MODEL_UPLOAD_FAILED": 3,
}


def search_logged_models(
    models: LoggedModels,
    *,
    experiment_ids: Sequence[str],
    looked_at: Iterable[str],
    filter_text: str,
    datasets: Sequence[Mapping[str, str]],
    order_by: Sequence[Mapping[str, Any]],
    max_results: int,
    page_token: str | None,
) -> tuple[list[LoggedModel], str | None]:
    """Logged models that are not deleted, newest first unless ordered; (results, next token).

    `experiment_ids` is what was asked, `looked_at` the ids that it means, read after all else was understood.
    `datasets` (`dataset_name`, `dataset_digest`) restricts metric conditions to metrics on one of them; without a
    metric condition it keeps the models that have any metric there. A page token belongs to its own question.
    """
    question: dict[str, Any] = {"experiment_ids": list(experiment_ids), "filter_string": filter_text or None}
    question["order_by"] = [_as_asked(one) for one in order_by] or None
    offset = _offset(page_token, question)
    conditions = _conditions(filter_text)
    if any(not one.get("dataset_name") for one in datasets):
        raise invalid("`dataset_name` in the `datasets` clause must be specified.")
    found = [
        model for model in models.of_experiments(looked_at) if all(_matches(model, one, datasets) for one in conditions)
    ]
    if datasets and not any(one.entity == "metrics" for one in conditions):
        found = [model for model in found if any(_on(metric, datasets) for metric in model.metrics)]
    found = in_order(found, _orders(order_by), _read)
    size = max_results or DEFAULT_PAGE
    token = None
    if len(found) > offset + size:
        token = base64.b64encode(json.dumps({**question, "offset": offset + size}).encode()).decode()
    return found[offset : offset + size], token


def _as_asked(order: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "field_name": order["field_name"],
        "ascending": order["ascending"],
        "dataset_name": order.get("dataset_name") or None,
        "dataset_digest": order.get("dataset_digest") or None,
    }


def _offset(token: str | None, question: Mapping[str, Any]) -> int:
    if not token:
        return 0
    try:
        known = json.loads(base64.b64decode(token.encode()).decode())
    except (ValueError, binascii.Error) as error:
        raise invalid(f"Invalid page token: {token}. {error}") from None
    for key, title in (
        ("experiment_ids", "Experiment IDs in the page token do not match the requested experiment IDs"),
        ("filter_string", "Filter string in the page token does not match the requested filter string"),
        ("order_by", "Order by in the page token does not match the requested order by"),
    ):
        if known.get(key) != question[key]:
            raise invalid(f"{title}. Expected: {question[key]}. Found: {known.get(key)}")
    return int(known.get("offset") or 0)


def _conditions(text: str) -> list[Condition]:
    if text and not text.strip():
        raise invalid(f"Invalid filter string: {text!r}. Expected a single SQL expression.")
    try:
        comparisons = parse_filter(text) if text else ()
    except UnreadableClauses as error:
        # Read in turn: a comparison that is refused comes before a clause that cannot be read.
        for comparison in error.before:
            _condition(comparison)
        raise invalid(
            f"Invalid filter string: {text!r}. Expected a list of comparisons separated by 'AND' "
            "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01')."
        ) from None
    conditions = [_condition(one) for one in comparisons]
    for one in conditions:
        if one.entity == "attributes" and one.key not in _NUMBERS and one.key not in _TEXTS:
            # The real server trips over the column that it does not have, once it has understood all of the filter.
            raise StoreError("INTERNAL_ERROR", f"type object 'SqlLoggedModel' has no attribute '{one.key}'")
    return conditions


def _condition(comparison: Comparison) -> Condition:
    entity, key = "attributes", comparison.identifier.strip("`")
    if match := re.match(r"^([a-z]+)\.(.+)$", comparison.identifier):
        entity, key = match[1], match[2].strip("`")
        if entity not in _ENTITIES:
            raise invalid(f"Invalid entity type: {entity!r}. Expected one of {_ENTITIES}.")
    if entity == "attributes":
        key = _ALIASES.get(key, key)
    numeric = entity == "metrics" or (entity == "attributes" and key in _NUMBERS)
    if comparison.operator not in (NUMERIC if numeric else TEXTUAL_OR_LIST):
        raise invalid(
            f"Invalid comparison operator for {entity}.{key}: {comparison.operator!r}. "
            f"Expected one of {('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN')}."
        )
    return Condition(entity, key, comparison.operator, _value(comparison, numeric=numeric))


def _value(comparison: Comparison, *, numeric: bool) -> Value:
    token = comparison.value
    if token.kind is Kind.LIST:
        return token.items
    if not numeric:
        return token.text.strip("'")
    try:
        return float(token.text)
    except ValueError as error:
        raise StoreError("INTERNAL_ERROR", str(error)) from None


def _on(metric: Metric, datasets: Sequence[Mapping[str, str]]) -> bool:
    return not datasets or any(
        metric.dataset_name == one["dataset_name"]
        and (not one.get("dataset_digest") or metric.dataset_digest == one["dataset_digest"])
        for one in datasets
    )


def _matches(model: LoggedModel, condition: Condition, datasets: Sequence[Mapping[str, str]]) -> bool:
    if condition.entity == "metrics":
        values = [metric.value for metric in model.metrics if metric.key == condition.key and _on(metric, datasets)]
        return any(matches(value, condition.operator, condition.value) for value in values)
    return matches(_read(model, condition.entity, condition.key), condition.operator, condition.value)


def _read(model: LoggedModel, entity: str, key: str) -> Any:
    if entity == "params":
        return model.params.get(key)
    if entity == "tags":
        return model.tags.get(key)
    if entity == "metrics":
        name, dataset, digest = json.loads(key)
        wanted = [{"dataset_name": dataset, "dataset_digest": digest}] if dataset else []
        known = [metric for metric in model.metrics if metric.key == name and _on(metric, wanted)]
        return max(known, key=lambda one: (one.timestamp, one.step)).value if known else None
    if key == "status":
        return str(_STATUS_NUMBERS.get(model.status, 0))
    return getattr(model, "artifact_uri" if key == "artifact_location" else key)


def _orders(order_by: Sequence[Mapping[str, Any]]) -> list[Order]:
    orders = []
    for one in order_by:
        name = str(one["field_name"])
        entity, dot, key = name.partition(".")
        if dot and entity != "metrics":
            raise invalid(f"Invalid order by field name: {name}. Only metrics are supported.")
        if dot:
            asked = json.dumps([key, one.get("dataset_name"), one.get("dataset_digest")])
            orders.append(Order("metrics", asked, bool(one["ascending"])))
            continue
        key = _ALIASES.get(name, name)
        if key not in _NUMBERS and key not in _TEXTS:
            raise invalid(f"Invalid order by field name: {name}", "logged_model_order")
        orders.append(Order("attributes", key, bool(one["ascending"])))
    if not any(one.key == "creation_timestamp" for one in orders):
        orders.append(Order("attributes", "creation_timestamp", ascending=False))
    return orders
