"""Random sequences of calls, side by side on the mock and on a real MLflow 3.9.0: the same answers (slow tier)."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test
from mock_side import fresh_world
from mock_side import sender as mock_sender
from record import sender as real_sender
from record import server
from side_by_side import SideBySide, asking, side_by_side

PROFILE, VERSION = "mlflow-3.9", "3.9.0"
SEQUENCES = 5


@pytest.fixture
def both() -> Iterator[None]:
    try:
        installed = importlib.metadata.version("mlflow")
    except importlib.metadata.PackageNotFoundError:
        installed = "none"
    if installed != VERSION:
        pytest.skip(f"needs the full mlflow {VERSION}; there is {installed}")
    world = fresh_world(PROFILE)
    try:
        executable = Path(sys.executable).with_name("mlflow")
        with server(executable) as port, asking(mock_sender(world), real_sender(port)):
            yield
    finally:
        world.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_mock_and_a_real_server_answer_any_sequence_alike(both: None) -> None:
    run_state_machine_as_test(SideBySide, settings=side_by_side(SEQUENCES))
    assert SideBySide.answers[200] > SideBySide.answers.total() / 4, "most calls were refused: they prove little"
