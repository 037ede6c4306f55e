"""The doctor's command line: flags, exit codes, and where the result goes. The same with click and without."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

from hokusai_mock import scenarios
from hokusai_mock.redaction import Redactor
from hokusai_testkit.diagnosis.configuration import Configuration, resolve
from hokusai_testkit.diagnosis.examination import Examination, Selection, examine
from hokusai_testkit.diagnosis.probes import PROBES, Context
from hokusai_testkit.diagnosis.report import SCHEMA_VERSION, Style, as_json, as_text
from hokusai_testkit.diagnosis.verdict import Verdict, judge

__all__ = ["default_python", "main"]

HEALTHY, SICK, USAGE, INCOMPLETE, BROKEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""Exit codes: verdict true, false, wrong usage, verdict null (or warnings under --strict), broken, interrupted."""

_DESCRIPTION = """\
Diagnose this machine, its configuration and the platform behind MLFLOW_TRACKING_URI (or HOKUSAI_API_ENDPOINT).
Without --online nothing leaves this machine. The key is only ever sent to who has first shown to be Hokusai.
"""


def main(arguments: Sequence[str], program: str = "hokusai-testkit doctor") -> int:
    """Run the doctor on this process's environment and return the exit code."""
    try:
        options = _parser(program).parse_args(arguments)
        return _run(options)
    except SystemExit as stop:  # argparse: --help, wrong usage
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # whatever breaks the doctor is named, never shown with its locals
        sys.stderr.write(
            f"The doctor itself broke ({type(error).__name__}). Please report it with this command line.\n"
        )
        if os.environ.get("HOKUSAI_TESTKIT_DEBUG"):
            raise
        return BROKEN


_EXIT_CODES = """\
exit codes:
    0  healthy, perhaps with warnings
    1  an incident, named or not
    2  wrong usage
    3  incomplete: not everything was looked at; with --strict also a healthy result with warnings
    4  the doctor itself broke
  130  interrupted
"""


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--online", action="store_true", help="ask the platform too: a few harmless requests")
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="run this check and what it waits on")
    parser.add_argument("--skip", action="append", default=[], metavar="ID", help="leave this check out")
    parser.add_argument("--list", action="store_true", help="list the checks and end")
    parser.add_argument("--json", action="store_true", help="put the result on stdout as JSON")
    parser.add_argument("--timeout", type=_seconds, default=10.0, metavar="S", help="seconds for each answer (10)")
    parser.add_argument("--strict", action="store_true", help="exit with 3 when there are warnings")
    parser.add_argument(
        "--python", metavar="PATH", help="the interpreter of your program (the active virtual environment, or PATH's)"
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None
    if not 0 < seconds <= 3600:  # also refuses NaN
        raise argparse.ArgumentTypeError("must be more than 0 and at most 3600 seconds")
    return seconds


def _run(options: argparse.Namespace) -> int:
    for name in (*options.only, *options.skip):
        if name not in PROBES:
            near = get_close_matches(name, PROBES, n=1)
            return _usage(f"no check is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if options.list:
        return _list(as_json=options.json)
    python = options.python or default_python(os.environ)
    if options.python and shutil.which(options.python) is None:
        return _usage(f"--python: {options.python!r} is no program that can be run")
    configuration = resolve(os.environ, _home(), Path.cwd())
    context = Context(configuration, python, options.timeout)
    selection = Selection(options.online, frozenset(options.only), frozenset(options.skip))
    examination = examine(context, selection, secrets.token_bytes(16), _progress())
    _clear_progress()
    verdict = judge(examination, (scenarios.load(name) for name in scenarios.names()))
    _write(examination, verdict, configuration, json_wanted=options.json)
    return _exit_code(examination, verdict, strict=options.strict)


def _usage(message: str) -> int:
    sys.stderr.write(f"hokusai-testkit doctor: {message}; --list shows all checks\n")
    return USAGE


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # no HOME and no entry for the user, as in some containers
        return Path.cwd()


def default_python(environment: Mapping[str, str]) -> str:
    """The interpreter that a user's program most likely runs with: of the active virtual environment, else PATH's."""
    active = environment.get("VIRTUAL_ENV")
    if active:
        candidate = Path(active, "Scripts/python.exe" if os.name == "nt" else "bin/python")
        if candidate.exists():
            return str(candidate)
    path = environment.get("PATH")
    return shutil.which("python", path=path) or shutil.which("python3", path=path) or sys.executable


def _list(*, as_json: bool) -> int:
    if as_json:
        checks = [
            {"id": probe.id, "title": probe.title, "online": probe.online, "waits_on": list(probe.needs)}
            for probe in PROBES.values()
        ]
        _put(json.dumps({"schema_version": SCHEMA_VERSION, "checks": checks}, indent=2) + "\n")
        return HEALTHY
    for probe in PROBES.values():
        _put(f"{probe.id:20} {'online' if probe.online else 'local ':7} {probe.title}\n")
    return HEALTHY


def _write(examination: Examination, verdict: Verdict, configuration: Configuration, *, json_wanted: bool) -> None:
    redactor = Redactor(configuration.secrets)
    if json_wanted:
        _put(json.dumps(as_json(examination, verdict, redactor), indent=2) + "\n")
    else:
        _put(as_text(examination, verdict, redactor, configuration, _style(sys.stdout)))


def _exit_code(examination: Examination, verdict: Verdict, *, strict: bool) -> int:
    if verdict.ok is None:
        return INCOMPLETE
    if not verdict.ok:
        return SICK
    return INCOMPLETE if strict and examination.warned else HEALTHY


def _style(stream: TextIO) -> Style:
    encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").replace("_", "")
    dumb = os.environ.get("TERM") == "dumb"
    plain = dumb or "NO_COLOR" in os.environ
    terminal = stream.isatty()
    width = min(shutil.get_terminal_size((100, 24)).columns, 120) if terminal else 100
    return Style(unicode=encoding.startswith("utf") and not plain, colour=terminal and not plain, width=max(width, 50))


def _put(text: str) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def _progress() -> _Progress:
    return _Progress(sys.stderr if sys.stderr.isatty() else None)


def _clear_progress() -> None:
    _Progress(sys.stderr if sys.stderr.isatty() else None)("")


class _Progress:
    """Shows on a terminal which check is being made; silent elsewhere."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def __call__(self, name: str) -> None:
        if self._stream is not None:
            self._stream.write(f"\r\x1b[K{name}" if name else "\r\x1b[K")
            self._stream.flush()
