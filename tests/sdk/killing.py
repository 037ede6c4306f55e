"""Processes that die by SIGKILL at a chosen point of their work: for the tests of registering and of syncing.

    with Nursery("killed_tasks") as nursery:
        child = nursery.run("killed_tasks:register", {"name": "m"}, env=env, kill_at=7)
        assert child.killed and child.points[-1] == "before os.rename entry.json"

A child counts *points*: before a request is sent, with half of its body sent, when its answer is there but was not
read; and before every change of a file below `HOKUSAI_LOCAL_STORE` (audit events: open for writing, rename, remove,
mkdir, rmdir). At its `kill_at`-th point, or at the first one that the pattern `kill_at` fits, it kills itself with
SIGKILL: nothing is flushed, no `finally` runs. A run with `kill_at=None` goes to its end and tells how many points
there are.

Children are forked from one process in which MLflow and the SDK are loaded already: importing them anew takes seconds.
`run_all` forks several at once, for tests of what happens between processes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["Child", "Nursery", "Task"]

HERE = Path(__file__).resolve().parent
_EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir")


@dataclass(frozen=True, slots=True)
class Task:
    """What a child does: `module:function` with JSON arguments, in an environment; where it dies, if it does."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str | None] = field(default_factory=dict)
    kill_at: int | str | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """What became of a child: the points it passed, whether it was killed, and what its function returned or raised."""

    points: list[str]
    killed: bool
    result: Any
    error: str | None

    @property
    def value(self) -> Any:
        """What the function returned; an AssertionError with its traceback when it did not return."""
        assert self.error is None, self.error
        assert not self.killed, f"killed at {self.points[-1]}"
        return self.result


class Nursery:
    """A process with everything loaded, which forks children. `modules` are imported in it, before any child."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules

    def __enter__(self) -> Nursery:
        env = {**os.environ, "PYTHONPATH": str(HERE), "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "killing.py"), *self._modules],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._process.stdin is not None
        self._process.communicate(timeout=30)  # closes its stdin, which ends it

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        env: Mapping[str, str | None] | None = None,
        kill_at: int | str | None = None,
    ) -> Child:
        """Run one child to its end."""
        return self.run_all([Task(function, arguments or {}, env or {}, kill_at)])[0]

    def run_all(self, tasks: Sequence[Task]) -> list[Child]:
        """Run children at once, and return what became of each when all have ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.TemporaryDirectory(prefix="hokusai-children-") as folder:
            orders = [
                {
                    "function": task.function,
                    "arguments": dict(task.arguments),
                    "env": dict(task.env),
                    "kill_at": task.kill_at,
                    "points": f"{folder}/{number}.points",
                    "report": f"{folder}/{number}.json",
                }
                for number, task in enumerate(tasks)
            ]
            self._process.stdin.write(json.dumps(orders) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
            assert answer, "the nursery died: see its stderr above"
            return [_read(order, status) for order, status in zip(orders, json.loads(answer), strict=True)]


def _read(order: Mapping[str, Any], status: int) -> Child:
    points = Path(order["points"])
    passed = points.read_text(encoding="utf-8").splitlines() if points.exists() else []
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    report = Path(order["report"])
    if killed or not report.exists():
        return Child(passed, killed, None, None if killed else f"the child ended with status {status}")
    told = json.loads(report.read_text(encoding="utf-8"))
    return Child(passed, False, told.get("result"), told.get("error"))


# --- in the nursery and its children ------------------------------------------------------------------------------


def _serve(modules: Sequence[str]) -> None:
    """Load everything, then fork what is asked for, a line of orders at a time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in ("mlflow", "mlflow.pyfunc", "mlflow.sklearn", "hokusai", *modules):
            import_module(module)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what children print goes to stderr
    for line in sys.stdin:
        children = [_fork(order) for order in json.loads(line)]
        answers.write(json.dumps([os.waitpid(child, 0)[1] for child in children]) + "\n")
        answers.flush()


def _fork(order: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        _work(order)
        status = 0
    finally:
        os._exit(status)


def _work(order: dict[str, Any]) -> None:
    for name, value in order["env"].items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    module, _, name = order["function"].partition(":")
    function = getattr(import_module(module), name)
    _count_points(order["points"], order["kill_at"], os.environ.get("HOKUSAI_LOCAL_STORE", ""))
    try:
        told = {"result": function(**order["arguments"])}
    except Exception:  # noqa: BLE001 - the parent shows it
        told = {"error": traceback.format_exc()}
    Path(order["report"]).write_text(json.dumps(told), encoding="utf-8")


def _count_points(path: str, kill_at: int | str | None, store: str) -> None:
    """Write down every point that is passed, and die at the chosen one."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    passed = 0

    def passing(label: str) -> bool:
        """Count a point; `True` when it is the last one."""
        nonlocal passed
        passed += 1
        os.write(log, f"{label}\n".encode())
        return fnmatchcase(label, kill_at) if isinstance(kill_at, str) else passed == kill_at

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS and store and str(arguments[0]).startswith(store):
            if event == "open" and not _writes(arguments):
                return
            if passing(f"before {event} {os.path.basename(str(arguments[0]))}"):
                die()

    sys.addaudithook(audit)
    _watch_requests(passing, die)


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return bool(flags & (os.O_WRONLY | os.O_RDWR))


def _watch_requests(passing: Any, die: Any) -> None:
    from http.client import HTTPConnection  # noqa: PLC0415

    put_request, end_headers = HTTPConnection.putrequest, HTTPConnection.endheaders
    send, get_response = HTTPConnection.send, HTTPConnection.getresponse

    def noting(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        self.killing_label = f"{method} {url.partition('?')[0]}"
        return put_request(self, method, url, *args, **kwargs)

    def beginning(self: Any, *args: Any, **kwargs: Any) -> Any:
        if passing(f"before {self.killing_label}"):
            die()
        return end_headers(self, *args, **kwargs)

    def sending(self: Any, data: Any) -> Any:
        halves = isinstance(data, bytes) and len(data) > 1
        if halves and passing(f"with half of {self.killing_label}"):
            send(self, data[: len(data) // 2])
            die()
        return send(self, data)

    def answered(self: Any, *args: Any, **kwargs: Any) -> Any:
        select.select([self.sock], [], [], 30)
        if passing(f"answered {self.killing_label}"):
            die()
        return get_response(self, *args, **kwargs)

    HTTPConnection.putrequest = noting  # type: ignore[method-assign]
    HTTPConnection.endheaders = beginning  # type: ignore[method-assign]
    HTTPConnection.send = sending  # type: ignore[method-assign]
    HTTPConnection.getresponse = answered  # type: ignore[method-assign]


if __name__ == "__main__":
    _serve(sys.argv[1:])
