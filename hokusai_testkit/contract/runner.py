"""Runs the cases in an interpreter of their own and gathers what became of each.

The child gets its own pytest configuration and nothing of the caller's: no ini file, no plugins but ours, no cache, a
temporary directory. It reports through a file of events, so that a case which kills or hangs the interpreter costs
that case alone: the rest runs in the next child.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hokusai_testkit.contract.results import CaseInfo, CaseResult, Reason, RunResult

__all__ = ["Progress", "RunError", "Selection", "UsageError", "run"]

CASE_LIMIT_S = 180.0
"""How long one case may take, in seconds, before its interpreter is ended and the case counts as failed."""

Progress = Callable[[int, int, str], None]
"""Called with the number of finished cases, the number of planned ones and the id of the case that begins."""

_CASES = Path(__file__).parent / "cases"
_PYTEST_USAGE = 4
_POLL_S = 0.05


class UsageError(ValueError):
    """The run cannot be done as asked (no such SDK, profile or case); the message says what to do."""


class RunError(RuntimeError):
    """The suite itself broke; the message holds the end of what pytest said."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to run against what; see `hokusai-testkit contract --help` for the meaning of each."""

    sdk: str = "hokusai"
    target: str = "mock"
    profiles: tuple[str, ...] = ()
    level: str = "full"
    keyword: str | None = None


@dataclass(slots=True)
class _Session:
    """What the children have reported so far."""

    facts: dict[str, Any] = field(default_factory=dict)
    planned: dict[str, CaseInfo] = field(default_factory=dict)
    results: dict[str, CaseResult] = field(default_factory=dict)
    running: str | None = None
    running_since: float = 0.0

    @property
    def missing(self) -> list[CaseInfo]:
        """Planned cases without a result."""
        return [info for case_id, info in self.planned.items() if case_id not in self.results]

    def take(self, event: dict[str, Any]) -> None:
        """Take one event of a child."""
        kind = event["event"]
        if kind == "session":
            self.facts = event
        elif kind == "plan":
            infos = [CaseInfo.from_json(case) for case in event["cases"]]
            self.planned.update({info.id: info for info in infos})
        elif kind == "start":
            self.running, self.running_since = event["id"], time.monotonic()
        elif kind == "finish":
            result = CaseResult.from_json(event["case"])
            self.results[result.info.id] = result
            self.running = None

    def give_up_on(self, code: str, text: str) -> None:
        """Let the running case fail: it took the interpreter with it."""
        assert self.running is not None
        info = self.planned[self.running]
        duration = time.monotonic() - self.running_since
        self.results[info.id] = CaseResult(info, "fail", Reason(code, text), duration)
        self.running = None


def run(selection: Selection, *, progress: Progress | None = None, case_limit_s: float = CASE_LIMIT_S) -> RunResult:
    """Run the selected cases and return what came out.

    Raises `UsageError` when the SDK, the target, a profile or the selection cannot be used, `RunError` when pytest
    itself breaks.
    """
    started = time.monotonic()
    session = _Session()
    with tempfile.TemporaryDirectory(prefix="hokusai-contract-", ignore_cleanup_errors=True) as folder:
        moved = True
        while moved:
            before = len(session.results)
            code, said = _child(selection, session, Path(folder), progress, case_limit_s)
            if session.running is not None:
                text = f"the interpreter ended with code {code} while {session.running} ran:\n{said[-1000:]}"
                session.give_up_on("crashed", text)
            moved = bool(session.missing) and len(session.results) > before
    _check(code, said, session, selection)
    order = {case_id: number for number, case_id in enumerate(session.planned)}
    cases = sorted(session.results.values(), key=lambda result: order.get(result.info.id, len(order)))
    unknown = [CaseResult(info, "error", Reason("not-run", "the case was never run")) for info in session.missing]
    facts = session.facts
    return RunResult(
        facts["target"], facts["implementation"], facts["selection"], (*cases, *unknown), time.monotonic() - started
    )


def _check(code: int, said: str, session: _Session, selection: Selection) -> None:
    if code == _PYTEST_USAGE and not session.planned:
        raise UsageError(_errors_in(said))
    if not session.facts:
        raise RunError(f"the contract suite could not start:\n{said[-2000:]}")
    if not session.planned:
        raise UsageError(f"no case is selected by level {selection.level!r} and -k {selection.keyword!r}")
    if code not in (0, 1) and session.missing:
        raise RunError(f"pytest ended with code {code}:\n{said[-2000:]}")


def _child(
    selection: Selection, session: _Session, folder: Path, progress: Progress | None, case_limit_s: float
) -> tuple[int, str]:
    """Run what is left in one interpreter; return its exit code and the end of what it said."""
    events, log = folder / "events.jsonl", folder / "pytest.log"
    events.write_text("", encoding="utf-8")
    with log.open("wb") as output, events.open(encoding="utf-8") as source:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, our own arguments
            _command(selection, session, folder, events),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(),
        )
        try:
            _follow(process, source, session, progress, case_limit_s)
        finally:
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()
    return process.returncode, log.read_text("utf-8", "replace")


def _follow(
    process: subprocess.Popen[bytes], source: Any, session: _Session, progress: Progress | None, case_limit_s: float
) -> None:
    """Take the child's events until it ends; end it when one case takes too long."""
    while True:
        ended = process.poll() is not None
        for event in _events(source):
            session.take(event)
            if progress is not None and event["event"] == "start":
                progress(
                    sum(case_id in session.results for case_id in session.planned), len(session.planned), event["id"]
                )
        if ended:
            return
        if session.running is not None and time.monotonic() - session.running_since > case_limit_s:
            text = f"{session.running} did not end within {case_limit_s:.0f} s"
            session.give_up_on("timeout", text)
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_S)


def _events(source: Any) -> Iterator[dict[str, Any]]:
    """Yield the complete lines that were written since the last time."""
    while True:
        position = source.tell()
        line = source.readline()
        if not line.endswith("\n"):
            source.seek(position)
            return
        yield json.loads(line)


def _command(selection: Selection, session: _Session, folder: Path, events: Path) -> Sequence[str]:
    ini, done = folder / "pytest.ini", folder / "done.txt"
    ini.write_text("[pytest]\n", encoding="utf-8")
    done.write_text("\n".join(session.results), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "hokusai_testkit.contract.plugin", "-p", "no:cacheprovider", "-q"]
    command += [
        "-c",
        str(ini),
        "--rootdir",
        str(folder),
        "--confcutdir",
        str(_CASES),
        "--basetemp",
        str(folder / "tmp"),
    ]
    command += ["--sdk", selection.sdk, "--target", selection.target, "--level", selection.level]
    command += ["--contract-events", str(events), "--contract-skip", str(done)]
    if selection.profiles:
        command += ["--profile", ",".join(selection.profiles)]
    if selection.keyword:
        command += ["-k", selection.keyword]
    return [*command, str(_CASES)]


def _environment() -> dict[str, str]:
    """The caller's environment without what steers pytest; relative import paths stay valid in the new directory."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    paths = [str(Path(path).resolve()) for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(paths)
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _errors_in(said: str) -> str:
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.strip()]
    return "\n".join(lines) or "pytest refused the arguments"
