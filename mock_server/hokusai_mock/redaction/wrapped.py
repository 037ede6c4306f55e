"""Secrets that are broken over lines: base64 in lines of 76, folded and wrapped YAML, text that was indented.

Finding and replacing only; which spellings a secret has is in `spellings`.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["may_be_wrapped", "replace_wrapped", "squeezed"]

_BREAK = r"\\?(?:\r?\n|(?:\\r)?\\n)[ \t]*\\?"
"""The end of a line, real or as JSON writes it, with YAML's backslashes and the indentation of the next line."""

_BREAKS = re.compile(_BREAK)
_LOOSE = re.compile(rf"{_BREAK}|[ \t\\]+")


def squeezed(text: str) -> str | None:
    """`text` on one line, without blanks and backslashes; `None` when it is one line.

    What is wrapped in a text is in this one too (`may_be_wrapped`), which is quick to look at.
    """
    return _LOOSE.sub("", text) if _BREAKS.search(text) else None


def may_be_wrapped(spelling: str, on_one_line: str | None) -> bool:
    """Whether it is worth while to look for `spelling` in a text of which `squeezed` gave `on_one_line`."""
    return on_one_line is not None and _LOOSE.sub("", spelling) in on_one_line


def replace_wrapped(text: str, spelling: str, label: str) -> tuple[str, int]:
    """`text` with `label` where `spelling` stands, wherever it is broken, and how often that was."""
    return _pattern(spelling).subn(lambda _: label, text)


@lru_cache(maxsize=1024)
def _pattern(spelling: str) -> re.Pattern[str]:
    letters = [rf"(?:[ \t]|{_BREAK})+" if letter in " \t" else re.escape(letter) for letter in spelling]
    return re.compile(rf"(?:{_BREAK})?".join(letters))
