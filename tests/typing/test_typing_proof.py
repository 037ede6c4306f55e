"""The typing proof speaks of everything that the contract documents, and is part of what mypy checks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from hokusai_testkit.contract import api

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).resolve().parent
PROOF = (HERE / "sdk_keeps_contract.py").read_text("utf-8")


def test_every_documented_class_and_function_is_assigned_to_its_protocol() -> None:
    documented = {name for name in vars(api) if re.fullmatch(r"[A-Z]\w+(Class|Function)", name)}
    proved = set(re.findall(r": api\.(\w+) = hokusai[.]", PROOF))

    assert sorted(documented - proved) == [], "add a line for these to sdk_keeps_contract.py"


def test_mypy_looks_at_the_proof() -> None:
    settings = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]

    assert settings["strict"] is True
    assert "tests/typing" in settings["files"]
