"""What an API key may look like, and the type in which the SDK holds it. Decides without I/O.

No error shows any part of a key, and no representation does: `Secret` is a string that prints itself as `'***'` where
programs print variables (tracebacks with locals, debuggers, `repr` of what holds it).
"""

from __future__ import annotations

from typing import Any, TypeVar

from hokusai.exceptions import ConfigurationError

__all__ = ["Secret", "check_key", "hide"]

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_REMEDY = (
    "Set it again with nothing but the key's own characters, for example: "
    "export HOKUSAI_API_KEY=\"$(tr -cd 'A-Za-z0-9_-' < key.txt)\"."
)
_Value = TypeVar("_Value")


class Secret(str):
    """A string that does not show itself: its `repr` is `'***'`. Everything else about it is a string's."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def hide(value: _Value) -> _Value:
    """Return a string as `Secret`, anything else as it is.

    A function that is given a key rebinds its parameter to this first, so that the key stands in no frame of the SDK.
    """
    hidden: Any = Secret(value) if isinstance(value, str) else value
    return hidden  # type: ignore[no-any-return]


def check_key(key: object, source: str) -> Secret:
    """Return `key` if it can be sent in a header, else raise `ConfigurationError` (A14) that names `source` only."""
    key = hide(key)
    if not isinstance(key, str):
        raise ConfigurationError(f"The API key from {source} is a {type(key).__name__}, not a string.", code="A14")
    if not key:
        raise ConfigurationError(
            f"The API key from {source} is empty.",
            code="A14",
            remedy="Give the key itself, or leave it out: then HOKUSAI_API_KEY and the configuration file are read.",
        )
    fault = _fault(Secret(key))
    if fault:
        raise ConfigurationError(f"The API key from {source} {fault}.", code="A14", remedy=_REMEDY)
    return Secret(key)


def _fault(key: Secret) -> str | None:
    """Say what is wrong with `key`, without repeating any of it."""
    if "\ufeff" in key or key.startswith("\xef\xbb\xbf"):
        return "has a byte order mark (BOM) in it"
    if "\n" in key or "\r" in key:
        return "has a line break in it"
    if key[0] in _QUOTES or key[-1] in _QUOTES:
        return "has quotes around it"
    if any(map(str.isspace, key)):
        return "has a blank in it"
    sendable = key.isascii() and key.isprintable()
    return None if sendable else "has a character in it that cannot be sent in an HTTP header"
