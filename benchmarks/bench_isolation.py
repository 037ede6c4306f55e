"""Twelve requests that hang in one sandbox, and the requests of another one beside them.

The mock runs in a process of its own. Short batches of requests to one sandbox are timed in turns, alone and beside
twelve requests of another sandbox that are held; the figure is the ratio of the quickest batches, which a busy machine
disturbs least. A server with a pool of workers would let all of them wait for the end of the hanging ones. Run:
`python benchmarks/bench_isolation.py`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager

from bench_server import ASK, Client, child, milliseconds

from hokusai_mock import Sandbox

HANGING = 12
GOAL = 1.15
"""What twelve threads that do nothing may cost: the noise of a busy machine."""


@contextmanager
def hanging(port: int) -> Iterator[None]:
    """Twelve requests that are held in a sandbox of their own."""
    sandbox = Sandbox(f"http://127.0.0.1:{port}", "hanging")
    sandbox.fault(effect="hang")
    clients = [Client(port, f"/s/hanging{ASK}") for _ in range(HANGING)]
    for client in clients:
        client.send()
    while len(sandbox.calls(fate="hung")) < HANGING:
        pass
    try:
        yield
        if [call["duration_ms"] for call in sandbox.calls(fate="hung")] != [None] * HANGING:
            raise SystemExit("a hanging request ended too early")
    finally:
        sandbox.drop()
        for client in clients:
            client.close()


def _new_connection(port: int) -> None:
    client = Client(port, f"/s/other{ASK}")
    client.ask()
    client.close()


def ratios(rounds: int, batches: int) -> dict[str, float]:
    """Times of requests beside the hanging ones divided by their times alone: on a kept connection, and on new ones."""
    with child("mock") as process:
        port = int(process.stdout.readline())  # type: ignore[union-attr]
        client = Client(port, f"/s/other{ASK}")
        actions = {"kept": client.ask, "new": lambda: _new_connection(port)}

        def quickest() -> dict[str, float]:
            return {
                name: min(milliseconds(lambda ask=ask: [ask() for _ in range(10)]) for _ in range(batches))
                for name, ask in actions.items()
            }

        quickest()
        alone, beside = [], []
        for _ in range(rounds):
            alone.append(quickest())
            with hanging(port):
                beside.append(quickest())
        client.close()
        process.stdin.close()  # type: ignore[union-attr]
        process.wait()
    return {name: min(one[name] for one in beside) / min(one[name] for one in alone) for name in actions}


def figures(*, quick: bool = False) -> dict[str, dict[str, object]]:
    """Every figure with its goal: `{name: {value, unit, goal, met}}`."""
    measured = ratios(8 if quick else 30, 25)
    rows = {
        "request beside 12 hanging ones / alone": measured["kept"],
        "new connection beside 12 hanging ones / alone": measured["new"],
    }
    return {
        name: {"value": round(value, 3), "unit": "ratio", "goal": GOAL, "met": value <= GOAL}
        for name, value in rows.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    result = figures(quick=parser.parse_args().quick)
    print(json.dumps(result, indent=2))
    return 0 if all(row["met"] for row in result.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
