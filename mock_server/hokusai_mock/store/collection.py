"""A collection that is searched: small ones by looking at everything, large ones through indices.

An index is made when a question of its shape is first asked (which fields are compared for equality, which order) and
kept up to date from then on: whoever changes a thing says so with `changed`, and what changed is sorted in before the
next search. A world that never searches pays nothing; one that does keeps the indices of its latest questions.

Which questions an index serves: equality and IN of texts, a range (`<`, `=`, `LIKE 'abc%'`) of what is ordered by, and
a narrow range of anything else. All other conditions are tried on one thing after the other, in order, until the page
is full.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice, product
from math import isnan
from typing import Generic, TypeVar

from hokusai_mock.store.evaluation import Read, in_order, matches
from hokusai_mock.store.index import Bounds, Field, Index
from hokusai_mock.store.search_rules import Condition, Order

__all__ = ["Searchable"]

_T = TypeVar("_T")

SMALL = 128
"""Up to so many things are looked at one by one: an index would cost more than it saves."""
KEPT = 12
"""Indices that are kept; the one that was not used for longest goes first."""
MERGED = 64
"""Combinations of values (of IN, of several experiments) that are merged; more are compared one by one."""
_SORT_COST = 3
"""Sorting in a candidate costs about as much as trying so many things in order."""
_DATASET = "dataset"
"""A run has many datasets: no index has one value for them."""
_NUMERIC = ("<", "<=", "=", ">=", ">")


class Searchable(Generic[_T]):
    """Things that can be found by conditions, in an order, page by page."""

    def __init__(
        self, read: Read, numbers: Iterable[str] = (), holds: Callable[[_T, Condition], bool] | None = None
    ) -> None:
        """`numbers` are the numeric attributes; `holds` replaces the plain comparison of one field."""
        self._read, self._numbers = read, frozenset(numbers)
        self._holds = holds or self._compare
        self._things: dict[int, _T] = {}
        self._indices: OrderedDict[tuple[object, ...], Index[_T]] = OrderedDict()
        self._stale: dict[int, tuple[_T, bool]] = {}

    def __len__(self) -> int:
        return len(self._things)

    def add(self, thing: _T) -> None:
        """Have one thing more."""
        self._things[id(thing)] = thing
        self.changed(thing)

    def remove(self, thing: _T) -> None:
        """Have one thing less; it is never added again."""
        del self._things[id(thing)]
        if self._indices:
            self._note(thing, present=False)

    def changed(self, thing: _T) -> None:
        """Note that any field of a thing may be another now."""
        if self._indices:
            self._note(thing, present=True)

    def _note(self, thing: _T, *, present: bool) -> None:
        self._stale[id(thing)] = (thing, present)  # which keeps the thing, so that its id is not given again
        if len(self._stale) > SMALL + len(self._things) // 4:  # to build again is then cheaper
            self._indices.clear()
            self._stale.clear()

    # -- questions ---------------------------------------------------------------------------------------------------

    def scan(self, conditions: Sequence[Condition], orders: Sequence[Order]) -> list[_T]:
        """Everything that meets the conditions, in order, by looking at everything."""
        found = [thing for thing in self._things.values() if self._meets(thing, conditions)]
        return in_order(found, orders, self._read)

    def find(
        self, conditions: Sequence[Condition], orders: Sequence[Order], start: int = 0, stop: int | None = None
    ) -> list[_T]:
        """The slice from `start` to `stop` of what `scan` gives; orders must leave nothing undecided."""
        start = max(start, 0)  # what SQL makes of a negative offset
        if len(self._things) <= SMALL:
            return self.scan(conditions, orders)[start:stop]
        equal, rest = self._split(conditions)
        bounds, rest = self._bounded(orders[0], rest)
        index = self._index(tuple(equal), orders)
        streams = [index.ranges(values, bounds) for values in product(*equal.values())]
        for one in rest:
            candidates = self._candidates(one, equal, sum(map(_size, streams)), stop)
            if candidates is not None:
                return in_order([t for t in candidates if self._meets(t, conditions)], orders, self._read)[start:stop]
        return self._walk(index, streams, rest, start, stop)

    def _walk(
        self, index: Index[_T], streams: list[list[range]], rest: Sequence[Condition], start: int, stop: int | None
    ) -> list[_T]:
        """Take things in order until the page is full."""
        if len(streams) == 1 and not rest:
            return [thing for part in _cut(streams[0], start, stop) for thing in index.things(part)]
        things: Iterator[_T]
        if len(streams) == 1:
            things = index.things(chain.from_iterable(streams[0]))
        else:
            entries = merge(*(index.sorted(chain.from_iterable(one)) for one in streams))
            things = (entry[-1] for entry in entries)
        if rest:
            things = (thing for thing in things if self._meets(thing, rest))
        return list(islice(things, start, stop))

    def _candidates(
        self, condition: Condition, equal: dict[Field, list[str]], among: int, stop: int | None
    ) -> Iterator[_T] | None:
        """What a condition leaves over, if that is less work than to try everything in order until the page is full."""
        if condition.entity == _DATASET:
            return None
        order = Order(condition.entity, condition.key, ascending=True)
        bounds, _ = self._bounded(order, [condition])
        if bounds is None:
            return None
        index = self._index(tuple(equal), [order])
        positions = [part for values in product(*equal.values()) for part in index.ranges(values, bounds)]
        count = _size(positions)
        tried = among if stop is None else min(among, stop * among // (count + 1))
        return index.things(chain.from_iterable(positions)) if count * _SORT_COST < tried else None

    # -- understanding conditions ------------------------------------------------------------------------------------

    def _split(self, conditions: Sequence[Condition]) -> tuple[dict[Field, list[str]], list[Condition]]:
        """The texts that fields must equal (any of them), and all other conditions."""
        equal: dict[Field, list[str]] = {}
        rest: list[Condition] = []
        combinations = 1
        for one in conditions:
            values = self._equal_texts(one)
            at = (one.entity, one.key)
            if values is None or at in equal or combinations * len(values) > MERGED:
                rest.append(one)
            else:
                equal[at] = values
                combinations *= len(values)
        return equal, rest

    def _equal_texts(self, condition: Condition) -> list[str] | None:
        if condition.entity == _DATASET or self._is_number(condition.entity, condition.key):
            return None
        if condition.operator == "=" and isinstance(condition.value, str):
            return [condition.value]
        if condition.operator == "IN" and isinstance(condition.value, Collection):
            return list(dict.fromkeys(condition.value))
        return None

    def _bounded(self, order: Order, conditions: Sequence[Condition]) -> tuple[Bounds | None, list[Condition]]:
        """The range that the conditions leave of what is ordered by, and the conditions that it does not settle."""
        own = [one for one in conditions if (one.entity, one.key) == (order.entity, order.key)]
        if self._is_number(order.entity, order.key):
            settled = [one for one in own if one.operator in _NUMERIC and _is_float(one.value)]
            bounds = _number_range(settled) if settled else None
        else:
            patterns = [one for one in own if one.operator == "LIKE"]
            bounds, settled = _text_range(patterns[0]) if patterns else (None, [])
        return bounds, [one for one in conditions if one not in settled]

    def _is_number(self, entity: str, key: str) -> bool:
        return entity == "metric" or (entity == "attribute" and key in self._numbers)

    def _meets(self, thing: _T, conditions: Sequence[Condition]) -> bool:
        return all(self._holds(thing, one) for one in conditions)

    def _compare(self, thing: _T, condition: Condition) -> bool:
        return matches(self._read(thing, condition.entity, condition.key), condition.operator, condition.value)

    # -- indices -----------------------------------------------------------------------------------------------------

    def _index(self, equal: tuple[Field, ...], orders: Sequence[Order]) -> Index[_T]:
        """The index of that shape, made if there is none, with all changes sorted in."""
        if self._stale:
            for index in self._indices.values():
                for thing, present in self._stale.values():
                    index.refresh(thing, present=present)
            self._stale.clear()
        shape = (equal, tuple(orders))
        known = self._indices.get(shape)
        if known is None:
            known = self._indices[shape] = Index(equal, orders, self._read, self._things.values())
            if len(self._indices) > KEPT:
                self._indices.popitem(last=False)
        self._indices.move_to_end(shape)
        return known


def _size(parts: Iterable[range]) -> int:
    return sum(map(len, parts))


def _cut(parts: Iterable[range], start: int, stop: int | None) -> Iterator[range]:
    """The slice from `start` to `stop` of the parts, one behind the other."""
    for part in parts:
        yield part[start:stop]
        start = max(start - len(part), 0)
        stop = None if stop is None else max(stop - len(part), 0)


def _is_float(value: object) -> bool:
    try:
        return not isnan(float(value))  # type: ignore[arg-type] # a list is no number either
    except (TypeError, ValueError):
        return False


def _number_range(conditions: Sequence[Condition]) -> Bounds:
    """Where all conditions hold; what is open wins over what is closed."""
    lows = [(float(c.value), c.operator == ">") for c in conditions if c.operator in (">", ">=", "=")]  # type: ignore[arg-type]
    highs = [(-float(c.value), c.operator == "<") for c in conditions if c.operator in ("<", "<=", "=")]  # type: ignore[arg-type]
    low, low_open = max(lows, default=(None, False))
    high, high_open = max(highs, default=(None, False))
    nan = all(matches(float("nan"), one.operator, one.value) for one in conditions)
    return Bounds(low, low_open, None if high is None else -high, high_open, nan)


def _text_range(condition: Condition) -> tuple[Bounds | None, list[Condition]]:
    """The range of a LIKE pattern that begins with letters, and the condition if the range is all that it says."""
    pattern = str(condition.value)
    prefix = pattern[: min((pattern.find(one) for one in "%_" if one in pattern), default=len(pattern))]
    if not prefix or ord(prefix[-1]) == 0x10FFFF:
        return None, []
    bounds = Bounds(prefix, False, prefix[:-1] + chr(ord(prefix[-1]) + 1), True)
    return bounds, [condition] if pattern == f"{prefix}%" else []
