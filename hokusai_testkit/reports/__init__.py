"""Contract results for people and programs: one module a format behind one interface (`interface.Report`)."""

from __future__ import annotations

from hokusai_testkit.reports.html import HtmlReport
from hokusai_testkit.reports.interface import FileReport, Report
from hokusai_testkit.reports.json_report import JsonReport
from hokusai_testkit.reports.junit import JunitReport
from hokusai_testkit.reports.markdown import MarkdownReport
from hokusai_testkit.reports.output import write, write_all
from hokusai_testkit.reports.progress import ProgressLine
from hokusai_testkit.reports.terminal import TerminalReport

__all__ = [
    "REPORTS",
    "FileReport",
    "HtmlReport",
    "JsonReport",
    "JunitReport",
    "MarkdownReport",
    "ProgressLine",
    "Report",
    "TerminalReport",
    "write",
    "write_all",
]

REPORTS: dict[str, type[FileReport]] = {
    "JSON": JsonReport,
    "JUnit XML": JunitReport,
    "Markdown": MarkdownReport,
    "one HTML page": HtmlReport,
}
"""The formats that are written to files, by what they are called; each knows its option and its name in a folder."""
