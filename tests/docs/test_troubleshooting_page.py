"""The troubleshooting guide: every incident is found by what is seen of it."""

from __future__ import annotations

import pytest

from hokusai_mock import scenarios
from makers import troubleshooting

ENTRIES = {entry.scenario.id: entry for entry in troubleshooting.entries()}
PAGE = troubleshooting.pages()["troubleshooting.md"]


def test_every_incident_has_one_entry_and_is_in_the_index() -> None:
    incidents = {scenarios.load(name).id for name in scenarios.names()}

    assert set(ENTRIES) == incidents
    headings = [line for line in PAGE.splitlines() if line.startswith("### ")]
    assert len(headings) == len(incidents)
    assert [name for name in incidents if f"[{name}](#" not in PAGE] == []


def test_no_symptom_falls_through() -> None:
    assert "## Something else" not in PAGE


@pytest.mark.parametrize(
    ("incident", "title"),
    [
        ("A01", "Nothing was sent"),
        ("A02", "401: who are you"),
        ("A05", "403: you may not"),
        ("B01", "404: not here"),
        ("C03", "500, 502, 503, 504"),
        ("C11", "429: too many requests"),
        ("D02", "No answer"),
        ("D06", "TLS"),
        ("E05", "A page in place of JSON"),
        ("F05", "No error, and yet it is wrong"),
    ],
)
def test_an_incident_stands_under_what_is_seen_of_it_first(incident: str, title: str) -> None:
    assert ENTRIES[incident].group.title == title


@pytest.mark.parametrize("incident", sorted(ENTRIES))
def test_an_entry_says_cause_and_remedy(incident: str) -> None:
    entry = ENTRIES[incident]
    assert entry.scenario.remedy is not None
    text = PAGE.split(f"\n### {incident}: ")[1].split("\n### ")[0]

    assert " ".join(entry.scenario.remedy.text.split()) in text
    assert "**Cause**: " in text
