"""Points in time as the results of this package have them: text in ISO 8601, UTC, with a `Z`."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["now", "utc"]


def utc(milliseconds: int) -> str:
    """Return milliseconds since the epoch as text, such as `2026-06-01T12:00:00.000Z`."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """Return this moment as text."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
