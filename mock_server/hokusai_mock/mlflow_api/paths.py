"""Artifact paths: which are safe, and where an artifact URI leads in the mock's own artifact root."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlparse, urlunparse

from hokusai_mock.mlflow_api.errors import Crash, invalid

__all__ = ["decoded", "has_control_characters", "root_of", "safe"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")
"""On POSIX, and on Windows; `pathlib` would say the same, but interns every name that it is asked about."""
_DECODINGS = 10


def decoded(text: str) -> str:
    """A path with every layer of percent-encoding removed."""
    for _ in range(_DECODINGS):
        plain = unquote(text)
        parsed = urlunparse(urlparse(plain))
        if parsed == text:
            return text
        text = parsed
    raise Crash


def has_control_characters(text: str) -> bool:
    """Whether a text contains what must never stand in a header."""
    return _CONTROL.search(text) is not None


def safe(path: str, *, escapes_control_characters: bool) -> str:
    """The path as it is used below a root: decoded, without `..`, drive, leading slash or fragment."""
    path = decoded(path)
    if _CONTROL.search(path):
        if not escapes_control_characters:
            raise Crash
        path = _CONTROL.sub(lambda found: f"%{ord(found[0]):02x}", path)
    if (
        "#" in path
        or "\\" in path
        or ".." in path.split("/")
        or _ABSOLUTE.match(path)
        or urlparse(path).scheme == "file"
    ):
        raise invalid("Invalid path")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def root_of(uri: str) -> str | None:
    """The path in the artifact root that an `mlflow-artifacts:` URI means; `None` for what is stored elsewhere."""
    parsed = urlparse(uri)
    return parsed.path.strip("/") if parsed.scheme == "mlflow-artifacts" else None
