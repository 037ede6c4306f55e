"""`hokusai-testkit scenarios`: the incident catalogue, as a list and one by one."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import click

from hokusai_mock import scenarios
from hokusai_mock.scenarios import Scenario, ScenarioError, Symptom
from hokusai_mock.scenarios.vocabulary import FAMILIES

__all__ = ["command"]

SCHEMA_VERSION = 1


@click.group("scenarios")
def command() -> None:
    """The catalogue of incidents that the mock plays and the doctor names."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Put the list on stdout as JSON.")
def list_(as_json: bool) -> None:
    """List all scenarios."""
    catalogue = [scenarios.load(name) for name in scenarios.names()]
    if as_json:
        _put_json({"scenarios": [_entry(scenario) for scenario in catalogue]})
        return
    click.echo("\n".join(_listed(catalogue)))


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Put the scenario on stdout as JSON.")
def show(name: str, as_json: bool) -> None:
    """Show what a scenario is about, what users see, how the doctor knows it, and what helps.

    NAME is a scenario's name (auth.admin_required) or an incident (A05).
    """
    try:
        scenario = scenarios.load(_named(name))
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        entry = {**_entry(scenario), "unplayable": _unplayable(scenario), "file": dict(scenario.table)}
        _put_json({"scenario": entry})
        return
    click.echo("\n".join(_page(scenario)))


def _listed(catalogue: list[Scenario]) -> Iterator[str]:
    """A line a scenario, by family and incident; what it asks of the client and what is not there yet, behind it."""
    width = max(len(scenario.name) for scenario in catalogue)
    for family in FAMILIES.values():
        members = [scenario for scenario in catalogue if scenario.family == family]
        if not members:
            continue
        incidents = len({scenario.id for scenario in members})
        yield f"# {family}: {_count(incidents, 'incident')}, {_count(len(members), 'scenario')}"
        for scenario in sorted(members, key=lambda one: (one.id, one.variant or "", one.name)):
            parameters = f"  [{', '.join(scenario.params)}]" if scenario.params else ""
            wanted = _client_needs(scenario)
            needs = f"; the client needs {', '.join(wanted)}" if wanted else ""
            missing = ", ".join(item.partition(" (")[0] for item in _unplayable(scenario))
            playable = f"; cannot be played yet: it would need {missing}" if missing else ""
            mark = " " if scenario.named_by_doctor else "*"
            yield f"{scenario.id}{mark} {scenario.name:{width}}  {scenario.title}{parameters}{needs}{playable}"
    if any(not scenario.named_by_doctor for scenario in catalogue):
        yield "* the doctor cannot name it yet: a check that would decide is not there"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _client_needs(scenario: Scenario) -> list[str]:
    """What the client's side must have or is given: packages, Docker, files in its home, another SDK; in words."""
    client = scenario.table.get("client", {})
    words = [_NEEDS[need] for need in client.get("needs", ())]
    if client.get("files"):
        words.append("files in its home")
    if client.get("sdk"):
        words.append(f"an SDK {str(client['sdk']).replace(':', ' ')}")
    words += [f"to be without {name}" for name in client.get("hides", ())]
    return words


_NEEDS = {"package": "another package", "docker": "Docker", "tls": "TLS certificates"}


def _named(reference: str) -> str:
    """The name of the scenario that `reference` means: the name itself, or that of the only file of an incident."""
    incident = reference.upper()
    if re.fullmatch(r"[A-G]\d\d", incident) is None:
        return reference
    found = _by_incident().get(incident, [])
    if not found:
        raise click.UsageError(f"no scenario of this version plays the incident {incident}; 'scenarios list' has all")
    if len(found) > 1:
        raise click.UsageError(f"{incident} is played by several scenarios: {', '.join(found)}; name one")
    return found[0]


def _by_incident() -> dict[str, list[str]]:
    """The names of all scenarios by their incident."""
    found: dict[str, list[str]] = {}
    for name in scenarios.names():
        found.setdefault(scenarios.load(name).id, []).append(name)
    return found


def _unplayable(scenario: Scenario) -> list[str]:
    """What this version would need to play it; empty also for one that wants a parameter first."""
    try:
        return scenario.resolve().unplayable()
    except ScenarioError:
        return []


def _entry(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "id": scenario.id,
        "variant": scenario.variant,
        "title": scenario.title,
        "family": scenario.family,
        "hop": scenario.hop,
        "client_needs": _client_needs(scenario),
        "playable": not _unplayable(scenario),
        "named_by_doctor": scenario.named_by_doctor,
        "unproved": scenario.unproved,
        "params": {
            name: {
                "type": param.type,
                "default": param.default,
                "choices": list(param.choices) if param.choices else None,
                "unit": param.unit,
            }
            for name, param in scenario.params.items()
        },
    }


def _put_json(content: dict[str, Any]) -> None:
    json.dump({"schema_version": SCHEMA_VERSION, **content}, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _page(scenario: Scenario) -> Iterator[str]:
    yield f"{scenario.name} ({scenario.id}): {scenario.title}"
    yield f"family {scenario.family}, hop {scenario.hop}, {_look_alikes(scenario)}"
    yield ""
    yield textwrap.fill(" ".join((scenario.story or "").split()), 100)
    if missing := _unplayable(scenario):
        words = f"This version cannot play it: it would need {'; '.join(missing)}. The doctor names it all the same."
        yield "\n" + textwrap.fill(words, 100)
    if wanted := _client_needs(scenario):
        yield "\n" + textwrap.fill(f"The client needs {', '.join(wanted)}; `run` and the fixtures give it that.", 100)
    yield from _parameters(scenario)
    yield "\nWhat is seen"
    yield from (f"  {line}" for symptom in scenario.symptoms for line in _symptom(symptom))
    yield "\nHow the doctor knows it"
    for signature in scenario.signatures:
        later = "  (cannot be seen yet)" if signature.seen in scenario.unproved else ""
        yield f"  {signature.weight:9}{signature.seen}{later}"
    if scenario.remedy:
        yield f"\nWhat helps ({scenario.remedy.owner})"
        yield textwrap.fill(scenario.remedy.text, 100, initial_indent="  ", subsequent_indent="  ")
        yield from (f"    {command_line}" for command_line in scenario.remedy.commands.posix)
        yield from (f"  Do not: {never}." for never in scenario.remedy.never)


def _look_alikes(scenario: Scenario) -> str:
    """What else looks the same; incidents that no file describes yet are set apart."""
    described = _by_incident()
    known = [incident for incident in scenario.looks_like if incident in described]
    absent = [incident for incident in scenario.looks_like if incident not in described]
    text = f"looks like {', '.join(known) or 'nothing else'}"
    return f"{text} (not in this version's catalogue: {', '.join(absent)})" if absent else text


_COMMON_WORDS = {
    "after": "let so many matching requests pass first",
    "times": "fail so many, then behave; always when absent",
    "every": "fail each so-many-th only",
    "probability": "fail each with this probability, from 0 to 1",
    "per": "what the above count by: rule, key or path",
    "methods": "only these methods, such as GET+POST",
    "paths": "only these paths, such as @registry+/api/v1/*",
}
"""What the parameters do that every scenario with faults has."""


def _parameters(scenario: Scenario) -> Iterator[str]:
    if scenario.params:
        yield "\nParameters"
    for name, param in scenario.params.items():
        choices = f", one of {', '.join(map(str, param.choices))}" if param.choices else ""
        yield f"  {name} ({param.type}{choices}), default {param.default}"
    if scenario.table.get("fault"):
        yield "\nParameters of every scenario with faults"
        yield from (f"  {name:12}{_COMMON_WORDS[name]}" for name in scenarios.COMMON)


def _symptom(symptom: Symptom) -> Iterator[str]:
    said = symptom.text or (f"errno {', '.join(map(str, symptom.errno))}" if symptom.errno else None)
    status = f"HTTP {symptom.status_code}" if symptom.status_code else None
    what = "no exception" if symptom.none else ", ".join(filter(None, [symptom.exception, symptom.code, status, said]))
    yield f"{symptom.client}: {symptom.call or (f'step {symptom.play}' if symptom.play else 'any call')}: {what}"
