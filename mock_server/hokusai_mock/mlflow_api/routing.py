"""Routes of a profile as plain data: a dictionary for fixed paths, regular expressions for paths with parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from hokusai_mock.messages import Handler
from hokusai_mock.mlflow_api.endpoints import Endpoint
from hokusai_mock.mlflow_api.layout import refusal
from hokusai_mock.mlflow_api.resources import ENDPOINTS
from hokusai_mock.mlflow_api.switches import Switches
from hokusai_mock.profiles import MlflowProfile

__all__ = ["RouteTable", "allowed_methods", "endpoint_for"]

Methods = dict[str, Handler]
_TWIN = "/ajax-api/"
_PLAIN = Switches()


class RouteTable:
    """The handlers of a profile by path and method."""

    __slots__ = ("_fixed", "_parametrised")

    def __init__(self, profile: MlflowProfile, wrap: Callable[[Handler], Handler], switches: Switches = _PLAIN) -> None:
        """Give every route of the profile its endpoint, wrapped; one that is not implemented answers 501.

        The `switches` that the server was started with move routes, and disable some.
        """
        self._fixed: dict[str, Methods] = {}
        self._parametrised: list[tuple[str, str, Methods]] = []
        patterns: dict[str, Methods] = {}
        for method, path in profile.routes:
            for place in switches.places(method, path, profile):
                refused = switches.refusal(method, path, place, profile)
                handler = refused or wrap(_handler(method, path, profile))
                routes = patterns if "<" in place else self._fixed
                methods = routes.setdefault(place, {})
                methods[method] = handler
                if method == "GET":
                    methods.setdefault("HEAD", handler)
        for path, methods in patterns.items():
            self._parametrised.append((path.partition("<")[0], path, methods))

    def find(self, path: str, method: str) -> tuple[Methods, Mapping[str, str] | None] | None:
        """The handlers of a path by method, and its parameters; `None` where no route has the path.

        A fixed path comes before one with parameters, unless only the latter has the method. Where none has it, the
        handlers are those of all that match. A path with a line break in it has no route on any real server.
        """
        if "\n" in path:
            return None
        others = self._fixed.get(path)
        if others is not None and method in others:
            return others, None
        for prefix, pattern, methods in self._parametrised:
            if path.startswith(prefix):
                match = _expression(pattern).fullmatch(path)
                if match is not None:
                    if method in methods:
                        return methods, match.groupdict()
                    others = {**(others or {}), **methods}
        return None if others is None else (others, None)


def endpoint_for(method: str, path: str) -> Endpoint | None:
    """The endpoint of a route; an `/ajax-api` route without one of its own has that of its `/api` twin."""
    path = path.replace("<any:", "<path:")
    twin = "/api/" + path[len(_TWIN) :] if path.startswith(_TWIN) else path
    return ENDPOINTS.get((method, path)) or ENDPOINTS.get((method, twin))


def _handler(method: str, path: str, profile: MlflowProfile) -> Handler:
    found = endpoint_for(method, path)
    if found is not None:
        return found.handler(profile)
    message = f"The mock does not implement {method} {path} of MLflow {profile.version}."
    return lambda _: refusal(501, "NOT_IMPLEMENTED", message)


_VALUES = {None: "[^/]+", "path:": "[^/].*?", "any:": ".*?"}


@cache
def _expression(path: str) -> re.Pattern[str]:
    """The regular expression of a path, made when it is first needed: all of them take milliseconds."""
    parts = re.split(r"<(path:|any:)?(\w+)>", path)
    text = re.escape(parts[0])
    for kind, name, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        text += f"(?P<{name}>{_VALUES[kind]}){re.escape(rest)}"
    return re.compile(text)


def allowed_methods(methods: Methods) -> str:
    """The Allow header of a path."""
    return ", ".join(sorted({*methods, "OPTIONS"}))
