"""Which values of a metric a curve shows: samples of a long history, each kind as one generation of MLflow draws them.

Pure functions over values that are already in order; what a history is, and in which order, is the caller's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["first_of_buckets", "sampled_steps"]

_T = TypeVar("_T")


def sampled_steps(
    histories: Sequence[Sequence[int]], first: int | None, last: int | None, limit: int, *, whole_range: bool
) -> set[int]:
    """The steps to show of several histories: at most `limit` evenly from all of them, and the ends of each.

    `first` and `last` (both or none) bound the range; without them it starts at 0. `whole_range` is false where the
    server counts from the start of the range but stops as if it had counted from the first step of all (up to 3.4).
    """
    steps = sorted({step for history in histories for step in history})
    if first is None or last is None:
        first, last = 0, steps[-1] if steps else 0
    ends = {step for history in histories if history for step in (min(history), max(history)) if first <= step <= last}
    start, end = bisect_left(steps, first), bisect_right(steps, last)
    count = end - start
    if count <= limit:
        return ends | set(steps[start:end])
    bound = end if whole_range else count
    chosen = (start + int(number * count / limit) for number in range(limit))
    return ends | {steps[index] for index in chosen if index < bound} | {steps[end - 1]}


def first_of_buckets(values: Sequence[_T], limit: int) -> list[_T]:
    """The first value of each of `limit` buckets of equal size (larger ones first), the last value in any case."""
    size, larger = divmod(len(values), limit)
    sample, start = [], 0
    for bucket in range(min(limit, len(values))):
        sample.append(values[start])
        start += size + (bucket < larger)
    if sample and sample[-1] is not values[-1]:
        if len(sample) >= limit:
            sample.pop()
        sample.append(values[-1])
    return sample
