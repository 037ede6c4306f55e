"""The journey that real servers are tried with leaves no documented method out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hokusai_testkit.contract.promises import PROMISES

JOURNEY = (Path(__file__).parent / "journey.py").read_text("utf-8")
ONLINE = ("ModelRegistry", "ModelVersionManager", "HokusaiInferencePipeline", "ExperimentManager", "PerformanceTracker")
"""The classes that talk to a server."""


@pytest.mark.parametrize("method", [one.method for one in PROMISES.values() if one.method and one.owner in ONLINE])
def test_a_documented_method_is_part_of_the_journey(method: str) -> None:
    assert re.search(rf"\.{method}\(", JOURNEY), f"no step of journey.py calls {method}()"
