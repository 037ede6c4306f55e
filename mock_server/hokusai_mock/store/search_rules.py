"""What may be searched for: the keys, comparators and values that each kind of search accepts, and its refusals.

A `Dialect` turns parsed comparisons (`filter_language.py`) into `Condition`s that `search.py` evaluates. The refusals
are those of MLflow's own search utilities (3.9.0; 2.9.2 where `kind` names a text of the profile).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from hokusai_mock.store.errors import StoreError, invalid
from hokusai_mock.store.filter_language import (
    Comparison,
    Kind,
    Token,
    UnreadableClauses,
    parse_filter,
    parse_order_by,
)

__all__ = [
    "EXPERIMENTS",
    "EXPERIMENTS_WITH_NULLS",
    "IS_ANOTHER_NUMBER",
    "IS_A_NUMBER",
    "MODEL_VERSIONS",
    "MODEL_VERSIONS_WITH_NULLS",
    "REGISTERED_MODELS",
    "REGISTERED_MODELS_WITH_NULLS",
    "RUNS",
    "RUNS_WITH_NULLS",
    "Condition",
    "Dialect",
    "Order",
    "Value",
]

Value = str | float | tuple[str, ...] | frozenset[str]

NUMERIC = (">", ">=", "!=", "=", "<", "<=")
TEXTUAL = ("!=", "=", "LIKE", "ILIKE")
TEXTUAL_OR_LIST = (*TEXTUAL, "IN", "NOT IN")
NULL_TESTS = ("IS NULL", "IS NOT NULL")
IS_A_NUMBER, IS_ANOTHER_NUMBER = "IS A NUMBER", "IS ANOTHER NUMBER"
"""Of metrics, where NaN is different from every number: what `=` and `<` ask beside the value, and what `!=` asks."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison that is understood: `entity` is metric, parameter, tag, dataset or attribute."""

    entity: str
    key: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Order:
    """One ordering that is understood."""

    entity: str
    key: str
    ascending: bool


def unquoted(name: str) -> str:
    """A name without the quotes or backticks around it."""
    if len(name) >= 2 and name[0] == name[-1] and name[0] in "'\"`":
        return name[1:-1]
    return name


def listed(names: frozenset[str] | tuple[str, ...]) -> str:
    """Names as Python prints a set, in alphabetical order (the real server's order is chance)."""
    return "{" + ", ".join(f"'{name}'" for name in sorted(names)) + "}"


class Dialect:
    """The rules of experiments, registered models and model versions; runs differ in `_Runs`."""

    entities: ClassVar[dict[str, str]] = {"attribute": "attribute", "tag": "tag", "tags": "tag"}
    nullable: ClassVar[tuple[str, ...]] = ()
    """What may be tested for null by servers that know nulls."""
    orders_once: ClassVar[bool] = True
    """Whether a field may be ordered by only once."""

    def __init__(
        self,
        texts: tuple[str, ...],
        numbers: tuple[str, ...] = (),
        *,
        order_keys: tuple[str, ...] = (),
        text_operators: tuple[str, ...] = TEXTUAL,
        attribute_value: str = "a quoted string value or a list of quoted string values",
        lists: tuple[str, ...] = (),
    ) -> None:
        """Accept `texts` and `numbers` as attributes; `order_keys` are the attributes to order by.

        `lists` are the attributes that are compared with lists by servers that know nulls (from 3.17 on); without any
        the dialect is that of older servers.
        """
        self.texts, self.numbers = frozenset(texts), frozenset(numbers)
        self.attributes = self.texts | self.numbers
        self.order_keys = frozenset(order_keys)
        self.text_operators = text_operators
        self.attribute_value = attribute_value
        self.lists = lists

    def conditions(self, text: str) -> list[Condition]:
        """Understand a filter; an empty one has no conditions."""
        if not text:
            return []
        if not text.strip():
            raise invalid(f"Invalid filter '{text}'. Could not be parsed.")
        try:
            comparisons = parse_filter(text, nulls=bool(self.lists))
        except UnreadableClauses as error:
            raise self.unreadable(error.texts) from error
        return [one for comparison in comparisons for one in self._conditions(comparison)]

    def orders(self, clauses: Iterable[str]) -> list[Order]:
        """Understand ordering clauses."""
        written = list(clauses)
        orders = [self.order(clause) for clause in written]
        if self.orders_once and len({(one.entity, one.key) for one in orders}) < len(orders):
            raise StoreError("INTERNAL_ERROR", f"`order_by` contains duplicate fields: {written}")
        return orders

    def order(self, clause: str) -> Order:
        """Understand one ordering clause."""
        parsed = parse_order_by(clause)
        entity, key = self.identify(parsed.identifier, self.order_keys)
        if entity != "attribute":
            raise invalid(f"Invalid order_by entity: {entity}")
        return Order(entity, key, parsed.ascending)

    def not_nullable(self, entity: str, key: str) -> StoreError:
        """The refusal of a null test of something that always has a value; in the registry the server trips over it."""
        return StoreError("CRASH", f"{entity} {key} is tested for null")

    def unreadable(self, texts: list[str]) -> StoreError:
        """The refusal of tokens that are no comparison."""
        return invalid(f"Invalid clause(s) in filter string: {', '.join(texts)}")

    def identify(self, identifier: str, attributes: frozenset[str]) -> tuple[str, str]:
        """Entity and key of an identifier."""
        prefix, dot, rest = identifier.partition(".")
        if not dot:
            entity, key = "attribute", unquoted(identifier)
        else:
            entity, key = self._entity(prefix), unquoted(rest)
        if entity == "attribute" and key not in attributes:
            raise invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{listed(attributes)}'")
        return entity, key

    def _entity(self, prefix: str) -> str:
        entity = self.entities.get(prefix)
        if entity is None:
            raise invalid(f"Invalid entity type '{prefix}'. Valid entity types are {tuple(self.entities)}")
        return entity

    def _conditions(self, comparison: Comparison) -> list[Condition]:
        return [self._condition(comparison)]

    def _condition(self, comparison: Comparison) -> Condition:
        entity, key = self.identify(comparison.identifier, self.attributes)
        if comparison.operator in NULL_TESTS:
            if entity not in self.nullable:
                raise self.not_nullable(entity, key)
            return Condition(entity, key, comparison.operator, "")
        value = self._value(entity, key, comparison.value)
        self._check_operator(entity, key, comparison.operator)
        return Condition(entity, key, comparison.operator, value)

    def _value(self, entity: str, key: str, token: Token) -> Value:
        if entity in ("tag", "parameter"):
            if token.kind in (Kind.STRING, Kind.IDENTIFIER):
                return _quoted(token)
            raise invalid(f"Expected a quoted string value for {entity} (e.g. 'my-value'). Got value {token.text}")
        if key in self.numbers:
            return self._number(key, token)
        if token.kind in (Kind.STRING, Kind.IDENTIFIER):
            return _quoted(token)
        if token.kind is Kind.LIST:
            return self._list(key, token)
        raise self.not_a_text(token)

    def _list(self, key: str, token: Token) -> Value:
        if key in (self.lists or ("run_id",)):
            return token.items if self.lists else tuple(item for item in token.items if item.islower())
        if self.lists:
            keys = sorted(self.lists)
            raise invalid(f"Only {keys} attributes support comparison with a list of quoted string values.")
        raise invalid("Only the 'run_id' attribute supports comparison with a list of quoted string values.")

    def _number(self, key: str, token: Token) -> Value:
        if token.kind is Kind.NUMBER:
            return float(token.text)
        raise invalid(f"Expected numeric value type for numeric attribute: {key}. Found {token.text}")

    def not_a_text(self, token: Token) -> StoreError:
        """The refusal of a value that is no text where one is wanted."""
        return invalid(f"Expected {self.attribute_value} for attributes. Got value {token.text}")

    def _check_operator(self, entity: str, key: str, operator: str) -> None:
        if entity == "tag":
            if operator not in TEXTUAL:
                raise invalid(f"Invalid comparator for tag: {operator}")
        elif key in self.numbers:
            if operator not in NUMERIC:
                raise invalid(f"Invalid comparator for attribute {key}: {operator}")
        elif operator not in self.text_operators or (operator == "IN" and key not in (self.lists or ("run_id",))):
            raise invalid(f"Invalid comparator for attribute: {operator}")


class _Experiments(Dialect):
    nullable: ClassVar[tuple[str, ...]] = ("tag",)
    orders_once: ClassVar[bool] = False

    def _check_operator(self, entity: str, key: str, operator: str) -> None:
        if entity == "tag":
            if operator not in TEXTUAL:
                raise invalid(f"Invalid comparator for tag: {operator}")
        elif key == "experiment_id":
            if operator not in ("=", "!=", "IN", "NOT IN"):
                raise invalid(f"Invalid comparator for experiment_id: {operator}")
        elif key in self.numbers:
            if operator not in NUMERIC:
                raise invalid(f"Invalid comparator '{operator}' not one of '{listed(TEXTUAL_OR_LIST)}")
        elif operator not in TEXTUAL_OR_LIST:
            valid = listed(TEXTUAL_OR_LIST)
            raise invalid(
                f"Invalid comparator '{operator}' not one of '{valid}'",
                "comparator_of_experiments",
                comparator=operator,
                valid=valid,
            )
        elif operator not in TEXTUAL:
            raise invalid(f"Invalid comparator for string attribute: {operator}")

    def not_nullable(self, entity: str, key: str) -> StoreError:
        return invalid(f"IS NULL / IS NOT NULL is only supported for tags, not for {entity} '{key}'")

    def _list(self, key: str, token: Token) -> Value:
        items = super()._list(key, token)
        wrong = [item for item in token.items if key == "experiment_id" and not item.isdecimal()]
        if wrong:
            raise invalid(f"Invalid experiment ID '{wrong[0]}'. Experiment ID must be a valid integer.")
        return items

    def _conditions(self, comparison: Comparison) -> list[Condition]:
        one = self._condition(comparison)
        # Ids are ordered as numbers and compared as texts.
        return [Condition(one.entity, "id", one.operator, one.value) if one.key == "experiment_id" else one]


class _ModelVersions(Dialect):
    def _number(self, key: str, token: Token) -> Value:
        if token.kind is Kind.NUMBER:
            return float(token.text)
        if token.kind in (Kind.STRING, Kind.IDENTIFIER):
            return _quoted(token)
        if token.kind is Kind.LIST:
            return self._list(key, token)
        raise self.not_a_text(token)

    def not_a_text(self, token: Token) -> StoreError:
        """The refusal of a number for a textual attribute."""
        if token.kind is Kind.NUMBER:
            names = listed(("version_number", "creation_timestamp", "last_updated_timestamp"))
            return invalid(f"Only the '{names}' attributes support comparison with numeric values.")
        return super().not_a_text(token)


class _RegisteredModels(Dialect):
    def order(self, clause: str) -> Order:
        """Understand one ordering clause; the timestamp has two names."""
        parsed = parse_order_by(clause)
        key = unquoted(parsed.identifier)
        if key not in self.order_keys:
            valid = listed(("name", "timestamp"))
            raise invalid(f"Invalid order by key '{key}' specified. Valid keys are '{valid}'")
        return Order("attribute", "name" if key == "name" else "last_updated_timestamp", parsed.ascending)


class _Runs(Dialect):
    nullable: ClassVar[tuple[str, ...]] = ("tag", "parameter")
    entities: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("metric", "metrics"), "metric"),
        **dict.fromkeys(("parameter", "parameters", "param", "params"), "parameter"),
        **dict.fromkeys(("tag", "tags"), "tag"),
        **dict.fromkeys(("attribute", "attr", "attributes", "run"), "attribute"),
        **dict.fromkeys(("dataset", "datasets"), "dataset"),
    }
    aliases: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("created", "Created"), "start_time"),
        **dict.fromkeys(("run name", "Run name", "Run Name"), "run_name"),
    }

    def identify(self, identifier: str, attributes: frozenset[str]) -> tuple[str, str]:
        entity, key = super().identify(identifier, attributes)
        if entity == "dataset" and key not in ("name", "digest", "context"):
            raise invalid(
                f"Invalid dataset key '{key}' specified. Valid keys are '{listed(('name', 'digest', 'context'))}'"
            )
        return entity, self.aliases.get(key, key) if entity == "attribute" else key

    def order(self, clause: str) -> Order:
        parsed = parse_order_by(clause)
        entity, key = self.identify(parsed.identifier, self.order_keys)
        if entity == "dataset":
            raise StoreError("INVALID_PARAMETER_VALUE", f"Invalid identifier type '{entity}'")
        return Order(entity, key, parsed.ascending)

    def not_nullable(self, entity: str, key: str) -> StoreError:
        return invalid(f"IS NULL / IS NOT NULL is only supported for tags and params, not for '{entity}' '{key}'")

    def _conditions(self, comparison: Comparison) -> list[Condition]:
        one = self._condition(comparison)
        if one.entity != "metric" or not self.lists:
            return [one]
        if one.operator == "!=":
            return [Condition(one.entity, one.key, IS_ANOTHER_NUMBER, one.value)]
        return [one, Condition(one.entity, one.key, IS_A_NUMBER, one.value)]

    def unreadable(self, texts: list[str]) -> StoreError:
        return invalid("Invalid clause(s) in filter string: " + ", ".join(f"'{text}'" for text in texts))

    def _entity(self, prefix: str) -> str:
        entity = self.entities.get(unquoted(prefix))
        if entity is None:
            raise invalid(
                f"Invalid entity type '{unquoted(prefix)}'. Valid values are "
                "['metric', 'parameter', 'tag', 'attribute', 'dataset']"
            )
        return entity

    def _value(self, entity: str, key: str, token: Token) -> Value:
        if entity == "metric":
            if token.kind is not Kind.NUMBER:
                raise invalid(f"Expected numeric value type for metric. Found {token.text}")
            return float(token.text)
        if entity == "dataset":
            if token.kind is Kind.LIST:
                return token.items
            if token.kind in (Kind.STRING, Kind.IDENTIFIER):
                return _quoted(token)
            raise invalid(f"Expected a quoted string value for dataset attributes. Got value {token.text}")
        return super()._value(entity, key, token)

    def _check_operator(self, entity: str, key: str, operator: str) -> None:
        valid: tuple[str, ...] = TEXTUAL
        if entity == "metric" or (entity == "attribute" and key in self.numbers):
            valid = NUMERIC
        elif entity in ("attribute", "dataset"):
            valid = TEXTUAL_OR_LIST
        elif self.lists:
            valid = (*TEXTUAL, *NULL_TESTS)
        if operator not in valid:
            text_attribute = entity == "attribute" and valid is TEXTUAL_OR_LIST
            closing = "'" if entity == "parameter" or text_attribute else ""  # the real server's own quotes
            raise invalid(f"Invalid comparator '{operator}' not one of '{listed(valid)}{closing}")


def _quoted(token: Token) -> str:
    if token.text[0] in "'\"" and token.text[-1] == token.text[0] and len(token.text) >= 2:
        return token.text[1:-1]
    raise invalid(
        "Parameter value is either not quoted or unidentified quote types used for string value "
        f"{token.text}. Use either single or double quotes."
    )


_RUN_TEXTS = ("artifact_uri", "run_id", "run_name", "status", "user_id")
_RUN_NUMBERS = ("start_time", "end_time", "created", "Created")

EXPERIMENTS = _Experiments(
    ("name",),
    ("creation_time", "last_update_time"),
    order_keys=("name", "experiment_id", "creation_time", "last_update_time"),
    attribute_value="a quoted string value",
)
EXPERIMENTS_WITH_NULLS = _Experiments(
    ("name", "experiment_id"),
    ("creation_time", "last_update_time"),
    order_keys=("name", "experiment_id", "creation_time", "last_update_time"),
    attribute_value="a quoted string value",
    lists=("experiment_id",),
)


def _runs(*lists: str) -> _Runs:
    return _Runs(
        (*_RUN_TEXTS, "run name", "Run name", "Run Name"),
        _RUN_NUMBERS,
        order_keys=(*_RUN_TEXTS, *_RUN_NUMBERS),
        attribute_value="a quoted string value",
        lists=lists,
    )


RUNS = _runs()
RUNS_WITH_NULLS = _runs("run_id")


def _registered_models(*lists: str) -> _RegisteredModels:
    operators = TEXTUAL_OR_LIST if lists else TEXTUAL
    keys = ("name", "timestamp", "last_updated_timestamp")
    return _RegisteredModels(("name",), order_keys=keys, text_operators=operators, lists=lists)


REGISTERED_MODELS = _registered_models()
REGISTERED_MODELS_WITH_NULLS = _registered_models("name")


def _model_versions(*lists: str) -> _ModelVersions:
    return _ModelVersions(
        ("name", "run_id", "source_path"),
        ("version_number",),
        order_keys=("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
        text_operators=TEXTUAL_OR_LIST if lists else (*TEXTUAL, "IN"),
        lists=lists,
    )


MODEL_VERSIONS = _model_versions()
MODEL_VERSIONS_WITH_NULLS = _model_versions("name", "run_id")
