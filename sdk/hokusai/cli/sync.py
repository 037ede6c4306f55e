"""`hokusai sync`: upload what was kept in the local store during an outage. The work itself is in `_sync/`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hokusai.cli._connection import Connection, connection_options
from hokusai.cli._output import Output, json_option
from hokusai.cli._progress import progress_for
from hokusai.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hokusai._sync.report import Elsewhere, Left, Report
    from hokusai._sync.waiting import Waiting

__all__ = ["command"]


@click.command("sync", short_help="Upload what was kept during an outage.")
@click.option(
    "--dry-run", "--list", "dry_run", is_flag=True, help="Show what waits, and for which server; send nothing."
)
@click.option("--notify", is_flag=True, help="Send the registration events, too, that uploaded versions still keep.")
@click.option("--unfinished", is_flag=True, help="Upload runs, too, whose process may still be writing them.")
@json_option
@connection_options
def command(output: Output, connection: Connection, dry_run: bool, notify: bool, unfinished: bool) -> int:
    """Upload what was kept in the local store while the server was away: runs, artifacts, model versions.

    Each thing is uploaded once, however often this is interrupted and started again. Work that was meant for another
    server stays where it is. The originals stay in the local store, marked as uploaded.

    Exit code 1 when something could not be uploaded; it is named, stays, and is tried again by the next sync.
    """
    if connection.mode() == "local":
        raise ConfigurationError(
            "HOKUSAI_MOCK_MODE is on, so nothing may be sent.", remedy="Unset HOKUSAI_MOCK_MODE, then sync."
        )
    from hokusai import _mlflow  # noqa: PLC0415

    _mlflow.require()
    output.quiet_libraries()
    if dry_run:
        from hokusai._sync.waiting import waiting  # noqa: PLC0415

        return _show_waiting(output, waiting(_target(connection)))
    from hokusai._backend import Backend  # noqa: PLC0415
    from hokusai._sync.engine import sync  # noqa: PLC0415

    backend = Backend(connection.settings())
    report = sync(backend, notify=notify, unfinished=unfinished, progress=progress_for(output, "Uploading"))
    if not report.uploaded and not report.left:
        _refuse_wrong_place(report)
    _show(output, report)
    return 0 if report.complete else 1


def _target(connection: Connection) -> str:
    """Return the tracking URI in force; a list of what waits needs no key for it."""
    from hokusai.config._resolver import tracking_uri_in_force  # noqa: PLC0415

    return connection.mlflow_uri or tracking_uri_in_force()[0]


def _refuse_wrong_place(report: Report) -> None:
    """Refuse to call it done when all that waits was meant for another platform."""
    others = [item for item in report.elsewhere if item.store is None]
    if others:
        raise ConfigurationError(
            f"Nothing that waits was meant for {report.target}: {'; '.join(_counted(item) for item in others)}.",
            remedy=f"Set MLFLOW_TRACKING_URI={others[0].kept_for} and the key for it, then sync again.",
        )


def _show(output: Output, report: Report) -> None:
    content: dict[str, Any] = {
        "target": report.target,
        "store": str(report.store),
        "complete": report.complete,
        "uploaded": [
            {"kind": item.kind, "name": item.name, "from": item.old, "to": item.new, "detail": item.detail}
            for item in report.uploaded
        ],
        "left": [asdict(item) for item in report.left],
        "elsewhere": [asdict(item) for item in report.elsewhere],
        "events": [asdict(item) for item in report.events],
    }
    output.result(content)
    if report.uploaded or report.left:
        output.say(f"From {report.store} to {report.target}")
    moved = [(item.kind, f"{item.name} {item.detail}".strip(), f"{item.old} -> {item.new}") for item in report.uploaded]
    output.table((), [("", *cells) for cells in moved])
    for event in report.events:
        again = f"; to send it: ModelRegistry().renotify({event.name!r}, {event.version!r})"
        output.say(f"  event  {event.name} {event.version}: {event.state}{'' if event.state == 'sent' else again}")
    _show_left(output, report.left)
    _show_elsewhere(output, report.elsewhere)
    things = sum(item.kind != "experiment" for item in report.uploaded)
    output.say(f"{things} uploaded, {len(report.left)} left." if things or report.left else "Nothing waits.")


def _show_left(output: Output, left: Sequence[Left]) -> None:
    for item in left:
        code = f"[{item.code}] " if item.code else ""
        output.say(f"  left  {item.kind} {item.name} ({item.id}): {code}{item.reason}")
        if item.remedy:
            output.say(f"        What to do: {item.remedy}")


def _show_elsewhere(output: Output, elsewhere: Sequence[Elsewhere]) -> None:
    for item in elsewhere:
        if item.store is None:
            output.say(f"Not touched: {_counted(item)}.")
        else:
            remedy = f"sync with MLflow {item.store.name.removeprefix('mlflow-')} installed"
            output.say(f"Not touched: {_counted(item)}, in {item.store}: {remedy}.")


def _counted(item: Elsewhere) -> str:
    counts = ((item.runs, "run"), (item.versions, "version"), (item.registrations, "open registration"))
    named = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return f"{', '.join(named)} for {item.kept_for}"


def _show_waiting(output: Output, waiting: Waiting) -> int:
    output.result(
        {
            "dry_run": True,
            "target": waiting.target,
            "store": str(waiting.store),
            "waiting": [asdict(item) for item in waiting.items],
            "elsewhere": [asdict(item) for item in waiting.elsewhere],
        }
    )
    if waiting.items:
        output.say(f"Waits in {waiting.store} for {waiting.target}")
        output.table(
            ("", "KIND", "NAME", "ID", "SIZE", ""),
            [("", item.kind, item.name, item.id, _size(item.size), item.remark) for item in waiting.items],
        )
    else:
        output.say(f"Nothing waits for {waiting.target}.")
    _show_elsewhere(output, waiting.elsewhere)
    return 0


def _size(size: int | None) -> str:
    if size is None:
        return ""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} GiB"
