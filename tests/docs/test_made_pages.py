"""Pages that are made from what is written down elsewhere are up to date."""

from __future__ import annotations

import pytest

import makers

MADE = makers.pages()


@pytest.mark.parametrize("path", sorted({*MADE, *makers.differing(MADE)}))
def test_a_made_page_is_up_to_date(path: str) -> None:
    assert path not in makers.differing(MADE), f"run `python docs/build.py`: docs/{path} is not what it would write"
