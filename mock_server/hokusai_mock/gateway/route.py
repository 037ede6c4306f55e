"""What a route of the platform is: one decorated function that takes a `Call` and returns the payload of its answer.

The decorator writes the route down once; dispatcher, list of routes and OpenAPI document are made from the same entry.
Around the function it checks query and body (422), counts the route's limit (429), and writes the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from hokusai_mock.gateway.admission import principal
from hokusai_mock.gateway.bodies import Field, Json, Malformed, Model, check_fields
from hokusai_mock.gateway.limits import limit_route
from hokusai_mock.gateway.tracking import Tracking
from hokusai_mock.keys import Key
from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Answer", "Call", "Problem", "Provenance", "Route", "Routes", "iso", "problem"]

Provenance = Literal["proved", "documented", "assumed"]
"""proved: seen on the real service; documented: read in its documents or source; assumed: nobody said."""

Host = Literal["api", "auth", "site"]
"""Which of the platform's hosts has the route: in a sandbox all are at its root. `auth` and `site` ask for no key."""


class Problem(Exception):
    """Ends a request with FastAPI's error body."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None) -> None:
        """`detail` is what stands in the body under that name."""
        super().__init__(str(detail))
        self.status, self.detail, self.headers = status, detail, headers or {}

    def response(self) -> Response:
        """The answer."""
        return Response.json({"detail": self.detail}, self.status, self.headers.items())


def problem(status: int, text: str) -> Problem:
    """A problem whose detail is one sentence."""
    return Problem(status, text)


def iso(moment_ms: int) -> str:
    """A moment as the platform writes it: ISO 8601 in UTC, without a time zone."""
    return datetime.fromtimestamp(moment_ms / 1000, tz=timezone.utc).replace(tzinfo=None).isoformat()


class Call:
    """One request at a route: its parameters, body and query, and what it acts upon."""

    __slots__ = ("body", "mlflow", "path", "query", "request", "settings", "state", "world")

    def __init__(self, request: Request, mlflow: Tracking, path: Mapping[str, str], query: Json, body: Json) -> None:
        """`path`, `query` and `body` were checked before."""
        self.request, self.mlflow = request, mlflow
        self.path, self.query, self.body = path, query, body
        self.world = request.world
        self.settings = request.world.settings
        self.state = request.world.platform_state

    @property
    def key(self) -> Key:
        """Whose request it is."""
        return principal(self.request)

    def lacks(self, loss: str) -> bool:
        """Whether this era of the platform does less here than it promises."""
        return loss in self.world.platform.losses

    @property
    def now_ms(self) -> int:
        """The time of the world in milliseconds since the epoch."""
        return self.world.clock.now_ms()

    @property
    def timestamp(self) -> str:
        """The time of the world as the platform writes it: ISO 8601 without a time zone, in UTC."""
        return iso(self.now_ms)


Function = Callable[[Call], "Json | Response"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that a route can give: in words, and as a JSON schema."""

    description: str
    schema: Json = field(default_factory=dict)
    media: str = "application/json"
    """The content type; empty for an answer without a body."""
    own: bool = False
    """A 5xx that the real platform gives by itself, for some input, without anything being broken."""
    loss: str = ""
    """The loss that an era of the platform must have to fail so by itself; empty: every era does."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route: what dispatcher, list and document need to know of it."""

    method: str
    path: str
    function: Function
    host: Host
    provenance: Provenance
    answers: Mapping[int, Answer]
    body: Model | None = None
    query: Mapping[str, Field] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that it reads, with what they mean."""
    per_minute: int | None = None
    """Requests of one client address in a minute; counted after the body was validated."""
    validates_itself: bool = False
    """Whether the function reads the body; `body` then only documents it."""

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def handle(self, request: Request, mlflow: Handler, path: Mapping[str, str]) -> Response:
        """Answer one request."""
        try:
            result = self._answer(request, mlflow, path)
        except Malformed:
            return problem(400, "There was an error parsing the body").response()
        except Problem as refusal:
            return refusal.response()
        return result if isinstance(result, Response) else Response.json(result, min(self.answers))

    def _answer(self, request: Request, mlflow: Handler, path: Mapping[str, str]) -> Json | Response:
        """Validate, then count, then act."""
        query, errors = check_fields(self.query, dict(request.query), "query") if self.query else ({}, [])
        body: Json = {}
        if self.body is not None and not self.validates_itself:
            body, found = self.body.read(request.body(), request.header("Content-Type"))
            errors += found
        if errors:
            raise Problem(422, errors)
        if self.per_minute is not None:
            refused = limit_route(request, f"{self.method} {self.path}", self.per_minute)
            if refused is not None:
                return refused
        return self.function(Call(request, Tracking(request, mlflow), path, query, body))


class Routes:
    """The routes of one family: collects the decorated functions of a module, in their order."""

    def __init__(self, *prefixes: str, host: Host = "api") -> None:
        """Every route is there under each of `prefixes`."""
        self._prefixes = prefixes or ("",)
        self._host: Host = host
        self.found: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        answers: Mapping[int, Answer],
        *,
        provenance: Provenance,
        body: Model | None = None,
        query: Mapping[str, Field] | None = None,
        headers: Mapping[str, str] | None = None,
        per_minute: int | None = None,
        validates_itself: bool = False,
    ) -> Callable[[Function], Function]:
        """Make a function a route; its lowest status in `answers` is that of a payload that it returns."""

        def register(function: Function) -> Function:
            for prefix in self._prefixes:
                self.found.append(
                    Route(
                        method,
                        prefix + path,
                        function,
                        self._host,
                        provenance,
                        answers,
                        body,
                        query or {},
                        headers or {},
                        per_minute,
                        validates_itself,
                    )
                )
            return function

        return register
