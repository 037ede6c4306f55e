"""The mock answers as real servers that were started with a switch: hosts, origins, prefix, artifacts, users."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from exchange import play
from mock_side import sender
from replay import PROFILES, RECORDINGS, Exchange, difference
from switches import SWITCHES, Switch

from hokusai_mock.settings import Settings
from hokusai_mock.world import World, WorldOptions

CASES = [
    pytest.param(version, switch, id=f"{version}-{switch.name}")
    for version in sorted(PROFILES)
    for switch in SWITCHES
    if not switch.versions or version in switch.versions
]
_FILES = "a server for artifacts alone keeps runs in files here, which have other words; the mock plays the SQL store"
EXPLAINED: dict[tuple[str, str], str] = {
    (version, "download by run"): _FILES for version in ("2.9.2", "2.22.5", "3.4.0")
}
"""(version, name of the step) -> why the mock differs."""


class SetWorld(World):
    """A world whose settings are given by hand."""

    def __init__(self, profile: str, changes: Mapping[str, Any]) -> None:
        self._changes = dict(changes)
        super().__init__("switches", WorldOptions(mlflow=profile, plain=True))
        self.clock.freeze()

    @property
    def settings(self) -> Settings:
        return replace(super().settings, **self._changes)


def recorded(version: str, name: str) -> list[Exchange]:
    text = (RECORDINGS / f"switches-{version}.json").read_text("utf-8")
    exchanges: list[Exchange] = json.loads(text)["switches"][name]
    return exchanges


def played(version: str, switch: Switch) -> list[Exchange]:
    world = SetWorld(PROFILES[version], switch.settings)
    try:
        return play([*switch.first, *switch.steps], sender(world))
    finally:
        world.close()


@pytest.mark.parametrize(("version", "switch"), CASES)
def test_recording_is_of_these_steps(version: str, switch: Switch) -> None:
    names = [one.name for one in (*switch.first, *switch.steps)]

    assert [one["name"] for one in recorded(version, switch.name)] == names, "record again: record_switches.py"


@pytest.mark.parametrize(("version", "switch"), CASES)
def test_mock_answers_as_the_real_server(version: str, switch: Switch) -> None:
    differences = [
        difference(ours, theirs)
        for ours, theirs in zip(played(version, switch), recorded(version, switch.name), strict=True)
        if ours != theirs and (version, theirs["name"]) not in EXPLAINED
    ]

    assert not differences, "\n".join(differences)
