"""One line on standard error that says how far a run is: on a terminal only, gone when the run ends."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType

from typing_extensions import Self

__all__ = ["ProgressLine"]


class ProgressLine:
    """Call it with (done, planned, what begins); use it in a `with` statement."""

    def __init__(self) -> None:
        """Decide once whether anybody is watching."""
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Say that the run begins."""
        self._show("starting ...")
        return self

    def __call__(self, done: int, planned: int, what: str) -> None:
        """Show that `what` begins, after `done` of `planned`."""
        self._show(f"[{done}/{planned}] {what}")

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the line away."""
        self._show("")

    def _show(self, text: str) -> None:
        if self._shown:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"\r{text[:width]:<{width}}\r")
            sys.stderr.flush()
