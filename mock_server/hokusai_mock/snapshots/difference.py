"""What differs between two JSON documents, place by place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypedDict

__all__ = ["Difference", "difference"]


class Difference(TypedDict):
    """One place: a JSON pointer (RFC 6901), and what was and is there (null where there is nothing)."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def difference(before: Any, after: Any) -> list[Difference]:
    """Every place at which `after` differs from `before`; a part that only one of them has is named once, as a whole.

    Of lists the common beginning is compared item by item, so that what was appended shows as added.
    """
    return list(_walk("", before, after))


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            place = f"{path}/{_escaped(str(key))}"
            if key not in after:
                yield Difference(path=place, change="removed", before=before[key], after=None)
            elif key not in before:
                yield Difference(path=place, change="added", before=None, after=after[key])
            else:
                yield from _walk(place, before[key], after[key])
    elif isinstance(before, list) and isinstance(after, list):
        common = min(len(before), len(after))
        for number in range(common):
            yield from _walk(f"{path}/{number}", before[number], after[number])
        for number in range(common, len(before)):
            yield Difference(path=f"{path}/{number}", change="removed", before=before[number], after=None)
        for number in range(common, len(after)):
            yield Difference(path=f"{path}/{number}", change="added", before=None, after=after[number])
    elif type(before) is not type(after) or before != after:
        yield Difference(path=path, change="changed", before=before, after=after)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
