"""docs/hokusai-command.md shows what the command really says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_page import PAGE, played

from hokusai_mock import Sandbox


@pytest.mark.filterwarnings("ignore::hokusai.exceptions.HokusaiFallbackWarning")
def test_what_the_page_shows_is_what_the_command_says(
    platform: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = PAGE.read_text("utf-8")
    new = played(page, platform, tmp_path / "local")
    if os.environ.get("HOKUSAI_WRITE_PAGE"):
        PAGE.write_text(new, "utf-8")
    assert new == page
