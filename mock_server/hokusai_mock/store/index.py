"""A sorted index: things by the values of some fields, and among equal ones in an order. Data only: no planning.

It is what a composite index is in SQL. An entry is `(values of the equal fields ..., rank and value of each ordering
..., id, thing)`; entries are compared as tuples and never reach the thing, because ids differ. A thing that lacks one
of the equal fields is not in the index, because nothing is equal to what is not there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hokusai_mock.store.evaluation import NAN, PRESENT, Read, rank
from hokusai_mock.store.search_rules import Order

__all__ = ["Bounds", "Field", "Index"]

_T = TypeVar("_T")
Field = tuple[str, str]
"""(entity, key)"""
_Key = tuple[Any, ...]


class _Top:
    """Greater than everything."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


_TOP = _Top()


class _Descending:
    """A text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.text == other.text

    def __lt__(self, other: _Descending) -> bool:
        return self.text > other.text

    __hash__ = None  # type: ignore[assignment] # never a key


def _sortable(value: Any, *, ascending: bool) -> Any:
    if ascending:
        return value
    return _Descending(value) if isinstance(value, str) else -value


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of the first ordering's values; `None` is unbounded, `nan` says whether NaN is in it too."""

    low: Any = None
    low_open: bool = False
    high: Any = None
    high_open: bool = False
    nan: bool = False


class Index(Generic[_T]):
    """Things sorted by the values of `equal`, and then by `orders`."""

    __slots__ = ("_entries", "_equal", "_keys", "_orders", "_read")

    def __init__(self, equal: Sequence[Field], orders: Sequence[Order], read: Read, things: Iterable[_T]) -> None:
        """Build the index: n log n."""
        self._equal, self._orders, self._read = tuple(equal), tuple(orders), read
        self._keys: dict[int, _Key] = {}
        self._entries: list[_Key] = []
        for thing in things:
            key = self._key(thing)
            if key is not None:
                self._keys[id(thing)] = key
                self._entries.append((*key, thing))
        self._entries.sort()

    def _key(self, thing: _T) -> _Key | None:
        parts: list[Any] = []
        for entity, name in self._equal:
            value = self._read(thing, entity, name)
            if value is None:
                return None
            parts.append(value)
        for one in self._orders:
            value = self._read(thing, one.entity, one.key)
            place = rank(value)
            parts += (place, _sortable(value, ascending=one.ascending) if place == PRESENT else 0)
        parts.append(id(thing))
        return tuple(parts)

    def refresh(self, thing: _T, *, present: bool) -> None:
        """Move a thing to where it belongs now, or take it out."""
        old, new = self._keys.get(id(thing)), self._key(thing) if present else None
        if old == new:
            return
        if old is not None:
            del self._entries[bisect_left(self._entries, old)]
            del self._keys[id(thing)]
        if new is not None:
            self._entries.insert(bisect_left(self._entries, new), (*new, thing))
            self._keys[id(thing)] = new

    def ranges(self, values: Sequence[Any], bounds: Bounds | None = None) -> list[range]:
        """Positions of the things whose equal fields have `values`, within the bounds; in order, log n."""
        if bounds is None:
            return [range(self._at(*values), self._at(*values, _TOP))]
        found = [range(*self._limits(values, bounds))]
        if bounds.nan:
            found.append(range(self._at(*values, NAN), self._at(*values, NAN, _TOP)))
        return [one for one in found if one]

    def _limits(self, values: Sequence[Any], bounds: Bounds) -> tuple[int, int]:
        ascending = self._orders[0].ascending
        first, last = (bounds.low, bounds.low_open), (bounds.high, bounds.high_open)
        if not ascending:
            first, last = last, first
        start = end = None
        if first[0] is not None:
            edge = (*values, PRESENT, _sortable(first[0], ascending=ascending))
            start = self._at(*edge, _TOP) if first[1] else self._at(*edge)
        if last[0] is not None:
            edge = (*values, PRESENT, _sortable(last[0], ascending=ascending))
            end = self._at(*edge) if last[1] else self._at(*edge, _TOP)
        return (
            self._at(*values, PRESENT) if start is None else start,
            self._at(*values, PRESENT, _TOP) if end is None else end,
        )

    def _at(self, *edge: Any) -> int:
        return bisect_left(self._entries, edge)

    def things(self, positions: Iterable[int]) -> Iterator[_T]:
        """The things at the positions."""
        entries = self._entries
        return (entries[position][-1] for position in positions)

    def sorted(self, positions: Iterable[int]) -> Iterator[_Key]:
        """Entries at the positions without their equal values: what the streams of several values are merged by."""
        entries, skipped = self._entries, len(self._equal)
        return (entries[position][skipped:] for position in positions)
