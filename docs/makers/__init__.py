"""What makes pages of `docs/` from the one place where a thing is written down, and compares what there is with it.

One module a kind of page: each has `pages()`, the text of every page by its path below `docs/`, and `FOLDER` when it
owns a folder, in which no other page may lie. `docs/build.py` is the command, `tests/docs` runs the comparison. The
SDK's docstrings are made in the same way (`help_texts`), their paths lead out of `docs/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from makers import api, coverage, errors, help_texts, incidents, troubleshooting

__all__ = ["DOCS", "MAKERS", "differing", "pages", "write"]

DOCS = Path(__file__).resolve().parents[1]
MAKERS: tuple[ModuleType, ...] = (api, coverage, errors, help_texts, incidents, troubleshooting)


def pages() -> dict[str, str]:
    """The text of every page that is made, by its path below `docs/`."""
    return {path: text for maker in MAKERS for path, text in maker.pages().items()}


def differing(made: Mapping[str, str]) -> list[str]:
    """The paths of pages that are not what would be written, and of those that would not be there."""
    folders = [maker.FOLDER for maker in MAKERS if hasattr(maker, "FOLDER")]
    there = {path.relative_to(DOCS).as_posix() for folder in folders for path in (DOCS / folder).glob("*.md")}
    return sorted(path for path in {*made, *there} if made.get(path) != _read(DOCS / path))


def write(made: Mapping[str, str]) -> list[str]:
    """Write the pages that differ and remove those that nobody makes any more; returns their paths."""
    wrong = differing(made)
    for path in wrong:
        if path in made:
            (DOCS / path).parent.mkdir(exist_ok=True)
            (DOCS / path).write_text(made[path], "utf-8")
        else:
            (DOCS / path).unlink()
    return wrong


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None
