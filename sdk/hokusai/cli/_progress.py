"""Progress bars, on a terminal only: a pipe, a log of CI and `--json` get none."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from hokusai._sync.report import Progress

if TYPE_CHECKING:
    from hokusai.cli._output import Output

__all__ = ["progress_for"]


class _Bar(Progress):
    """A bar on stderr."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: Any = None
        self._left = 0

    def begin(self, total: int) -> None:
        self._left = total
        self._bar = click.progressbar(
            length=max(total, 1), label=self._label, file=sys.stderr, item_show_func=lambda item: item
        )
        self._bar.__enter__()

    def at(self, what: str) -> None:
        self._bar.update(0, what[:40])

    def advance(self, size: int) -> None:
        step = min(size, self._left)
        self._left -= step
        self._bar.update(step)

    def end(self) -> None:
        self._bar.update(self._left)
        self._bar.__exit__(None, None, None)


def progress_for(output: Output, label: str) -> Progress:
    """Return a bar where somebody looks, else something that shows nothing."""
    watched = sys.stderr.isatty() and not output.json and not os.environ.get("CI")
    return _Bar(label) if watched else Progress()
