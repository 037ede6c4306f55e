"""Prove the mock against a real MLflow 3.9.0 with random sequences of calls; for `proofs/prove.py`.

Runs in an environment with the full MLflow of that version; `prove_stateful.py SEED ...` for other seeds. The last line
is JSON with what was compared. A difference names its seed: the same seed makes the same calls again.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test
from mock_side import fresh_world
from mock_side import sender as mock_sender
from record import sender as real_sender
from record import server
from side_by_side import STEPS, SideBySide, asking, side_by_side

PROFILE = "mlflow-3.9"
SEQUENCES = 60
SEEDS = (1, 2, 3)


def main() -> int:
    """Compare, and say how much."""
    seeds = [int(text) for text in sys.argv[1:]] or SEEDS
    answers: Counter[int] = Counter()
    sequences = differences = 0
    for number in seeds:
        difference = first_difference(number)
        sequences += SideBySide.sequences
        answers += SideBySide.answers
        if difference is not None:
            differences += 1
            sys.stdout.write(f"seed {number}: {difference}\n")
    figures = {
        "seeds": list(seeds),
        "sequences": sequences,
        "calls in a sequence, at most": STEPS,
        "compared answers": answers.total(),
        "by status": {str(status): count for status, count in sorted(answers.items())},
        "differences": differences,
    }
    sys.stdout.write(json.dumps({"passed": not differences, "figures": figures}) + "\n")
    return 1 if differences else 0


def first_difference(number: int) -> str | None:
    """The first difference in the sequences that a seed makes, on a fresh server and in a fresh world."""
    world = fresh_world(PROFILE)
    executable = Path(sys.executable).with_name("mlflow")
    try:
        with server(executable) as port, asking(mock_sender(world), real_sender(port)):
            run_state_machine_as_test(seed(number)(SideBySide), settings=side_by_side(SEQUENCES))
    except AssertionError as error:
        return str(error)
    finally:
        world.close()
    return None


if __name__ == "__main__":
    raise SystemExit(main())
