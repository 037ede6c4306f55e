"""Runs the cases in an interpreter of their own and gathers what became of each.

The child gets its own pytest configuration and nothing of the caller's: no ini file, no plugins but ours, no cache, a
temporary directory. It reports through a file of events, so that a case which kills or hangs the interpreter costs
that case alone: the rest runs in the next child.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hokusai_testkit.contract.opening import default_level, terms_to
from hokusai_testkit.contract.results import CaseInfo, CaseResult, Reason, RunResult
from hokusai_testkit.contract.servers.cleanup import Cleanup
from hokusai_testkit.contract.servers.ledger import FILE_NAME, default_folder, read
from hokusai_testkit.contract.servers.limits import Refusal
from hokusai_testkit.contract.servers.target import Terms, clean_up
from hokusai_testkit.contract.targets import TargetError, is_url

__all__ = ["Plan", "Progress", "RunError", "Selection", "UsageError", "plan", "run"]

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
    level: str | None = None
    keyword: str | None = None
    terms: Terms | None = None
    """On what terms a server by URL may be used; None: the defaults of its kind, a run id of its own."""
    without: frozenset[str] = frozenset()
    """Ids of cases that are left out without a word."""
    plan: bool = False
    """Plan, and run nothing."""
    count: bool = False
    """Count the requests of each case."""

    @property
    def chosen_level(self) -> str:
        """The level that was asked for, or the default of the target."""
        return self.level or default_level(self.target)


@dataclass(slots=True)
class _Session:
    """What the children have reported so far."""

    facts: dict[str, Any] = field(default_factory=dict)
    planned: dict[str, CaseInfo] = field(default_factory=dict)
    results: dict[str, CaseResult] = field(default_factory=dict)
    running: str | None = None
    running_since: float = 0.0
    sent: int = 0
    stopped: Refusal | None = None

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
            self.stopped = Refusal(*event["stopped"]) if event.get("stopped") else None
        elif kind == "sent":
            self.sent = event["count"]

    def give_up_on(self, code: str, text: str) -> None:
        """Let the running case fail: it took the interpreter with it."""
        assert self.running is not None
        info = self.planned[self.running]
        duration = time.monotonic() - self.running_since
        self.results[info.id] = CaseResult(info, "fail", Reason(code, text), duration)
        self.running = None


def run(selection: Selection, *, progress: Progress | None = None, case_limit_s: float = CASE_LIMIT_S) -> RunResult:
    """Run the selected cases and return what came out.

    A server by URL is cleaned up afterwards; what was removed and what is left stands in the result's `target`. Raises
    `UsageError` when the SDK, the target, a profile or the selection cannot be used, `RunError` when pytest itself
    breaks.
    """
    started = time.monotonic()
    selection = _with_terms(selection)
    session = _run_to_the_end(selection, progress, case_limit_s)
    order = {case_id: number for number, case_id in enumerate(session.planned)}
    cases = sorted(session.results.values(), key=lambda result: order.get(result.info.id, len(order)))
    unknown = [CaseResult(info, "error", Reason("not-run", "the case was never run")) for info in session.missing]
    facts = session.facts
    target = {**facts["target"], **_left_behind(selection, session)}
    duration = time.monotonic() - started
    return RunResult(target, facts["implementation"], facts["selection"], (*cases, *unknown), duration)


def plan(selection: Selection) -> Plan:
    """Return what `run` would do, without a request to the target.

    The planned cases are rehearsed on the embedded mock with the same implementation, to count their requests.
    """
    selection = replace(_with_terms(selection), plan=True)
    planned = _run_to_the_end(selection, None, CASE_LIMIT_S)
    if selection.target == "mock":
        return Plan(planned.facts["target"], tuple(planned.planned.values()), tuple(planned.results.values()), {})
    rehearsal = replace(
        selection,
        target="mock",
        level=selection.chosen_level,
        terms=None,
        without=frozenset(planned.results),
        plan=False,
        count=True,
    )
    rehearsed = _run_to_the_end(rehearsal, None, CASE_LIMIT_S)
    counts = {case_id: rehearsed.results[case_id].requests or 0 for case_id in planned.planned}
    return Plan(planned.facts["target"], tuple(planned.planned.values()), tuple(planned.results.values()), counts)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do: the cases that it would run and those that it would leave out, with the reason of each.

    `requests` is how many requests each case made on the mock; empty where the target is the mock itself.
    """

    target: Mapping[str, Any]
    cases: tuple[CaseInfo, ...]
    disabled: tuple[CaseResult, ...]
    requests: Mapping[str, int]


def _run_to_the_end(selection: Selection, progress: Progress | None, case_limit_s: float) -> _Session:
    """Start interpreters until every planned case has a result, or the last one gave none."""
    session = _Session()
    with tempfile.TemporaryDirectory(prefix="hokusai-contract-", ignore_cleanup_errors=True) as folder:
        moved = True
        while moved:
            before = len(session.results)
            code, said = _child(selection, session, Path(folder), progress, case_limit_s)
            if session.running is not None:
                text = f"the interpreter ended with code {code} while {session.running} ran:\n{said[-1000:]}"
                session.give_up_on("crashed", text)
            moved = not selection.plan and bool(session.missing) and len(session.results) > before
    _check(code, said, session, selection)
    return session


def _with_terms(selection: Selection) -> Selection:
    """The selection with terms for a server by URL, also where none were given."""
    if not is_url(selection.target) or selection.terms is not None:
        return selection
    run_id = secrets.token_hex(4)
    return replace(selection, terms=Terms(run=run_id, folder=default_folder(run_id)))


def _left_behind(selection: Selection, session: _Session) -> dict[str, Any]:
    """Clean a server up after a run, and say what became of what the run had made."""
    terms = selection.terms
    if terms is None:
        return {}
    facts = {"requests": session.sent, "ledger": str(terms.folder / FILE_NAME)}
    if not read(terms.folder, terms.run)[1]:
        return {**facts, **Cleanup().to_json()}
    try:
        return {**facts, **clean_up(terms, selection.target).to_json()}
    except TargetError as problem:
        return {**facts, "removed": [], "left": [], "cannot_look": [str(problem)]}


def _check(code: int, said: str, session: _Session, selection: Selection) -> None:
    if code == _PYTEST_USAGE and not session.planned:
        raise UsageError(_errors_in(said))
    if not session.facts:
        raise RunError(f"the contract suite could not start:\n{said[-2000:]}")
    if not session.planned and not selection.without:
        raise UsageError(f"no case is selected by level {selection.chosen_level!r} and -k {selection.keyword!r}")
    if not selection.plan and code not in (0, 1) and session.missing:
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
    done.write_text("\n".join([*session.results, *selection.without]), encoding="utf-8")
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
    command += ["--sdk", selection.sdk, "--target", selection.target, "--level", selection.chosen_level]
    command += ["--contract-events", str(events), "--contract-skip", str(done)]
    if selection.profiles:
        command += ["--profile", ",".join(selection.profiles)]
    if selection.terms is not None:
        terms = replace(selection.terms, spent=session.sent, stopped=session.stopped)
        command += ["--contract-terms", terms_to(terms)]
    command += ["--contract-plan"] * selection.plan + ["--contract-count"] * selection.count
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
