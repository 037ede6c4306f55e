"""Prove the SDK against real MLflow servers: every client against every server; print one line of JSON.

A server is started once a version and shared by the clients, each with names of its own. For `proofs/prove.py`;
`python prove_sdk_on_servers.py [SERVER ...]` takes these versions alone. The environments are those of the proofs
`fidelity` (servers) and `symptoms` (clients), kept where these keep theirs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "tests" / "fidelity"), str(ROOT / "tests" / "mock_server" / "scenarios")]

import prove_fidelity  # noqa: E402
import prove_symptoms  # noqa: E402
import servers as fidelity_servers  # noqa: E402
from record import server  # noqa: E402

SERVERS = ("2.9.2", "2.22.5", "3.9.0", "3.17.2")
CLIENTS = ("2.9.2", "2.22.5", "3.9.0", "3.17.2")
JOURNEY = HERE / "journey.py"
SECONDS = 900
"""Longest journey; one takes 15 to 60 s."""


def journey(python: Path, url: str, name: str) -> dict[str, Any]:
    """What one client's journey came to: `client`, `seconds`, `steps`; or `failed` when it did not come to its end."""
    with tempfile.TemporaryDirectory() as home:
        try:
            done = subprocess.run(
                [str(python), str(JOURNEY), url, name],
                cwd=home,
                env=_environment(home),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {SECONDS} s"}
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"client"')]
    if not lines:
        return {"failed": done.stderr[-1500:]}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _environment(home: str) -> dict[str, str]:
    """Nothing of the user's: no key, no tracking URI, no configuration file; the SDK and the kit of this tree."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MLFLOW", "HOKUSAI"))}
    return {
        **kept,
        "HOME": home,
        "NETRC": os.devnull,
        "XDG_DATA_HOME": home,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "mock_server", ROOT / "sdk"))),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "NO_PROXY": "localhost,127.0.0.1",
    }


def prove(version: str, mlflow: Path, pythons: Mapping[str, Path]) -> dict[str, Any]:
    """Every client's journey on a fresh server of that version."""
    figures: dict[str, Any] = {}
    with server(mlflow) as port:
        for client, python in pythons.items():
            came = journey(python, f"http://127.0.0.1:{port}", f"c{client.replace('.', '-')}")
            figures[client] = _figures(client, came)
            sys.stdout.write(f"server {version}, client {client}: {json.dumps(figures[client])}\n")
            sys.stdout.flush()
    return figures


def _figures(client: str, came: Mapping[str, Any]) -> dict[str, Any]:
    if "failed" in came or came["client"] != client:
        return {"failed": came.get("failed") or f"the environment has MLflow {came['client']}"}
    failed = {step: problem for step, problem in came["steps"].items() if problem is not None}
    return {"steps": len(came["steps"]), "failed_steps": failed, "seconds": came["seconds"]}


def main(versions: Sequence[str]) -> int:
    """Prove the servers one after the other."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for_servers = Path(os.environ.get(prove_fidelity.ENVIRONMENTS) or Path(temporary) / "servers")
        for_clients = Path(os.environ.get(prove_symptoms.ENVIRONMENTS) or Path(temporary) / "clients")
        try:
            pythons = {client: prove_symptoms.python_of(client, for_clients) for client in CLIENTS}
            for version in versions:
                mlflow = fidelity_servers.mlflow_of(version, for_servers)
                figures[version] = prove(version, mlflow, pythons)
        except (fidelity_servers.NotInstallable, prove_symptoms.NotInstallable) as error:
            figures["not installed"] = str(error).splitlines()[0]
    pairs = [
        one
        for server_figures in figures.values()
        if isinstance(server_figures, dict)
        for one in server_figures.values()
    ]
    passed = len(pairs) == len(versions) * len(CLIENTS) and all(one.get("failed_steps") == {} for one in pairs)
    sys.stdout.write(json.dumps({"passed": passed, "figures": figures}) + "\n")
    return 0 if passed else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or SERVERS))
