"""Prove the symptoms: play every scenario with four generations of MLflow's client; print one line of JSON.

What each client showed goes to `proofs/symptoms.seen.json`, from which the incident pages are made. For
`proofs/prove.py`.

    python prove_symptoms.py                all files
    python prove_symptoms.py NAME ...       these files alone, for who has changed them: what the others showed is kept
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SEEN = ROOT / "proofs" / "symptoms.seen.json"
RECORDER = HERE / "record_symptoms.py"

ENVIRONMENTS = "HOKUSAI_CLIENT_ENVIRONMENTS"
"""Names a folder in which environments (`mlflow-VERSION`) are kept from one proof to the next."""


class Generation(NamedTuple):
    """A client, the Python that it runs on, and what it needs beside the rest."""

    python: str
    packages: Sequence[str]


GENERATIONS: Mapping[str, Generation] = {
    "2.9.2": Generation("3.10", ("mlflow-skinny==2.9.2", "setuptools<81", "pandas<3")),
    "2.22.5": Generation("3.11", ("mlflow-skinny==2.22.5", "pandas<3")),
    "3.9.0": Generation("3.11", ("mlflow==3.9.0",)),
    "3.17.2": Generation("3.13", ("mlflow-skinny==3.17.2",)),
}


class NotInstallable(Exception):
    """The environment of a client could not be made; the message holds the installer's last words."""


def python_of(version: str, folder: Path) -> Path:
    """The interpreter of an environment with that client, this kit and the SDK; made when it is not there."""
    home = folder / f"mlflow-{version}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if python.exists():
        return python
    generation = GENERATIONS[version]
    uv = shutil.which("uv")
    if uv is None:
        raise NotInstallable(f"no environment for MLflow {version}: uv is not installed")
    wanted = [*generation.packages, "scikit-learn", "pytest", "-e", f"{ROOT}[tls]", "-e", f"{ROOT / 'sdk'}[skinny]"]
    for command in (
        [uv, "venv", "-p", generation.python, str(home)],
        [uv, "pip", "install", "-p", str(python), *wanted],
    ):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(home, ignore_errors=True)
            last = "\n".join(done.stdout.splitlines()[-3:])
            raise NotInstallable(f"no environment for MLflow {version}: {' '.join(command)} said:\n{last}")
    return python


def recorded(version: str, folder: Path, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What the client of that version showed of the files, or of all; `RuntimeError` when it could not be asked."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW", "HOKUSAI"))}
    env["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "mock_server", ROOT / "sdk")))
    done = subprocess.run(
        [str(python_of(version, folder)), str(RECORDER), *names],
        cwd=HERE,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"MLflow {version}: {done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    if result["clients"]["mlflow"] != version:
        raise RuntimeError(f"the environment for MLflow {version} has {result['clients']['mlflow']}")
    files: dict[str, list[dict[str, Any]]] = result["files"]
    return files


def figures(files: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Counts, and the files in which a symptom was otherwise, or of which nothing concerned this client."""
    return {
        "files": len(files),
        "symptoms": sum(map(len, files.values())),
        "otherwise": sorted(name for name, entries in files.items() if any(entry["wrong"] for entry in entries)),
        "without_a_symptom": sorted(name for name, entries in files.items() if not entries),
    }


def write(seen: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], names: Sequence[str]) -> None:
    """Keep what was shown: by file, by what the symptom is about, by version; of the files `names`, or of all."""
    table: dict[str, dict[str, dict[str, str]]] = json.loads(SEEN.read_text("utf-8"))["files"] if names else {}
    for name in names:
        table.pop(name, None)
    for version, files in seen.items():
        for name, entries in files.items():
            for entry in entries:
                table.setdefault(name, {}).setdefault(entry["symptom"], {})[version] = entry["shown"]
    SEEN.write_text(json.dumps({"versions": list(seen), "files": table}, indent=1, sort_keys=True) + "\n", "utf-8")


def main(names: Sequence[str]) -> int:
    """Play the files with one generation after the other."""
    counted: dict[str, Any] = {}
    seen = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.environ.get(ENVIRONMENTS) or temporary)
        for version in GENERATIONS:
            try:
                seen[version] = recorded(version, folder, names)
                counted[version] = figures(seen[version])
            except (NotInstallable, RuntimeError) as error:
                sys.stdout.write(f"{error}\n")
                counted[version] = {"not played": str(error).splitlines()[0]}
            sys.stdout.write(f"MLflow {version}: {json.dumps(counted[version])}\n")
            sys.stdout.flush()
            for name, entries in seen.get(version, {}).items():
                sys.stdout.writelines(f"  {name}: {line}\n" for entry in entries for line in entry["wrong"])
    complete = set(seen) == set(GENERATIONS)
    if complete:
        write(seen, names)
    passed = complete and not any(one["otherwise"] for one in counted.values())
    sys.stdout.write(json.dumps({"passed": passed, "figures": counted}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
