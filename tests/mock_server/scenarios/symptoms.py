"""Symptoms against what was seen: which concern a client that is here, on which call, and where they differ. No I/O."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from hokusai_mock.scenarios import ResolvedScenario, Symptom

SEARCH = "experiments.search"
"""What is called when neither plays nor symptom name a call."""

SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_TESTS = {
    ">=": tuple.__ge__,
    "<=": tuple.__le__,
    ">": tuple.__gt__,
    "<": tuple.__lt__,
    "==": tuple.__eq__,
    "!=": tuple.__ne__,
}


class Target(NamedTuple):
    """Where a symptom shows: in a step of the scenario's plays, or in a call that is made alone."""

    step: int | None
    """Index into the plays; `None`: the call is made alone, in a sandbox of its own."""
    call: str


def installed(*distributions: str) -> str | None:
    """The version of the first of these distributions that is installed."""
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # noqa: PERF203 - two names
            continue
    return None


def versions() -> dict[str, str | None]:
    """The clients of this environment, and their versions; `None`: not here. Browsers are played elsewhere."""
    return {
        "mlflow": installed("mlflow", "mlflow-skinny"),
        "hokusai": installed("hokusai-minimal-sdk"),
        "requests": installed("requests"),
        "curl": "0" if shutil.which("curl") else None,
        "browser": None,
    }


def client_of(symptom: Symptom) -> str:
    """The name of the symptom's client, without versions."""
    return re.split("[<>=!~]", symptom.client)[0]


def concerns(symptom: Symptom, here: Mapping[str, str | None]) -> bool:
    """Whether the symptom is one of a client that is `here`, in its version, on this system."""
    version = here[client_of(symptom)]
    if version is None or symptom.os not in (None, SYSTEMS.get(sys.platform)):
        return False
    return all(
        _holds(operator, _numbers(version), _numbers(wanted))
        for operator, wanted in re.findall(r"([<>=!~]+)([\d.]+)", symptom.client)
    )


def _holds(operator: str, version: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    if operator == "~=":
        return version[: len(wanted) - 1] == wanted[:-1] and version >= wanted
    if operator in (">", "<="):
        return _TESTS[operator](version, wanted)
    return _TESTS[operator](version[: len(wanted)], wanted)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def target(symptom: Symptom, resolved: ResolvedScenario) -> Target:
    """Where the symptom shows. A call of the plays is looked at in its last step; else it is made alone."""
    calls = {number: play.call for number, play in enumerate(resolved.plays) if play.call}
    if symptom.play is not None:
        return Target(symptom.play - 1, calls[symptom.play - 1])
    if symptom.call is None and not calls:
        return Target(None, SEARCH)
    wanted = symptom.call or calls[max(calls)]
    steps = [number for number, call in calls.items() if call == wanted]
    return Target(steps[-1] if steps else None, wanted)


def differences(symptom: Symptom, seen: Mapping[str, Any], fill: Mapping[str, str]) -> list[str]:
    """What the file says and the client did not show; `fill` are the values of placeholders in effects."""
    if "unknown" in seen:
        return [seen["unknown"]]
    return [*_of_exception(symptom, seen), *_of_effects(symptom, seen, fill)]


def _of_exception(symptom: Symptom, seen: Mapping[str, Any]) -> list[str]:
    classes, text = seen["exception"], seen.get("text") or ""
    if symptom.none and classes is not None:
        return [f"no exception was expected, and there was {classes[0]}: {text}"]
    wrong = []
    if symptom.exception and symptom.exception not in (classes or ()):
        wrong.append(f"exception: {symptom.exception} is not {classes[:2] if classes else 'raised'}: {text}")
    elif classes is None and (symptom.error_code or symptom.code or symptom.errno):
        return [f"an exception was expected, and there was none: {text}"]
    for name in ("error_code", "code", "status_code"):
        wanted = getattr(symptom, name)
        if wanted is not None and wanted != seen.get(name):
            wrong.append(f"{name}: {wanted!r} is not {seen.get(name)!r}: {text}")
    if symptom.text and symptom.text not in text:
        wrong.append(f"text: {symptom.text!r} is not in {text!r}")
    if symptom.errno and not set(symptom.errno) & set(seen.get("errno", ())):
        wrong.append(f"errno: none of {symptom.errno} is among {seen.get('errno')}: {text}")
    return wrong


def _of_effects(symptom: Symptom, seen: Mapping[str, Any], fill: Mapping[str, str]) -> list[str]:
    effects = symptom.effects
    if effects is None:
        return []
    wrong = [
        f"{name}: {wanted} is not {seen[name]}"
        for name in ("requests", "experiments", "registered_models", "runs", "hollow")
        if (wanted := getattr(effects, name)) is not None and wanted != seen.get(name)
    ]
    for pattern in effects.files_created or ():
        path = re.sub(r"\{([\w.]+)\}", lambda found: fill[found[1]], pattern)
        if path not in seen["files"]:
            wrong.append(f"files_created: {path!r} is not among {seen['files']}")
    return wrong
