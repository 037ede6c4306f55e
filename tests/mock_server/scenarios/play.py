"""Play a scenario by hand and look at what each client shows: for who writes a scenario file.

    python tests/mock_server/scenarios/play.py NAME[:k=v,...] [--call CALL ...] [--client CLIENT ...]

Without `--call` the symptoms of the file are played and compared, and a file without symptoms is played as it stands
(its plays, else experiments.search). The clients are those of the interpreter that runs this: take one with another
MLflow to see what that one shows.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from player import Player, Verdict, Zygote
from symptoms import SEARCH
from zygote import calls

from hokusai_mock import MockServer, scenarios
from hokusai_mock.scenarios import Play, ResolvedScenario, ScenarioError

SHOWN = (
    "error_code",
    "code",
    "status_code",
    "errno",
    "hollow",
    "requests",
    "experiments",
    "registered_models",
    "runs",
    "files",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--call", action="append", default=[], help="make this call alone")
    parser.add_argument("--client", action="append", default=[], help="only this client")
    options = parser.parse_args()
    try:
        name, params = scenarios.parse_reference(options.name)
        resolved = scenarios.load(name).resolve(**params)
    except ScenarioError as error:
        parser.error(str(error))
    with tempfile.TemporaryDirectory(prefix="hk-play-") as name:
        folder = Path(name)
        with MockServer(port=0, seed=1) as server, Zygote(folder) as zygote:
            player = Player(server, zygote, folder)
            print(f"mlflow {player.here['mlflow']}, Python {sys.version.split()[0]}\n")
            if options.call or not resolved.symptoms:
                return _look(player, resolved, options.call, options.client)
            return _compare(player.verdicts(resolved))


def _look(player: Player, resolved: ResolvedScenario, wanted: list[str], clients: list[str]) -> int:
    known = calls()
    runs = [(Play(call=call),) for call in wanted] or [resolved.plays or (Play(call=SEARCH),)]
    for plays in runs:
        named = {play.call for play in plays if play.call}
        for client in clients or player.here:
            if player.here[client] and all((client, call) in known for call in named):
                played = player.run(resolved, client, plays)
                for index, seen in played.steps.items():
                    _print(f"{client}: step {index + 1}, {plays[index].call}", seen)
                for line in played.unexpected:
                    print(f"  UNEXPECTED {line}")
    return 0


def _compare(verdicts: list[Verdict]) -> int:
    for verdict in verdicts:
        step = f"step {verdict.target.step + 1}, " if verdict.target.step is not None else ""
        _print(f"{verdict.symptom.client}: {step}{verdict.target.call}", verdict.seen)
        for line in verdict.wrong:
            print(f"  WRONG {line}")
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    print(f"{len(verdicts)} symptoms concern the clients here, {wrong} of them wrong")
    return 1 if wrong else 0


def _print(title: str, seen: Mapping[str, Any]) -> None:
    print(title)
    if "unknown" in seen:
        print(f"  {seen['unknown']}")
        return
    print(f"  {' < '.join(seen['exception'][:3]) if seen['exception'] else 'no exception'}")
    print(f"  {seen.get('text')}")
    print("  " + ", ".join(f"{name}={seen[name]!r}" for name in SHOWN if seen.get(name) not in (None, [])) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
