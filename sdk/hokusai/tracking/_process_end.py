"""The end of a process, and its forks: what outboxes still hold is sent, kept or named, and nothing twice.

`atexit` runs no handlers in a child of `multiprocessing`, which has finalizers of its own.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import warnings
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import util
from typing import Protocol

from hokusai.exceptions import HokusaiException, HokusaiFallbackWarning

__all__ = ["Leftover", "finish", "tell", "watch"]


@dataclass(slots=True)
class Leftover:
    """What became of records that were not sent: so many are kept in `store`, so many are lost, and why."""

    failure: HokusaiException | None
    kept: int = 0
    store: str | None = None
    lost: int = 0
    overflowed: int = 0
    """How many were lost before: more waited than memory may hold."""
    obstacle: Exception | None = None
    """Why they could not be kept."""


class _Watched(Protocol):
    def finish(self) -> Leftover: ...

    def forget(self) -> None: ...


_watched: weakref.WeakSet[_Watched] = weakref.WeakSet()
"""Every outbox that is in use; one with records waiting is kept alive by its thread."""


def watch(outbox: _Watched) -> None:
    """Finish `outbox` when the process ends, and let it forget what its parent holds when the process forks."""
    _watched.add(outbox)


def finish(outboxes: Iterable[_Watched]) -> None:
    """Finish these outboxes and tell, in one warning, what could not be sent."""
    tell([outbox.finish() for outbox in outboxes])


def tell(leftovers: Iterable[Leftover]) -> None:
    """Say once what became of everything that was not sent; nothing when all was."""
    left = [leftover for leftover in leftovers if leftover.kept or leftover.lost or leftover.overflowed]
    if not left:
        return
    kept, lost = sum(leftover.kept for leftover in left), sum(leftover.lost for leftover in left)
    overflowed = sum(leftover.overflowed for leftover in left)
    failures = [leftover.failure for leftover in left if leftover.failure]
    cause = f": {failures[0]}" if failures else " in an outage that is over."
    parts = [f"{kept + lost + overflowed} tracked inferences could not be sent{cause}"]
    if kept:
        stores = sorted({leftover.store for leftover in left if leftover.store})
        parts.append(f"{kept} of them are kept in {', '.join(stores)}: run `hokusai sync` to upload them.")
    if lost:
        parts.append(f"{lost} of them are lost{_why(left)}.")
    if overflowed:
        parts.append(f"{overflowed} of them are lost: more waited than memory may hold.")
    category = RuntimeWarning if lost or overflowed else HokusaiFallbackWarning
    try:
        warnings.warn(" ".join(parts), category, stacklevel=3)
    except Warning as raised:  # where warnings are errors there is nobody left to catch one
        warnings.showwarning(raised, category, __file__, 0)


def _why(left: list[Leftover]) -> str:
    obstacles = [leftover.obstacle for leftover in left if leftover.obstacle]
    if obstacles:
        return f", the local store did not take them: {obstacles[0]}"
    return ", because this configuration does not allow to keep them locally"


def _at_end() -> None:
    finish(list(_watched))


def _after_fork() -> None:
    for outbox in list(_watched):
        outbox.forget()


def _at_end_of_child(_: object = None) -> None:
    util.Finalize(None, _at_end, exitpriority=10)


atexit.register(_at_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
util.register_after_fork(_watched, _at_end_of_child)  # a forked child begins with no finalizers
if multiprocessing.parent_process() is not None:
    _at_end_of_child()
