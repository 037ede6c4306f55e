"""Requests that met no route, and the routes that they come closest to. Pure: methods, paths, and a list of routes.

A route's path may have parameters: `{name}` and `<name>` stand for one segment, `<path:name>` for all that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

__all__ = ["NearRoute", "nearest_routes"]

_PARAMETER = re.compile(r"\{[^}]*\}|<(?:(\w+):)?\w+>")
LIKELY = 0.6
"""What is less alike is no help."""


class NearRoute(NamedTuple):
    """A route that was perhaps meant; the score is 1 when only the method is another one."""

    score: float
    method: str
    path: str


def nearest_routes(method: str, path: str, routes: Iterable[tuple[str, str]], limit: int = 3) -> list[NearRoute] | None:
    """The routes that come closest to a request, the nearest first; `None` when it met one."""
    found: dict[tuple[str, str], NearRoute] = {}
    for known_method, known_path in routes:
        pattern = _pattern(known_path)
        if pattern.fullmatch(path):
            if known_method == method:
                return None
            score = 1.0
        else:
            score = _likeness(path, known_path) - (0.05 if known_method != method else 0.0)
        if score >= LIKELY:
            found[known_method, known_path] = NearRoute(round(score, 4), known_method, known_path)
    return sorted(found.values(), key=lambda one: (-one.score, one.path, one.method))[:limit]


def _pattern(path: str) -> re.Pattern[str]:
    parts, end = [], 0
    for parameter in _PARAMETER.finditer(path):
        parts += [re.escape(path[end : parameter.start()]), ".*" if parameter[1] == "path" else "[^/]+"]
        end = parameter.end()
    return re.compile("".join([*parts, re.escape(path[end:])]))


def _likeness(path: str, route: str) -> float:
    """How alike a path is to a route, from 0 to below 1; a parameter is like any segment at its place."""
    asked, known = path.split("/"), route.split("/")
    if len(asked) == len(known):
        known = [mine if _PARAMETER.fullmatch(one) else one for mine, one in zip(asked, known, strict=True)]
    return min(SequenceMatcher(None, path, "/".join(known), autojunk=False).ratio(), 0.99)
