"""What a report is: one format, one module, one function from a result to text. Where the text goes is `output`."""

from __future__ import annotations

from typing import ClassVar, Protocol

from hokusai_testkit.contract.results import RunResult

__all__ = ["FileReport", "Report"]


class Report(Protocol):
    """A format of a contract result."""

    def render(self, result: RunResult) -> str:
        """Return `result` in this format, ending in a newline."""


class FileReport(Report, Protocol):
    """A format that can be written to a file."""

    option: ClassVar[str]
    """The option, without dashes, that takes the file's name."""

    file_name: ClassVar[str]
    """What the file is called in the folder of `--report`."""

    def __init__(self) -> None:
        """Make the report; there is nothing to choose."""
