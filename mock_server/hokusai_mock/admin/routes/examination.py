"""What the journal tells beyond its entries: near misses, requests without a route, what clients did after failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from hokusai_mock.admin.interface import SANDBOX, AdminError, Call, Route
from hokusai_mock.admin.routes.records import Entry, JournalQuery, exported, fate_name
from hokusai_mock.calls import ABSENT, FIELDS, ask
from hokusai_mock.near_misses import NearMiss, near_misses
from hokusai_mock.retry_audit import RetryAudit, audit
from hokusai_mock.schema import Between, Custom
from hokusai_mock.unrouted import nearest_routes
from hokusai_mock.world import World

__all__ = ["ROUTES"]


class Unlike(TypedDict):
    """One thing that differs; `present` is false for what the request does not have."""

    field: str
    expected: Any
    actual: Any
    present: bool


class Near(TypedDict):
    """A recorded request and how near it comes, from 0 to below 1."""

    score: float
    entry: Entry
    differences: list[Unlike]


class NearMisses(TypedDict):
    """The nearest requests first."""

    matches: int
    near_misses: list[Near]


class NearRoute(TypedDict):
    """A route that was perhaps meant; the score is 1 when only the method is another one."""

    score: float
    method: str
    path: str


class UnroutedRequest(TypedDict):
    """A request that met no route."""

    entry: Entry
    nearest: list[NearRoute]


class Unrouted(TypedDict):
    """The requests that met no route, the oldest first."""

    unrouted: list[UnroutedRequest]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which requests are audited; `path` is a glob that fits at the end unless it begins with "/"."""

    method: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A request that was expected: what is absent may be anything.

    `path` is a glob that fits at the end unless it begins with "/". An object for `headers` names headers and globs of
    their values, one for `query` parameters, one for `body` is compared with the body's JSON.
    """

    method: str | None = None
    path: str | None = None
    query: str | Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    auth: Mapping[str, Any] | None = None
    host: str | None = None
    body: str | Mapping[str, Any] | None = None
    status: int | None = None
    fate: Annotated[str, Custom(fate_name)] | None = None
    faults: tuple[str, ...] | None = None
    layer: str | None = None
    limit: Annotated[int, Between(1, 100)] = 3


def find_near_misses(call: Call) -> NearMisses:
    """Find the recorded requests that come closest to an expected one, ranked, with what differs field by field.

    `matches` counts those that are as expected in everything; they are no near misses.
    """
    wanted: Expectation = call.body
    match = {name: value for name in FIELDS if (value := getattr(wanted, name, None)) is not None}
    if wanted.faults is not None:
        match["faults"] = list(wanted.faults)
    if wanted.method is None and wanted.path is None and not match:
        raise AdminError("nothing is expected: give at least a method, a path or one field of a journal entry")
    try:
        entries = ask([dict(entry) for entry in exported(call.world)], wanted.method, wanted.path, **match)
    except (TypeError, ValueError) as error:
        raise AdminError(str(error).removeprefix("calls(): ")) from error
    near = near_misses(entries.journal, wanted.method, wanted.path, match, wanted.limit)
    return {"matches": len(entries), "near_misses": [_near_json(one) for one in near]}


def get_unrouted(call: Call) -> Unrouted:
    """List the requests that met no route, each with the routes that it comes closest to.

    Misspelt paths and wrong methods; a request that met a route and found nothing there is none of them.
    """
    world = call.world
    found: list[UnroutedRequest] = []
    for entry in exported(world):
        if entry["status"] not in (404, 405):
            continue
        inner = entry["path"] if world.plain else world.settings.inner_path(entry["path"])
        near = nearest_routes(entry["method"], inner or entry["path"], _routes(world, mlflow=inner is not None))
        if near is not None:
            mount = "" if inner is None else entry["path"].removesuffix(inner)
            routes: list[NearRoute] = [
                {"score": one.score, "method": one.method, "path": mount + one.path} for one in near
            ]
            found.append({"entry": entry, "nearest": routes})
    return {"unrouted": found}


def _routes(world: World, *, mlflow: bool) -> list[tuple[str, str]]:
    """The routes of the MLflow server, or the platform's own."""
    from hokusai_mock import provenance  # noqa: PLC0415 - it loads all of MLflow's endpoints

    known = provenance.mlflow_routes(world.mlflow) if mlflow else provenance.platform_routes_known()
    return [(one.method, one.path) for one in known]


def _near_json(near: NearMiss) -> Near:
    return {
        "score": near.score,
        "entry": near.entry,  # type: ignore[typeddict-item]
        "differences": [
            {
                "field": one.field,
                "expected": None if one.expected is ABSENT else one.expected,
                "actual": None if one.actual is ABSENT else one.actual,
                "present": one.actual is not ABSENT,
            }
            for one in near.differences
        ],
    }


def get_retry_audit(call: Call) -> RetryAudit:
    """Audit what the client did when its calls failed: attempts, back-off, Retry-After, repeats that were not safe."""
    query: AuditQuery = call.query
    return audit(exported(call.world, JournalQuery(method=query.method, path=query.path)))


ROUTES = (
    Route("GET", f"{SANDBOX}/near-misses", get_unrouted),
    Route("POST", f"{SANDBOX}/near-misses", find_near_misses, body=Expectation, needs_body=True),
    Route("GET", f"{SANDBOX}/retry-audit", get_retry_audit, query=AuditQuery),
)
