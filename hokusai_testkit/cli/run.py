"""`hokusai-testkit run -- COMMAND`: give any program, in any language, a mock platform for as long as it runs."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from hokusai_testkit.cli import BROKEN
from hokusai_testkit.cli._server_options import build_server, server_options, stop_server

__all__ = ["command"]

NOT_STARTED = 125
"""Exit code when the mock could not start, as `docker run` and `timeout` have it."""
NOT_EXECUTABLE = 126
NOT_FOUND = 127

_FORWARDED = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT") if hasattr(signal, name)
)


@click.command(
    "run", short_help="Run any program with a mock platform.", context_settings={"allow_interspersed_args": False}
)
@server_options(port=0)
@click.argument("arguments", nargs=-1, required=True, metavar="-- COMMAND ...")
def command(arguments: tuple[str, ...], **options: Any) -> None:
    """Start a mock, run COMMAND with the environment that leads it there, pass its exit code through.

    Signals go to COMMAND; 125 means that the mock itself could not start. What a scenario asks of the client, such as
    files in its home, is there for as long as COMMAND runs.
    """
    from hokusai_mock import environment  # noqa: PLC0415
    from hokusai_testkit.client_side import prepared  # noqa: PLC0415

    try:
        server = build_server(**options).start()
    except (OSError, click.UsageError) as error:
        message = error.format_message() if isinstance(error, click.UsageError) else str(error)
        click.echo(f"hokusai-testkit run: the mock could not start: {message}", err=True)
        raise SystemExit(NOT_STARTED) from error
    try:
        with tempfile.TemporaryDirectory(prefix="hokusai-run-", ignore_cleanup_errors=True) as home:
            changes = prepared(Path(home), server.worlds.get("default").client_side(server.url))
            code = _run(arguments, environment.apply(changes, os.environ))
    finally:
        recorded = stop_server(server, "run")
    raise SystemExit(code if recorded else code or BROKEN)


def _run(arguments: tuple[str, ...], env: Mapping[str, str]) -> int:
    try:
        child = subprocess.Popen(arguments, env=env)  # noqa: S603 - the user typed this command
    except FileNotFoundError:
        click.echo(f"hokusai-testkit run: {arguments[0]!r}: command not found", err=True)
        return NOT_FOUND
    except OSError as error:
        click.echo(f"hokusai-testkit run: {arguments[0]!r}: {error.strerror or error}", err=True)
        return NOT_EXECUTABLE
    with _signals_to(child):
        code = child.wait()
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _signals_to(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Forward signals to the child. Ctrl-C reaches it through the terminal by itself, so here it is only survived."""

    def forward(signum: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signum)

    def survive(signum: int, frame: object) -> None:
        if not sys.stdin.isatty():
            forward(signum, frame)

    before = {signum: signal.signal(signum, forward) for signum in _FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, survive)
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
