"""The page of the platform names every route and every setting that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hokusai_mock.gateway import table
from hokusai_mock.gateway.openapi import asks_for_key
from hokusai_mock.scenarios.vocabulary import PLAYABLE_SETTINGS
from hokusai_mock.settings import Settings

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "platform.md").read_text("utf-8")
ROWS = {
    row[1]: row.groups()[1:]
    for line in PAGE.splitlines()
    if (row := re.fullmatch(r"\| `(\w+ /[^`]*)` \| (\w+) \| (.*?) \| (\w+) \| .* \|", line))
}
LISTED = [route for route in table.ALL if not route.path.startswith("/models")]
GATEWAY = [name for name in Settings.__dataclass_fields__ if name in PLAYABLE_SETTINGS]


@pytest.mark.parametrize("route", LISTED, ids=lambda route: f"{route.method} {route.path}")
def test_the_page_tells_of_a_route_what_the_table_says(route):
    key, answers, provenance = ROWS[f"{route.method} {route.path}"]
    assert key == ("key" if asks_for_key(route) else "open")
    assert answers.split(";")[0].split() == [str(status) for status in sorted(route.answers)]
    assert (f"429 after {route.per_minute}/min" in answers) is (route.per_minute is not None)
    assert provenance == route.provenance


def test_the_page_has_no_route_that_is_gone():
    assert set(ROWS) == {f"{route.method} {route.path}" for route in LISTED}


@pytest.mark.parametrize("name", GATEWAY[: GATEWAY.index("webhook_secret") + 1])
def test_the_page_names_every_setting_of_the_gateway(name):
    assert f"`{name}`" in PAGE
