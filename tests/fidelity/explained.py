"""Differences between the mock and a real server that are meant, each with its reason; all else must be equal."""

from __future__ import annotations

_GRAPHQL = "not implemented: the mock answers 501 and names it; the real server trips over this query"

_NULLS = "not known to the mock: this search has other words for a null test, which it refuses all the same"

EXPLAINED: dict[tuple[str, str], str] = {
    ("2.9.2", "search datasets: id that is no list"): (
        "the real server reads this one body by hand, and 0 is nothing to it; the mock reads it as every other body"
    ),
    ("2.22.5", "graphql"): _GRAPHQL,
    ("2.22.5", "download named %E6%BC%A2.csv"): (
        "gunicorn closes the connection without an answer; the mock answers the page that gunicorn answers in 2.9.2"
    ),
    ("3.4.0", "graphql"): _GRAPHQL,
    ("3.9.0", "graphql"): _GRAPHQL,
    ("3.17.2", "graphql"): _GRAPHQL,
    ("3.17.2", "search logged models, tags.team IS NULL"): _NULLS,
    ("3.17.2", "search logged models, name IS NOT NULL"): _NULLS,
    ("3.17.2", "query: huge version"): (
        "SQLite cannot take a number of 67 bits, and the server says so; to the mock such a version is not there"
    ),
}
"""(version, name of the step) -> reason."""
