"""Differences between the mock and a real server that are meant, each with its reason; all else must be equal."""

from __future__ import annotations

EXPLAINED: dict[tuple[str, str], str] = {
    ("3.9.0", "graphql"): "not implemented: the mock answers 501 and names it; the real server trips over this query",
}
"""(version, name of the step) -> reason."""
