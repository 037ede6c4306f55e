"""The incident pages are those that the scenario files and the recorded symptoms make."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from hokusai_mock import scenarios

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def builder() -> Any:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date(builder: Any) -> None:
    assert builder.differing(builder.pages()) == [], "run `python docs/build.py`"


def test_every_situation_stands_in_the_overview_and_on_its_page(builder: Any) -> None:
    made = builder.pages()
    absent = [
        name
        for name in scenarios.names()
        if f"`{name}`" not in made["index.md"] or f"## `{name}`" not in made[f"{scenarios.load(name).id}.md"]
    ]

    assert absent == []


def test_every_symptom_was_seen(builder: Any) -> None:
    seen = json.loads(builder.SEEN.read_text("utf-8"))["files"]
    unseen = {
        name
        for name in scenarios.names()
        for symptom in scenarios.load(name).symptoms
        if symptom.client != "browser" and symptom.os in (None, "linux") and symptom.label not in seen.get(name, {})
    }

    assert sorted(unseen) == [], "run `python tests/mock_server/scenarios/prove_symptoms.py NAME ...` for these"


@pytest.mark.parametrize("text", ["a | b", "`quoted`", "{'detail': `x`}", "line\nline"])
def test_whatever_a_client_says_stays_inside_of_its_cell(text: str, builder: Any) -> None:
    cell = builder._code(text)

    assert "\n" not in cell
    assert cell.count("|") == cell.count("\\|")


def test_the_sample_of_the_format_is_a_scenario() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    sample = page.split("```toml\n")[1].split("```")[0]

    assert scenarios.parse(sample, "client.netrc").missing() == []
