"""The dashboard at `/_testkit/`: what the sandboxes of a server are doing, as a page for people. It changes nothing.

One page, rendered here, without scripts and without anything from elsewhere; what it shows of requests is redacted as
in the journal. Behind the same guard as the admin API.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

from flask import Blueprint, Response, render_template, request

from hokusai_mock.admin.routes.records import Entry, JournalQuery, exported, redactor
from hokusai_mock.journal import FATES
from hokusai_mock.schema import SchemaError, read
from hokusai_mock.world import World
from hokusai_mock.worlds import DEFAULT, Worlds

__all__ = ["dashboard"]

SHOWN = 200
"""Requests that the page shows at most, the latest."""

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The icon is empty and in the page: a browser that looked for one would stand in the journal."""


class _Row(NamedTuple):
    """A sandbox in the list."""

    id: str
    requests: int
    scenarios: str
    faults: int
    errors: int


def dashboard(worlds: Worlds) -> Blueprint:
    """Return the page for `worlds`."""
    pages = Blueprint("dashboard", __name__, url_prefix="/_testkit", template_folder="templates")

    @pages.get("/", strict_slashes=False)
    def show() -> Response:
        return Response(_page(worlds), mimetype="text/html", headers={"Content-Security-Policy": POLICY})

    return pages


def _page(worlds: Worlds) -> str:
    """The page of the sandbox that the query names; one that does not exist is not made."""
    known = {world.id: world for world in worlds.all()}
    wanted = request.args.get("sandbox", DEFAULT)
    world = known.get(wanted)
    query, problem = _query()
    return render_template(
        "dashboard.html",
        sandboxes=[_row(one) for one in known.values()],
        max_sandboxes=worlds.max_worlds,
        wanted=wanted,
        query=query,
        problem=problem,
        fates=FATES,
        shown=SHOWN,
        **({} if world is None else _details(world, query)),
    )


def _query() -> tuple[JournalQuery, str]:
    """The filters, as the journal's route reads them, and what is wrong with them."""
    names = ("method", "path", "status", "fate", "fault")
    given = {name: value for name in names if (value := request.args.get(name, "").strip())}
    try:
        return read(JournalQuery, {**given, "limit": str(SHOWN)}, "the filter"), ""
    except SchemaError as error:
        return JournalQuery(limit=SHOWN), str(error)


def _row(world: World) -> _Row:
    return _Row(
        id=world.id,
        requests=world.journal.requests,
        scenarios=", ".join(item.name for item in world.scenarios),
        faults=0 if world.fault_board is None else len(world.fault_board.rules()),
        errors=len(world.errors),
    )


def _details(world: World, query: JournalQuery) -> dict[str, Any]:
    clean = redactor()
    rules = [] if world.fault_board is None else world.fault_board.rules()
    return {
        "world": world,
        "mlflow": "the backend's" if world.options.backend else world.mlflow.name,
        "platform": None if world.plain else world.platform.name,
        "now": datetime.fromtimestamp(world.clock.now_ms() / 1000, timezone.utc).isoformat(timespec="seconds"),
        "scenarios": [{"name": item.name, "params": clean.text(_words(item.params))} for item in world.scenarios],
        "rules": [{"name": rule.name, "table": clean.text(_words(rule.table))} for rule in rules],
        "errors": [clean.text(error) for error in world.errors],
        "counters": world.journal.counters,
        "entries": [_line(entry) for entry in reversed(exported(world, query))],
    }


def _line(entry: Entry) -> dict[str, Any]:
    moment = datetime.fromtimestamp(entry["t"] / 1000, timezone.utc)
    body = entry["body"] if isinstance(entry["body"], str) else f"{entry['body_size']} bytes that are no text"
    return {
        **entry,
        "time": moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}",
        "key": entry["auth"]["key"] or "none",
        "body": body[:2000],
        "bad": (entry["status"] or 599) >= 400 or entry["fate"] not in ("sent", None),
    }


def _words(table: Any) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in table.items())
