"""The fixture `hokusai` has the clock and the snapshots of its sandbox, and `hokusai_env` follows a restore."""

from __future__ import annotations

import os

from hokusai_testkit import HokusaiSandbox


def test_the_clock_is_the_sandboxes_own(hokusai: HokusaiSandbox, hokusai_server) -> None:
    hokusai.clock.freeze(1_750_000_000_000)
    hokusai.clock.advance("24h")
    assert hokusai.clock.now_ms == 1_750_000_000_000 + 86_400_000
    assert not hokusai_server.sandbox("another").clock.frozen


def test_the_environment_follows_a_restore(hokusai: HokusaiSandbox, hokusai_env) -> None:
    healthy = hokusai.snapshot()
    hokusai.scenario("client.no_scheme")
    broken = os.environ["MLFLOW_TRACKING_URI"]
    hokusai.restore(healthy)
    assert os.environ["MLFLOW_TRACKING_URI"] == hokusai.tracking_uri != broken
