"""The symptoms in the shipped files are true: each is played on the mock with the real client of this environment."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hokusai_mock import MockServer, environment, scenarios
from hokusai_mock.scenarios import ResolvedScenario, Symptom

PLAYER = Path(__file__).with_name("play_client.py")
SEARCH = "experiments.search"
REFUSED = "net.refuse"
"""Its listener cannot be played yet; a server that was stopped stands for it."""


def installed(*distributions: str) -> str | None:
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # noqa: PERF203 - two names
            continue
    return None


MLFLOW = installed("mlflow", "mlflow-skinny")
pytestmark = pytest.mark.skipif(MLFLOW is None, reason="plays real MLflow clients")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def concerns(symptom: Symptom) -> bool:
    """Whether the symptom is one of a client that is here, in its version."""
    name, *specs = re.split(r"(?=[<>=!~])|,", symptom.client, maxsplit=1)
    if name == "hokusai":
        return installed("hokusai-minimal-sdk") is not None
    if name != "mlflow":
        return name == "requests"
    here = _numbers(MLFLOW or "")
    tests = {">=": tuple.__ge__, "<": tuple.__lt__, "==": tuple.__eq__}
    for operator, version in re.findall(r"(>=|<|==)([\d.]+)", "".join(specs)):
        if not tests[operator](here[: len(_numbers(version))], _numbers(version)):
            return False
    return True


def reference(symptom: Symptom, resolved: ResolvedScenario) -> str:
    call = symptom.call or next((play.call for play in resolved.plays if play.call), None) or SEARCH
    return f"{re.split('[<>=]', symptom.client)[0]} {call}"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(port=0) as running:
        yield running


def client_environment(name: str, server: MockServer) -> dict[str, str | None]:
    if name == REFUSED:
        with MockServer(port=0) as stopped:
            return dict(stopped.sandbox("gone").env)
    sandbox = server.sandbox(f"symptoms-{name}")
    sandbox.scenario(name)
    return dict(sandbox.env)


def play(references: list[str], env: dict[str, str | None], home: Path) -> list[dict[str, Any]]:
    changes = {
        **env,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "HOME": str(home),
        "HOKUSAI_LOCAL_STORE": str(home / "store"),
        "PYTHONIOENCODING": "utf-8",
    }
    ran = subprocess.run(
        [sys.executable, str(PLAYER), *references],
        env=environment.apply(changes, os.environ),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    result: list[dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return result


def differences(symptom: Symptom, seen: dict[str, Any]) -> list[str]:
    """What the file says and the client did not show."""
    if symptom.none or seen["exception"] is None:
        return [] if symptom.none and seen["exception"] is None else [f"exception: {seen}"]
    wrong = [
        f"{name}: {wanted!r} is not {seen[name]!r}"
        for name in ("error_code", "code", "status_code")
        if (wanted := getattr(symptom, name)) is not None and wanted != seen[name]
    ]
    if symptom.exception and symptom.exception not in seen["exception"]:
        wrong.append(f"exception: {symptom.exception} is not {seen['exception']}")
    if symptom.text and symptom.text not in seen["text"]:
        wrong.append(f"text: {symptom.text!r} is not in {seen['text']!r}")
    if symptom.errno and not any(f"[Errno {number}]" in seen["text"] for number in symptom.errno):
        wrong.append(f"errno: none of {symptom.errno} is in {seen['text']!r}")
    return wrong


@pytest.mark.parametrize("name", scenarios.names())
def test_users_see_what_the_file_says(name: str, server: MockServer, tmp_path: Path) -> None:
    resolved = scenarios.load(name).resolve()
    symptoms = [symptom for symptom in resolved.symptoms if concerns(symptom)]
    seen = play([reference(symptom, resolved) for symptom in symptoms], client_environment(name, server), tmp_path)
    wrong = {
        f"{symptom.client} {symptom.call}": found
        for symptom, outcome in zip(symptoms, seen, strict=True)
        if (found := differences(symptom, outcome))
    }

    assert len(symptoms) >= 2
    assert wrong == {}
