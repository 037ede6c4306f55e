"""The options that `serve` and `run` share, and how they become a `MockServer`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hokusai_mock import MockServer

__all__ = ["build_server", "server_options", "stop_server"]

Command = TypeVar("Command", bound=Callable[..., Any])

TOKEN_VARIABLE = "HOKUSAI_TESTKIT_ADMIN_TOKEN"  # noqa: S105 - the name of a variable

_OPTIONS = (
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on; off loopback an admin token is demanded.",
    ),
    click.option(
        "--profile",
        multiple=True,
        metavar="NAME",
        help="An MLflow profile (mlflow-3.9) or a platform profile (platform-documented); one of each kind.",
    ),
    click.option(
        "--scenario",
        multiple=True,
        metavar="NAME[:k=v,...]",
        help="A scenario that is active from the start; see `hokusai-testkit scenarios list`.",
    ),
    click.option("--plain", is_flag=True, help="A plain MLflow server of the profile at the root: no gateway, no key."),
    click.option(
        "--backend",
        metavar="URL",
        help="A real MLflow server in the place of the memory store; gateway, faults and journal stay in front of it.",
    ),
    click.option(
        "--record",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Write what passes as cassettes for vcrpy into DIR, without secrets, one a sandbox.",
    ),
    click.option(
        "--tls",
        metavar="KIND",
        help="Speak TLS: valid, self-signed, wrong-name, expired, client-cert or plain-port; control is beside it.",
    ),
    click.option("--seed", type=int, metavar="N", help="Make ids reproducible."),
    click.option(
        "--allow-host",
        "allow_hosts",
        multiple=True,
        metavar="H",
        help="A host name besides loopback that may use the admin API.",
    ),
    click.option(
        "--admin-token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="F",
        help=f"File with the admin token (or the variable {TOKEN_VARIABLE}).",
    ),
    click.option(
        "--max-upload",
        "max_upload_mib",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        metavar="MIB",
        help="Largest artifact.",
    ),
    click.option(
        "--max-sandboxes",
        type=click.IntRange(min=1),
        default=4096,
        show_default=True,
        metavar="N",
        help="How many sandboxes exist at most; idle ones go after an hour.",
    ),
    click.option(
        "--state",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Keep the state of all sandboxes: read at the start if it is there, written at the end and on snapshots.",
    ),
    click.option(
        "--time-scale",
        type=click.FloatRange(0, 1000),
        default=1.0,
        show_default=True,
        metavar="X",
        help="Multiply the seconds of delays and hangs; 0 waits for nothing.",
    ),
)


def server_options(port: int) -> Callable[[Command], Command]:
    """Add the options of a mock server to a command; `port` is the default of `--port`."""

    def decorate(command: Command) -> Command:
        help_text = "TCP port; 0 picks a free one."
        with_port = click.option(
            "--port", type=click.IntRange(0, 65535), default=port, show_default=True, help=help_text
        )
        for option in (*reversed(_OPTIONS), with_port):
            command = option(command)
        return command

    return decorate


def build_server(*, scenario: tuple[str, ...], admin_token_file: Path | None, **options: Any) -> MockServer:
    """Make the server that the options describe; `click.UsageError` (exit code 2) when they make no sense."""
    from hokusai_mock import MockServer  # noqa: PLC0415 - Flask is imported when a server is wanted

    token = admin_token_file.read_text("utf-8").strip() if admin_token_file else os.environ.get(TOKEN_VARIABLE)
    try:
        server = MockServer(scenario=_references(scenario), admin_token=token, **options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _warn_of_silent_backend(options["backend"])
    return server


def stop_server(server: MockServer, command: str) -> bool:
    """Stop the server; false, with the reason on stderr, when a cassette or the state could not be written."""
    try:
        server.stop()
    except (RuntimeError, ValueError) as error:
        click.echo(f"hokusai-testkit {command}: {error}", err=True)
        return False
    return True


def _warn_of_silent_backend(url: str | None) -> None:
    """Say that nothing runs at the backend's address; it may be started later, so the mock starts all the same."""
    if url is None:
        return
    from hokusai_mock.upstream import Backend  # noqa: PLC0415 - a mock without a backend starts without its client

    if reason := Backend.parse(url).unreachable():
        click.echo(f"# nothing answers at {url} ({reason}): until it does, requests are answered with 502", err=True)


def _references(texts: tuple[str, ...]) -> list[tuple[str, dict[str, str]]]:
    if not texts:
        return []
    from hokusai_mock.scenarios import parse_reference  # noqa: PLC0415 - a server without scenarios starts faster

    return [parse_reference(text) for text in texts]
