"""The part of the MLflow adapter about active runs: MLflow's stack of them, and its global tracking URI meanwhile.

Both belong to the process (the stack, from 2.10 on, to a thread). Blocks of several threads overlap in any order, so
leaving one takes away what that block put there, and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hokusai import _mlflow

__all__ = ["active_run", "context_tags", "current_run_id", "tracking_uri_is"]

_lock = threading.RLock()
_blocks: list[_Block] = []
"""The blocks that have set the tracking URI and are not left yet, the last one at the end."""
_ours: dict[int, int] = {}
"""The thread of each active run that a block of ours has put on MLflow's stack, by the identity of the run."""


class _Block:
    """A block that has set the tracking URI, and what it was before."""

    def __init__(self, before: str | None) -> None:
        self.before = before


@contextmanager
def active_run(uri: str, run: Any) -> Iterator[Any]:
    """Make `run` MLflow's active run, and `uri` its tracking URI, inside the block; afterwards both are as before."""
    fluent = _mlflow.require("mlflow.tracking.fluent")
    active = fluent.ActiveRun(run)
    with tracking_uri_is(uri):
        stack = _run_stack(fluent)
        with _lock:
            _ours[id(active)] = threading.get_ident()
            stack.append(active)
        try:
            yield active
        finally:
            with _lock:
                _take_off(stack, active)
                del _ours[id(active)]


@contextmanager
def tracking_uri_is(uri: str) -> Iterator[None]:
    """Set MLflow's global tracking URI inside the block only."""
    utils = _mlflow.require("mlflow.tracking._tracking_service.utils")
    with _lock:
        block = _Block(utils._tracking_uri)
        _blocks.append(block)
        _mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        with _lock:
            position = _blocks.index(block)
            del _blocks[position]
            if position == len(_blocks):
                _mlflow.set_tracking_uri(block.before)
            else:  # another thread has set it since: what it will put back is what was there before both
                _blocks[position].before = block.before


def current_run_id(uri: str) -> str | None:
    """Return the id of this thread's active run, when it is a run at `uri`; else `None`."""
    with _lock:
        stack = _run_stack(_mlflow.require("mlflow.tracking.fluent"))
        mine = [run for run in stack if _ours.get(id(run), threading.get_ident()) == threading.get_ident()]
        if not mine or _mlflow.require("mlflow").get_tracking_uri().rstrip("/") != uri.rstrip("/"):
            return None
        return str(mine[-1].info.run_id)


def context_tags() -> dict[str, str]:
    """Return the tags that MLflow gives every run that is started in this process: user, source, commit."""
    return dict(_mlflow.require("mlflow.tracking.context.registry").resolve_tags())


def _take_off(stack: list[Any], active: Any) -> None:
    """Take `active` off the stack, and what its block left on top of it; in 2.9 other threads have runs there too."""
    position = next((place for place, run in enumerate(stack) if run is active), None)
    if position is None:
        return  # the block ended the run itself
    end = position + 1
    while end < len(stack) and id(stack[end]) not in _ours:
        end += 1
    del stack[position:end]


def _run_stack(fluent: Any) -> list[Any]:
    """Return this thread's stack of active runs: a plain list of the whole process in 2.9, a thread's own later."""
    stack: Any = fluent._active_run_stack
    return stack if isinstance(stack, list) else stack.get()
