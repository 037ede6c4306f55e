"""`hokusai-testkit scenarios`: the incident catalogue, as a list and one by one."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import click

from hokusai_mock import scenarios
from hokusai_mock.scenarios import Scenario, ScenarioError, Symptom

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
    width = max(len(scenario.name) for scenario in catalogue)
    for scenario in catalogue:
        parameters = f"  [{', '.join(scenario.params)}]" if scenario.params else ""
        click.echo(f"{scenario.id}  {scenario.name:{width}}  {scenario.title}{parameters}")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Put the scenario on stdout as JSON.")
def show(name: str, as_json: bool) -> None:
    """Show what a scenario is about, what users see, how the doctor knows it, and what helps."""
    try:
        scenario = scenarios.load(name)
    except ScenarioError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        _put_json({"scenario": {**_entry(scenario), "file": dict(scenario.table)}})
        return
    click.echo("\n".join(_page(scenario)))


def _entry(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name,
        "id": scenario.id,
        "variant": scenario.variant,
        "title": scenario.title,
        "family": scenario.family,
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
    yield f"family {scenario.family}, hop {scenario.hop}, looks like {', '.join(scenario.looks_like) or 'nothing else'}"
    yield ""
    yield textwrap.fill(" ".join((scenario.story or "").split()), 100)
    if scenario.params:
        yield "\nParameters"
        for name, param in scenario.params.items():
            choices = f", one of {', '.join(map(str, param.choices))}" if param.choices else ""
            yield f"  {name} ({param.type}{choices}), default {param.default}"
    yield "\nWhat is seen"
    yield from (f"  {line}" for symptom in scenario.symptoms for line in _symptom(symptom))
    yield "\nHow the doctor knows it"
    yield from (f"  {signature.weight:9}{signature.seen}" for signature in scenario.signatures)
    if scenario.remedy:
        yield f"\nWhat helps ({scenario.remedy.owner})"
        yield textwrap.fill(scenario.remedy.text, 100, initial_indent="  ", subsequent_indent="  ")
        yield from (f"    {command_line}" for command_line in scenario.remedy.commands.posix)
        yield from (f"  Do not: {never}." for never in scenario.remedy.never)


def _symptom(symptom: Symptom) -> Iterator[str]:
    said = symptom.text or (f"errno {', '.join(map(str, symptom.errno))}" if symptom.errno else None)
    what = "no exception" if symptom.none else ", ".join(filter(None, [symptom.exception, symptom.code, said]))
    yield f"{symptom.client}: {symptom.call or (f'step {symptom.play}' if symptom.play else 'any call')}: {what}"
