"""`hokusai-testkit serve`: the mock platform in the foreground."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hokusai_mock import environment
from hokusai_testkit.cli import BROKEN, USAGE
from hokusai_testkit.cli._server_options import build_server, server_options, stop_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hokusai_mock import MockServer

__all__ = ["command", "exports"]


@click.command("serve", short_help="Run the mock platform in the foreground.")
@server_options(port=8765)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="Write the base URL to F when the mock is ready, remove F at the end.",
)
@click.option("--exit-with-stdin", is_flag=True, help="Stop when standard input closes.")
@click.option("--routes", is_flag=True, help="List every route of the profile with its provenance, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --routes: put the list on stdout as JSON.")
def command(ready_file: Path | None, exit_with_stdin: bool, routes: bool, as_json: bool, **options: Any) -> None:
    """Run the mock platform in the foreground and print the environment to export.

    It stops cleanly on Ctrl-C and SIGTERM.
    """
    if routes or as_json:
        _list_routes(routes, as_json, options)
        return
    server = build_server(**options)
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stop.set())
    try:
        server.start()
    except OSError as error:
        click.echo(
            f"hokusai-testkit serve: cannot listen on {server.host}:{options['port']}: {error.strerror or error}; "
            "choose another --port, or --port 0 for a free one",
            err=True,
        )
        raise SystemExit(USAGE) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        _announce(server, ready_file)
        if exit_with_stdin:
            threading.Thread(target=_wait_for_stdin, args=(stop,), daemon=True).start()
        while not stop.wait(3600):
            pass
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
        if not stop_server(server, "serve"):
            raise SystemExit(BROKEN)


def _list_routes(routes: bool, as_json: bool, options: Mapping[str, Any]) -> None:
    if not routes:
        raise click.UsageError("--json belongs to --routes; serve prints its environment for a shell")
    if options["backend"] is not None:
        raise click.UsageError("--routes lists what the mock answers itself; with --backend the real server does")
    from hokusai_testkit.cli import _routes  # noqa: PLC0415 - a server that serves starts without it

    world = build_server(**options).worlds.get("default")
    click.echo(_routes.as_json(world) if as_json else _routes.as_text(world))


def _announce(server: MockServer, ready_file: Path | None) -> None:
    click.echo(f"# the mock Hokusai platform listens on {server.url}; stop it with Ctrl-C")
    click.echo(f"# dashboard {server.control_url}/_testkit/, control {server.control_url}/_testkit/v1/openapi.json")
    if server.client_certificate is not None:
        click.echo(f"# MLFLOW_TRACKING_CLIENT_CERT_PATH of a client that it accepts: {server.client_certificate}")
    click.echo(exports(server.worlds.get("default").environment(server.url)))
    sys.stdout.flush()
    if ready_file is not None:
        temporary = ready_file.with_name(ready_file.name + ".tmp")
        temporary.write_text(server.url + "\n", "utf-8")
        os.replace(temporary, ready_file)  # whoever waits for the file never reads half of it


def exports(changes: Mapping[str, str | None]) -> str:
    """The environment as lines for a POSIX shell; the hosts of a NO_PROXY that is there already are kept."""
    return "\n".join(
        _line(name, value) for name, value in sorted(changes.items(), key=lambda item: (item[1] is not None, item[0]))
    )


def _line(name: str, value: str | None) -> str:
    if value is None:
        return f"unset {name}"
    if name in environment.APPENDED:
        return f'export {name}="${{{name}:+${name},}}{value}"'
    return f"export {name}={shlex.quote(value)}"


def _wait_for_stdin(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    stop.set()
