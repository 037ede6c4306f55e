"""What a report is: one format, one module, one function from a result to text. Where the text goes is `output`."""

from __future__ import annotations

from typing import Protocol

from hokusai_testkit.contract.results import RunResult

__all__ = ["Report"]


class Report(Protocol):
    """A format of a contract result."""

    def render(self, result: RunResult) -> str:
        """Return `result` in this format, ending in a newline."""
