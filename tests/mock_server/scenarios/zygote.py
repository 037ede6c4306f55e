"""The client's side of the player: one process imports the clients, then forks a child for each run of a scenario.

`python zygote.py SOCKET` listens on a Unix socket. A connection is one run: first the environment and the working
directory, then step after step, each a line of JSON, each answered with what a user of the client would have seen.
A run that wants another interpreter (a package replaced that others have imported already) gets one in place of a fork.

What can be called stands in the modules `calls_*.py` beside this one; each has a `CALLS` table.
"""

# Imports are made by the calls, so that an exception while importing is seen too.
# ruff: noqa: BLE001, PERF203

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Call = Callable[[], Any]
Seen = dict[str, Any]

HERE = Path(__file__).resolve().parent
PRELOADED = ("requests", "pandas", "mlflow", "mlflow.pyfunc", "mlflow.store.artifact.mlflow_artifacts_repo", "hokusai")
FILLED_IN = ("workspace",)
"""Fields of entities that newer clients fill in themselves, whatever was answered."""
MADE_UP_FOR = {"PYTHONPATH", "PYTHONIOENCODING", "PYTHONUTF8", "hokusai"}
"""What a fork can have otherwise than the zygote: variables that an interpreter reads when it starts, and a package
that no other one has imported."""


def calls() -> dict[tuple[str, str], Call]:
    """Every call that can be made: `(client, call id) -> function without arguments`."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    table: dict[tuple[str, str], Call] = {}
    for path in sorted(HERE.glob("calls_*.py")):
        table.update(importlib.import_module(path.stem).CALLS)
    return table


def seen(call: Call) -> Seen:
    """What a user sees of `call`: the exception with its attributes, or what came back."""
    try:
        value = call()
    except Exception as error:  # the very thing that is looked at
        return _raised(error)
    return {"exception": None, **_returned(value)}


def _raised(error: Exception) -> Seen:
    return {
        "exception": [f"{cls.__module__}.{cls.__qualname__}" for cls in type(error).__mro__],
        "error_code": getattr(error, "error_code", None),
        "code": getattr(error, "code", None),
        "status_code": getattr(error, "status_code", None),
        "text": str(error),
        "errno": sorted({link.errno for link in _chain(error) if isinstance(link, OSError) and link.errno}),
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was made from, wherever libraries keep them: causes, arguments, `reason`."""
    todo, done = [error], set()
    while todo:
        link = todo.pop()
        if id(link) not in done:
            done.add(id(link))
            yield link
            inner = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
            todo += [one for one in inner if isinstance(one, BaseException)]


def _returned(value: Any) -> Seen:
    """What came back: an HTTP answer with status and text (calls return it so), or any object."""
    if isinstance(value, Mapping) and {"status_code", "text"} <= value.keys():
        return dict(value)
    return {"text": repr(value)[:500], "hollow": _hollow(value)}


def _hollow(value: Any) -> bool | None:
    """Whether an entity of MLflow came back whose fields are all empty; `None` for anything else."""
    if not type(value).__module__.startswith("mlflow.entities"):
        return None
    return all(not item or _hollow(item) or name in FILLED_IN for name, item in value)


class Run:
    """One run, in a process of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self._lines = connection.makefile("rw", encoding="utf-8", newline="\n")
        self._calls: dict[tuple[str, str], Call] | None = None

    def serve(self) -> None:
        """Answer steps until the player hangs up."""
        for line in self._lines:
            self._lines.write(json.dumps(self._step(json.loads(line))) + "\n")
            self._lines.flush()

    def _step(self, step: dict[str, Any]) -> Seen:
        if "env" in step:
            for name, value in step["env"].items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            return {}
        if self._calls is None:
            self._calls = calls()
        call = self._calls.get((step["client"], step["call"]))
        if call is None:
            return {"unknown": f"no call {step['call']!r} for the client {step['client']!r}"}
        return seen(call)


def _begin(start: dict[str, Any]) -> None:
    os.chdir(start["cwd"])
    os.environ.clear()
    os.environ.update(start["env"])
    log = os.open(start["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _run(connection: socket.socket) -> None:
    """One run in a fork of the zygote, or in the interpreter that takes the fork's place."""
    first = _read_line(connection)
    start = json.loads(first)
    _begin(start)
    folders = [Path(folder) for folder in start["env"].get("PYTHONPATH", "").split(os.pathsep) if folder]
    replaced = {one.stem for folder in folders if folder.is_dir() for one in folder.iterdir()}
    if replaced & {name.split(".")[0] for name in sys.modules} - MADE_UP_FOR or _starts_otherwise(start["env"]):
        connection.set_inheritable(True)
        os.execve(sys.executable, [sys.executable, __file__, "--run", str(connection.fileno())], start["env"])
    sys.path[:0] = map(str, folders)
    for name in [name for name in sys.modules if name.split(".")[0] in replaced]:
        del sys.modules[name]
    if encoding := start["env"].get("PYTHONIOENCODING"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding=encoding)  # type: ignore[union-attr]
    Run(connection).serve()


def _starts_otherwise(env: Mapping[str, str]) -> bool:
    """Whether a variable changes how an interpreter starts, beyond those that a fork makes up for."""
    return any(name.startswith("PYTHON") and name not in MADE_UP_FOR for name in env)


def _read_line(connection: socket.socket) -> bytes:
    """One line and not a byte more: what follows may be another interpreter's to read."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise EOFError("the player hung up before it said what to do")
        line += byte
    return line


def _fork(connection: socket.socket) -> None:
    if os.fork():
        return
    code = 1
    try:
        _run(connection)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # nothing of the zygote's is to be closed here


def _listen(path: str) -> None:
    for name in PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    calls()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            with connection:
                _fork(connection)
            _reap()


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


if __name__ == "__main__":
    if sys.argv[1] == "--run":
        Run(socket.socket(fileno=int(sys.argv[2]))).serve()
    else:
        _listen(sys.argv[1])
