"""Contract results for people and programs: one module a format behind one interface (`interface.Report`)."""

from hokusai_testkit.reports.interface import Report
from hokusai_testkit.reports.json_report import JsonReport
from hokusai_testkit.reports.output import write
from hokusai_testkit.reports.progress import ProgressLine
from hokusai_testkit.reports.terminal import TerminalReport

__all__ = ["JsonReport", "ProgressLine", "Report", "TerminalReport", "write"]
