"""Plays scenarios on a mock with real clients, each run in a sandbox, a process and a home of its own.

`Zygote` is the process that makes the calls (`zygote.py`), `Player` plays one scenario after the other, and a `Verdict`
says of one symptom what was seen and where it differs from the file. What may be called stands in `calls_*.py`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symptoms import Target, client_of, concerns, differences, target, versions

from hokusai_mock import MockServer, Sandbox, environment
from hokusai_mock.scenarios import Play, ResolvedScenario, Symptom
from hokusai_testkit.client_side import prepared

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
"""What a client inherits of this process's environment; everything else of a developer's machine stays out."""

PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "3",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
}
"""Nobody waits minutes in a test. The number of retries is the scenario's, 0 by default."""

LONGEST_STEP = 60.0
TIME_SCALE = 0.002
"""Delays of a scenario are played this much faster."""


@dataclass(frozen=True)
class Verdict:
    """One symptom, what its client showed, and what of the file was not so."""

    symptom: Symptom
    target: Target
    seen: Mapping[str, Any]
    wrong: list[str]


@dataclass
class Played:
    """What the steps of one run showed, by their index, and what the placeholders stood for."""

    fill: dict[str, str]
    steps: dict[int, dict[str, Any]] = field(default_factory=dict)
    unexpected: list[str] = field(default_factory=list)


class Zygote:
    """The process that has imported the clients and forks for every run."""

    def __init__(self, folder: Path) -> None:
        """Start it; it takes the seconds that importing MLflow takes. `folder` is for its log and its socket."""
        self._folder = Path(tempfile.mkdtemp(prefix="hk-play-"))  # the path of a socket must be short
        self._path = str(self._folder / "zygote")
        self._log = (folder / "zygote.log").open("wb")
        env = {name: os.environ[name] for name in KEPT if name in os.environ}
        env |= {"HOME": str(folder), "MLFLOW_DISABLE_TELEMETRY": "true", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("zygote.py")), self._path]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, env=env, cwd=folder)
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            raise RuntimeError(f"the clients did not start: {(folder / 'zygote.log').read_text('utf-8')}")

    @contextlib.contextmanager
    def run(self, env: Mapping[str, str], cwd: Path, log: Path) -> Iterator[Client]:
        """A client in a process of its own, with nothing but `env`."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LONGEST_STEP)
            connection.connect(self._path)
            with connection.makefile("rw", encoding="utf-8", newline="\n") as lines:
                client = Client(lines, log)
                client.send({"env": dict(env), "cwd": str(cwd), "log": str(log)})
                yield client

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Zygote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Client:
    """One client process: send it a step, get what was seen."""

    def __init__(self, lines: Any, log: Path) -> None:
        self._lines, self._log = lines, log

    def send(self, message: Mapping[str, Any]) -> None:
        self._lines.write(json.dumps(message) + "\n")
        self._lines.flush()

    def step(self, message: Mapping[str, Any]) -> dict[str, Any]:
        self.send(message)
        answer = self._lines.readline()
        if not answer:
            said = self._log.read_text("utf-8") if self._log.exists() else ""
            raise RuntimeError(f"the client's process ended at the step {message}: {said}")
        result: dict[str, Any] = json.loads(answer)
        return result


class Player:
    """Plays scenarios on `server`, with the clients of this environment."""

    def __init__(self, server: MockServer, zygote: Zygote, folder: Path) -> None:
        """`folder` holds the homes of the clients."""
        self._server, self._zygote, self._folder = server, zygote, folder
        self._numbers = itertools.count(1)
        self.here = versions()

    def verdicts(self, resolved: ResolvedScenario) -> list[Verdict]:
        """Play `resolved` for each of its symptoms that concerns a client here, as seldom as possible."""
        plays: dict[tuple[str, str | None], Played] = {}
        result = []
        for symptom in resolved.symptoms:
            if not concerns(symptom, self.here):
                continue
            aim, client = target(symptom, resolved), client_of(symptom)
            key = (client, aim.call if aim.step is None else None)
            if key not in plays:
                plays[key] = self.run(resolved, client, (Play(call=aim.call),) if aim.step is None else resolved.plays)
            played = plays[key]
            seen = played.steps[aim.step or 0]
            wrong = [*played.unexpected, *differences(symptom, seen, played.fill)]
            result.append(Verdict(symptom, aim, seen, wrong))
        return result

    def run(self, resolved: ResolvedScenario | None, client: str, plays: tuple[Play, ...]) -> Played:
        """Make the steps `plays` with `client`, in a fresh sandbox that plays `resolved`, or is healthy."""
        number, name = next(self._numbers), resolved.name if resolved else "healthy"
        sandbox = self._server.sandbox(f"{name}.{number}")
        try:
            sandbox.scenario(name, **(resolved.params if resolved else {}))
            stage = Stage(self._server, sandbox, self._folder / f"{number}-{name}")
            env = stage.environment((resolved and resolved.client.retries) or 0, self._folder / "user-data")
            with self._zygote.run(env, stage.work, stage.folder / "output") as process:
                for index, play in enumerate(plays):
                    stage.step(index, play, process, client)
            return stage.played
        finally:
            errors = sandbox.errors
            sandbox.drop()
            assert errors == [], "the mock met an internal error"


class Stage:
    """What one run happens in: a sandbox, and a home and a working directory for the client."""

    def __init__(self, server: MockServer, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.home, self.work = folder / "home", folder / "work"
        for path in (self.home, self.work):
            path.mkdir(parents=True)
        self._world = server.worlds.get(sandbox.id)
        self._world.time_scale = TIME_SCALE
        self._start = self._counts()
        host, _, port = server.url.rpartition("/")[2].partition(":")
        self.played = Played({"host": host, "port": port, "home": str(self.home), "key": sandbox.api_key})

    def environment(self, retries: int, user_data: Path) -> dict[str, str]:
        """What the client is started with."""
        base = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {
            **PATIENCE,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(retries),
            "HOME": str(self.home),
            "HOKUSAI_LOCAL_STORE": str(self.home / "store"),
            "XDG_DATA_HOME": str(user_data),  # the template of the SDK's local store is built once in it
        }
        return environment.apply({**own, **prepared(self.home, self.sandbox.describe(), base)}, base)

    def step(self, index: int, play: Play, process: Client, client: str) -> None:
        """Take one step and note what was seen."""
        if play.advance is not None:
            self._world.clock.advance(round(play.advance * 1000))
            return
        if play.env is not None:
            process.step({"env": play.env})
            return
        before = self._counts()
        seen = process.step({"client": client, "call": play.call})
        after = self._counts()
        seen["requests"] = after["requests"] - before["requests"]
        seen |= {name: after[name] - self._start[name] for name in ("experiments", "registered_models", "runs")}
        seen["files"] = sorted(path.relative_to(self.work).as_posix() for path in self.work.rglob("*"))
        self.played.steps[index] = seen
        if "unknown" not in seen and play.expect and play.expect != _outcome(seen):
            self.played.unexpected.append(f"step {index + 1} was to be {play.expect}: {seen}")

    def _counts(self) -> dict[str, int]:
        world = self._world
        with world.lock:
            return {
                # Those that reached the platform: a refused handshake, or what a proxy answered, is an attempt only.
                "requests": sum(entry.layer != "listener" for entry in world.journal.entries()),
                "experiments": len(world.store.experiments.all),
                "registered_models": len(world.store.registry.models),
                "runs": len(world.store.runs.all),
            }


def _outcome(seen: Mapping[str, Any]) -> str:
    failed = seen["exception"] is not None or (seen.get("status_code") or 200) >= 400
    return "error" if failed else "ok"
