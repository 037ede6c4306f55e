"""Where a report goes: standard output, or a file that appears whole or not at all. Both pass through redaction."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from hokusai_mock.redaction import Redactor, environment_secrets, write_redacted
from hokusai_testkit.contract.results import RunResult
from hokusai_testkit.reports.interface import FileReport, Report

__all__ = ["write", "write_all"]


def write(report: Report, result: RunResult, place: str, secrets: Sequence[str] = ()) -> None:
    """Render `result` and write it to the file `place`, or to standard output when `place` is `-`.

    What an implementation puts into its messages is not ours: `secrets` and those of this process are taken out first.
    """
    redactor = Redactor([*environment_secrets(os.environ), *secrets])
    text = report.render(result)
    if place == "-":
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(redactor.text(text).encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    else:
        write_redacted(Path(place), text, redactor)


def write_all(
    reports: Iterable[type[FileReport]], result: RunResult, folder: Path, secrets: Sequence[str] = ()
) -> None:
    """Write `result` in every format of `reports` into `folder`, which is made when it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    for report in reports:
        write(report(), result, str(folder / report.file_name), secrets)
