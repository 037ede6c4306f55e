"""Prove the mock against a real MLflow 3.9.0 with random sequences of calls; for `proofs/prove.py`.

Runs in an environment with the full MLflow of that version. The last line is JSON with what was compared.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hypothesis.stateful import run_state_machine_as_test
from mock_side import fresh_world
from mock_side import sender as mock_sender
from record import sender as real_sender
from record import server
from side_by_side import STEPS, SideBySide, asking, side_by_side

PROFILE = "mlflow-3.9"
SEQUENCES = 60


def main() -> int:
    """Compare, and say how much."""
    world = fresh_world(PROFILE)
    executable = Path(sys.executable).with_name("mlflow")
    difference = None
    try:
        with server(executable) as port, asking(mock_sender(world), real_sender(port)):
            try:
                run_state_machine_as_test(SideBySide, settings=side_by_side(SEQUENCES))
            except AssertionError as error:
                difference = str(error)
                sys.stdout.write(f"{difference}\n")
    finally:
        world.close()
    answers = SideBySide.answers
    figures = {
        "sequences": SideBySide.sequences,
        "calls in a sequence, at most": STEPS,
        "compared answers": answers.total(),
        "by status": {str(status): count for status, count in sorted(answers.items())},
        "differences": 0 if difference is None else 1,
    }
    sys.stdout.write(json.dumps({"passed": difference is None, "figures": figures}) + "\n")
    return 0 if difference is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
