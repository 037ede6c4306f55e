"""The incident pages, made from the scenario files and from what clients were seen to show.

A page an incident, and `index.md` with all of them. What a client shows comes from `proofs/symptoms.seen.json`, which
the proof `symptoms` writes: nothing on these pages is expected, it was seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from hokusai_mock import scenarios
from hokusai_mock.scenarios import Scenario, Signature, Symptom
from hokusai_mock.scenarios.vocabulary import FAMILIES, is_planned
from makers.markdown import cell, code, text_of

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "incidents"
SEEN = ROOT / "proofs" / "symptoms.seen.json"

NOTE = "<!-- Made by docs/build.py from the scenario files. Change those, then run it again. -->"
TITLES = {
    "auth": "Credentials and authorization",
    "routing": "URI, routing and look-alike servers",
    "outage": "Outages, gateways, limits",
    "network": "Network and TLS",
    "version": "Versions, contracts, data",
    "artifact": "Artifacts and events",
    "sdk": "The SDK itself, and what reports look like",
}
OWNERS = {"user": "you", "platform": "whoever runs the platform", "network": "whoever runs the network"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
"""When a symptom was played says nothing about it, and would make every client's text another one."""
SHORT = 80
"""Characters of a message in the overview."""

Shown = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By file, by what the symptom is about, by version of the client: what was shown."""


def pages() -> dict[str, str]:
    """The text of every page by its path below `docs/`."""
    by_incident, versions, shown = catalogue()
    made = {
        f"{FOLDER}/{incident}.md": text_of(_page(files, versions, shown)) for incident, files in by_incident.items()
    }
    made[f"{FOLDER}/index.md"] = text_of(_index(by_incident, versions, shown))
    return made


def catalogue() -> tuple[Mapping[str, Sequence[Scenario]], Sequence[str], Shown]:
    """The scenarios by incident, the versions of MLflow that played them, and what was shown."""
    record = json.loads(_MOMENT.sub("<moment>", SEEN.read_text("utf-8")))
    loaded = [scenarios.load(name) for name in scenarios.names()]
    by_incident: dict[str, list[Scenario]] = {}
    for scenario in sorted(loaded, key=lambda one: (one.id, one.variant or "", one.name)):
        by_incident.setdefault(scenario.id, []).append(scenario)
    return by_incident, record["versions"], record["files"]


# -- the overview ------------------------------------------------------------------------------------------------------


def _index(by_incident: Mapping[str, Sequence[Scenario]], versions: Sequence[str], shown: Shown) -> Iterator[str]:
    files = sum(map(len, by_incident.values()))
    symptoms = sum(len(scenario.symptoms) for members in by_incident.values() for scenario in members)
    yield NOTE
    yield "# Incidents"
    yield ""
    yield f"{len(by_incident)} incidents, {files} situations that the mock plays by name, and {symptoms} symptoms, each"
    yield f"seen with real clients: MLflow {', '.join(versions)}, requests, curl and the Hokusai SDK."
    yield "The columns say how MLflow's client fails first, if it does; a ditto mark means the same as to its left, a"
    yield "dash that nothing of that client is played. An asterisk: the doctor cannot name the situation yet."
    for family, members in groupby(by_incident.items(), key=lambda item: FAMILIES[item[0][0]]):
        yield ""
        yield f"## {TITLES[family]}"
        yield ""
        yield f"| incident | play it by | {' | '.join(f'MLflow {_minor(version)}' for version in versions)} |"
        yield f"|---|---|{'---|' * len(versions)}"
        for incident, situations in members:
            for scenario in situations:
                cells = _dittos([_first(scenario, version, shown) for version in versions])
                mark = "" if scenario.named_by_doctor else " *"
                title = cell(scenario.title or "")
                yield f"| [{incident}]({incident}.md) {title}{mark} | `{scenario.name}` | {' | '.join(cells)} |"


def _first(scenario: Scenario, version: str, shown: Shown) -> str:
    """What MLflow's client of that version shows of the situation: the first failure, else that there is none."""
    texts = [
        text
        for symptom in scenario.symptoms
        if symptom.client.startswith("mlflow")
        and (text := shown.get(scenario.name, {}).get(symptom.label, {}).get(version)) is not None
    ]
    failures = [text for text in texts if text != "no exception"]
    if not texts:
        return "-"
    said = gist((failures or texts)[0])
    return code(said if len(said) <= SHORT else said[: SHORT - 1] + "…")


_TELLING = ("Caused by ", "failed with error code ", "failed with exception ", "was successful but ")


def gist(text: str) -> str:
    """The exception and the part of its text that tells most."""
    kind, _, rest = text.partition(": ")
    for words in _TELLING:
        if words in rest:
            return f"{kind}: … {rest[rest.index(words) :]}"
    return text


def _dittos(cells: Sequence[str]) -> list[str]:
    return [
        cell if number == 0 or cell == "-" or cell != cells[number - 1] else '"' for number, cell in enumerate(cells)
    ]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


# -- one incident ------------------------------------------------------------------------------------------------------


def _page(files: Sequence[Scenario], versions: Sequence[str], shown: Shown) -> Iterator[str]:
    first = next((one for one in files if one.variant is None), files[0])
    yield NOTE
    yield f"# {first.id}: {first.title}"
    yield ""
    yield f"{TITLES[first.family or '']}. [All incidents](index.md)"
    for scenario in [first, *(one for one in files if one is not first)]:
        yield ""
        yield from _situation(scenario, versions, shown, alone=len(files) == 1)


def _situation(scenario: Scenario, versions: Sequence[str], shown: Shown, *, alone: bool) -> Iterator[str]:
    yield f"## `{scenario.name}`" + ("" if alone else f": {scenario.title}")
    yield ""
    yield (scenario.story or "").strip()
    yield ""
    owner = scenario.remedy.owner if scenario.remedy else "user"
    yield f"It happens at: {scenario.hop}. Who can end it: {OWNERS[owner]}.{_look_alikes(scenario)}"
    yield ""
    yield "```sh"
    yield f"hokusai-testkit run --scenario {scenario.name} -- python your_program.py"
    yield "```"
    yield from _parameters(scenario)
    yield ""
    yield "### What is seen"
    yield ""
    yield "| client | call | with MLflow | shows |"
    yield "|---|---|---|---|"
    for symptom in scenario.symptoms:
        yield from _symptom(scenario, symptom, versions, shown.get(scenario.name, {}).get(symptom.label, {}))
    yield ""
    yield "### How the doctor knows it"
    yield ""
    if not scenario.named_by_doctor:
        yield "It cannot name it yet: a check that decides is not there."
        yield ""
    yield "| weight | observation | is |"
    yield "|---|---|---|"
    for signature in scenario.signatures:
        later = " (cannot be seen yet)" if is_planned(signature.seen) else ""
        yield f"| {signature.weight} | `{signature.seen}`{later} | {code(_test(signature))} |"
    yield from _remedy(scenario)


def _look_alikes(scenario: Scenario) -> str:
    links = ", ".join(f"[{incident}]({incident}.md)" for incident in scenario.looks_like)
    return f" It looks like: {links}." if links else ""


def _parameters(scenario: Scenario) -> Iterator[str]:
    if not scenario.params:
        return
    yield ""
    yield "| parameter | type | default | one of |"
    yield "|---|---|---|---|"
    for name, param in scenario.params.items():
        default = "" if param.default is None else code(json.dumps(param.default, ensure_ascii=False))
        choices = ", ".join(f"`{choice}`" for choice in param.choices or ())
        kind = f"{param.type} ({param.unit})" if param.unit else param.type
        yield f"| `{name}` | {kind} | {default} | {choices} |"


def _symptom(scenario: Scenario, symptom: Symptom, versions: Sequence[str], texts: Mapping[str, str]) -> Iterator[str]:
    """A line for each thing that was shown, with the versions that showed it."""
    client, call = symptom.client, code(_call(scenario, symptom))
    if client == "browser" or (symptom.os and not texts):
        yield f"| {client} | {call} | | {code(symptom.text or symptom.exception or 'nothing')} (not played) |"
        return
    known = [version for version in versions if version in texts]
    if not known:
        yield f"| {client} | {call} | | not played yet |"
    of_mlflow = client.startswith(("mlflow", "hokusai"))
    for text, group in groupby(known, key=texts.__getitem__):
        several = ", ".join(map(_minor, group))
        with_versions = several if of_mlflow or several != ", ".join(map(_minor, known)) else ""
        yield f"| {client.split('>')[0]} | {call} | {with_versions} | {code(text)}{_effects(symptom)} |"


def _call(scenario: Scenario, symptom: Symptom) -> str:
    if symptom.call:
        return symptom.call
    plays = scenario.table.get("play", [])
    if symptom.play:
        return f"{plays[symptom.play - 1]['call']} (step {symptom.play})"
    calls = [play["call"] for play in plays if "call" in play]
    return calls[-1] if calls else "experiments.search"


def _effects(symptom: Symptom) -> str:
    effects = symptom.effects
    if effects is None:
        return ""
    words = [
        f"{name.replace('_', ' ')}: {value}"
        for name in ("requests", "experiments", "registered_models", "runs")
        if (value := getattr(effects, name)) is not None
    ]
    if effects.hollow:
        words.append("what comes back is empty")
    words += [f"makes {name}" for name in effects.files_created or ()]
    return f" ({cell('; '.join(words))})"


def _test(signature: Signature) -> str:
    if signature.absent is not None:
        return "absent" if signature.absent else "there"
    if signature.near is not None:
        return f"near {signature.near:g}, within {100 * (signature.tolerance or 0):g} %"
    if signature.matches is not None:
        return signature.matches
    if signature.in_ is not None:
        return " or ".join(json.dumps(one) for one in signature.in_)
    return json.dumps(signature.is_, ensure_ascii=False)


def _remedy(scenario: Scenario) -> Iterator[str]:
    remedy = scenario.remedy
    if remedy is None:
        return
    yield ""
    yield "### What helps"
    yield ""
    yield remedy.text
    for never in remedy.never:
        yield ""
        yield f"Do not: {never}."
    for language, commands in (("sh", remedy.commands.posix), ("powershell", remedy.commands.powershell)):
        if commands:
            yield ""
            yield f"```{language}"
            yield from commands
            yield "```"
    if scenario.evidence:
        yield ""
        yield f"Evidence: {', '.join(scenario.evidence)}."
