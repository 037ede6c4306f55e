"""The incident pages hold every situation and every symptom. Whether they are up to date: `test_made_pages.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hokusai_mock import scenarios
from makers import incidents
from makers.markdown import code

ROOT = Path(__file__).resolve().parents[2]


def test_every_situation_stands_in_the_overview_and_on_its_page() -> None:
    made = incidents.pages()
    absent = [
        name
        for name in scenarios.names()
        if f"`{name}`" not in made["incidents/index.md"]
        or f"## `{name}`" not in made[f"incidents/{scenarios.load(name).id}.md"]
    ]

    assert absent == []


def test_every_symptom_was_seen() -> None:
    seen = json.loads(incidents.SEEN.read_text("utf-8"))["files"]
    unseen = {
        name
        for name in scenarios.names()
        for symptom in scenarios.load(name).symptoms
        if symptom.client != "browser" and symptom.os in (None, "linux") and symptom.label not in seen.get(name, {})
    }

    assert sorted(unseen) == [], "run `python tests/mock_server/scenarios/prove_symptoms.py NAME ...` for these"


@pytest.mark.parametrize("text", ["a | b", "`quoted`", "{'detail': `x`}", "line\nline"])
def test_whatever_a_client_says_stays_inside_of_its_cell(text: str) -> None:
    cell = code(text)

    assert "\n" not in cell
    assert cell.count("|") == cell.count("\\|")


def test_the_sample_of_the_format_is_a_scenario() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    sample = page.split("```toml\n")[1].split("```")[0]

    assert scenarios.parse(sample, "client.netrc").missing() == []
