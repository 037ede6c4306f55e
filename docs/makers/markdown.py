"""Markdown that holds whatever text is put into it. What stands on a page is decided elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["cell", "code", "text_of"]


def text_of(lines: Iterable[str]) -> str:
    """A page of these lines: never two empty ones together, one line break at its end."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def cell(text: str) -> str:
    """Text that stays inside of its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def code(text: str) -> str:
    """A code span that holds whatever is in `text`, in a table."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{cell(text)}{space}{fence}"
