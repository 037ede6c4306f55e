"""Booleans of the environment, read strictly: `false` never means true."""

from __future__ import annotations

import os
from collections.abc import Mapping

from hokusai.exceptions import ConfigurationError

__all__ = ["FALSE", "TRUE", "flag"]

TRUE = ("true", "1", "yes", "on")
FALSE = ("false", "0", "no", "off")


def flag(name: str, environ: Mapping[str, str] | None = None) -> bool | None:
    """Read a boolean variable strictly; `None` when it is not set, `ConfigurationError` for any other word (F05)."""
    raw = (os.environ if environ is None else environ).get(name, "").strip()
    if not raw:
        return None
    if raw.lower() in TRUE:
        return True
    if raw.lower() in FALSE:
        return False
    raise ConfigurationError(
        f"{name}={raw!r} is neither true nor false.",
        code="F05",
        remedy=f"Set it to one of {', '.join(TRUE)} or {', '.join(FALSE)}, or unset it.",
    )
