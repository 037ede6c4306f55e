"""Prove the recordings and the mock against real MLflow servers: record again, compare, print one line of JSON.

Every version that can be installed with its pins is recorded into a folder that is thrown away; the fresh recording is
compared with the committed one and with the mock. For `proofs/prove.py`; `python prove_fidelity.py [VERSION ...]`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from explained import EXPLAINED
from record import record
from replay import Exchange, difference, recorded, replayed
from servers import VERSIONS, NotInstallable, mlflow_of

ENVIRONMENTS = "HOKUSAI_FIDELITY_ENVIRONMENTS"
"""Names a folder in which environments are kept from one proof to the next."""


def prove(version: str, environments: Path, folder: Path) -> dict[str, Any]:
    """The figures of one version; `unexplained` and `changed` are to be 0."""
    record(version, mlflow_of(version, environments), folder)
    fresh, committed, mock = recorded(version, folder), recorded(version), replayed(version)
    changed = _differing(committed, fresh)
    differing = _differing(mock, fresh)
    explained = [name for name in differing if (version, name) in EXPLAINED]
    for title, ours in (("the committed recording", committed), ("the mock", mock)):
        _report(version, title, ours, fresh)
    return {
        "exchanges": len(fresh),
        "equal": len(fresh) - len(differing),
        "explained": len(explained),
        "unexplained": len(differing) - len(explained),
        "changed": len(changed),
    }


def _differing(ours: list[Exchange], fresh: list[Exchange]) -> list[str]:
    if [one["name"] for one in ours] != [one["name"] for one in fresh]:
        raise SystemExit("the recordings are of another script: record them again")
    return [theirs["name"] for mine, theirs in zip(ours, fresh, strict=True) if mine != theirs]


def _report(version: str, title: str, ours: list[Exchange], fresh: list[Exchange]) -> None:
    for mine, theirs in zip(ours, fresh, strict=True):
        if mine != theirs and (version, theirs["name"]) not in EXPLAINED:
            sys.stdout.write(f"MLflow {version} and {title}: {difference(mine, theirs)}\n")


def main(versions: list[str]) -> int:
    """Prove the versions, one after the other."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        environments = Path(os.environ.get(ENVIRONMENTS) or Path(folder) / "environments")
        for version in versions:
            try:
                figures[version] = prove(version, environments, Path(folder))
            except NotInstallable as error:
                sys.stdout.write(f"{error}\n")
                figures[version] = {"not installed": str(error).splitlines()[0]}
            sys.stdout.write(f"MLflow {version}: {json.dumps(figures[version])}\n")
    compared = [one for one in figures.values() if "exchanges" in one]
    passed = bool(compared) and not any(one["unexplained"] or one["changed"] for one in compared)
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or list(VERSIONS)))
