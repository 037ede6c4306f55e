"""The command `hokusai`: one module a group of commands, imported when it is used. MLflow is loaded by what needs it.

This module holds the group, the exit codes, and the one place where an error becomes a message. What a command does
lives in the SDK; here is only how it is asked for and shown.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from hokusai._version import __version__
from hokusai.cli._output import Output

__all__ = ["FAILED", "INTERRUPTED", "OK", "USAGE", "command", "main", "run"]

OK: Final = 0
FAILED: Final = 1
"""Exit code: it failed, and one message says what, why and what to do."""
USAGE: Final = 2
"""Exit code: the command line itself is wrong; nothing was done."""
INTERRUPTED: Final = 130
"""Exit code: interrupted by the user."""

_COMMANDS: Final = ("auth", "model", "sync")


class _Commands(click.Group):
    """Finds a command by its module, so that `--help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"hokusai.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            from difflib import get_close_matches  # noqa: PLC0415 - only for a misspelt command

            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(_COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hokusai")
def command() -> None:
    """Register models on Hokusai, see what is registered, and upload what was kept during an outage."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing but an interpreter's own end leaves it as an exception."""
    output = Output()
    try:
        with warnings.catch_warnings():
            code = command.main(args=arguments, prog_name="hokusai", standalone_mode=False, obj=output)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        output.fail(error)
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        output.note("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _close_quietly()
        return FAILED
    except Exception as error:  # noqa: BLE001 - whatever it is, a user gets a message and no traceback
        output.fail(error)
        return FAILED
    return code if isinstance(code, int) else OK


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: run the command line, and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    raise SystemExit(run(arguments))


def _never_fail_to_encode(stream: Any) -> None:
    """Let a stream write what its encoding lacks as escapes: names of models may hold any character."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _close_quietly() -> None:
    """Forget what could not be written to a pipe that was closed: flushing it at the end would fail again."""
    import os  # noqa: PLC0415

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
