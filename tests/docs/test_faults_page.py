"""`docs/faults.md` says what the effects are, and what real clients make of them; `faults_page.py` writes it anew."""

from __future__ import annotations

import dataclasses
import re

import pytest
from client_outcomes import CLIENTS, FAULTS, Outcome, outcomes, versions
from faults_page import PAGE, documented, part, reference

from hokusai_mock.faults import EFFECTS, GROUPS, LAYERS, Match, Schedule
from hokusai_mock.faults.pages import PAGES
from hokusai_mock.journal import FATES

REWRITE = "it is out of date: run `python tests/docs/faults_page.py`"
HERE = versions()


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, Outcome]]:
    """What the clients of this environment make of each fault."""
    return outcomes(list(HERE))


def test_the_reference_is_that_of_the_effects(page):
    assert part(page, "effects") == reference(), REWRITE


def rows(page: str, heading: str) -> list[str]:
    """The first words of the rows of the table below a heading."""
    section = page.split(f"\n## {heading}\n")[1].partition("\n## ")[0]
    return re.findall(r"^\| `(\w+)`", section, re.MULTILINE)


def test_every_field_of_a_rule_is_told(page):
    schedule = [field.name for field in dataclasses.fields(Schedule)]

    assert sorted(rows(page, "The fields of a rule")) == sorted(
        ["effect", "with", "layer", "when", "match", "window", *schedule]
    )
    named = [*(field.name for field in dataclasses.fields(Match)), *GROUPS, *LAYERS[1:], *PAGES]
    assert [name for name in named if f"`{name}`" not in page] == []


def test_every_fate_is_told(page):
    assert tuple(rows(page, "What the journal says")) == FATES


def test_the_table_has_every_effect_that_a_client_could_stumble_over(page):
    _, cells = documented(page)

    assert list(cells) == list(FAULTS), REWRITE
    # What only takes time is no exception, and a status is one whether it comes at once or not.
    assert {rule["effect"] for rule in FAULTS.values()} == set(EFFECTS) - {"delay", "delay_then_status"}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_raises_what_the_table_says(page, seen, client):
    if client not in HERE:
        pytest.skip(f"{client} is not installed")
    made_with, cells = documented(page)
    told = {fault: row[client] for fault, row in cells.items()}
    if HERE[client] != made_with[client]:  # another version may say it in other words, but raises the same
        told = {fault: cell.partition("<br>")[0] for fault, cell in told.items()}
        met = {fault: row[client].cell().partition("<br>")[0] for fault, row in seen.items()}
    else:
        met = {fault: row[client].cell() for fault, row in seen.items()}

    assert met == told, REWRITE
