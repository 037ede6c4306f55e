"""What an API key may look like. Decides without I/O; an error never shows any part of the key."""

from __future__ import annotations

from hokusai.exceptions import ConfigurationError

__all__ = ["check_key"]

_QUOTES = "\"'`\u201c\u201d\u2018\u2019"
_REMEDY = "Set the key again without it, for example: export HOKUSAI_API_KEY=\"$(tr -d '\\r\\n' < key.txt)\"."


def check_key(key: object, source: str) -> str:
    """Return `key` if it can be sent in a header, else raise `ConfigurationError` (A14) that names `source` only."""
    if not isinstance(key, str):
        raise ConfigurationError(f"The API key from {source} is a {type(key).__name__}, not a string.", code="A14")
    fault = _fault(key)
    if fault:
        raise ConfigurationError(f"The API key from {source} {fault}.", code="A14", remedy=_REMEDY)
    return key


def _fault(key: str) -> str | None:
    """Say what is wrong with `key`, without repeating any of it."""
    if "\ufeff" in key or key.startswith("\xef\xbb\xbf"):
        return "has a byte order mark (BOM) in it"
    if "\n" in key or "\r" in key:
        return "has a line break in it"
    if key[:1] in _QUOTES or key[-1:] in _QUOTES:
        return "has quotes around it" if key else "is empty"
    if any(character.isspace() for character in key):
        return "has a blank in it"
    if not key.isascii() or not key.isprintable():
        return "has a character in it that cannot be sent in an HTTP header"
    return None
