"""The command line `hokusai-testkit`: one module a command, imported when the command is used.

This module holds the group and the exit codes. What a command does lives in the room that knows it.
"""

from __future__ import annotations

import importlib
from typing import Final

import click

__all__ = ["BROKEN", "FALSE", "INTERRUPTED", "NULL", "TRUE", "USAGE", "main"]

TRUE: Final = 0
"""Exit code: the verdict is true."""
FALSE: Final = 1
"""Exit code: the verdict is false: a check, a case or a reproduction failed."""
USAGE: Final = 2
"""Exit code: wrong usage or configuration."""
NULL: Final = 3
"""Exit code: the verdict is null: not everything ran."""
BROKEN: Final = 4
"""Exit code: the tool itself broke."""
INTERRUPTED: Final = 130
"""Exit code: interrupted by the user."""

COMMANDS: Final = ("serve", "run", "scenarios", "contract", "doctor", "cassettes")


class _Commands(click.Group):
    """Finds a command by its module, so that `doctor` never imports what `serve` needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"hokusai_testkit.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib  # noqa: PLC0415 - only for a misspelt command

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hokusai-testkit", prog_name="hokusai-testkit")
def main() -> None:
    """Test a Hokusai integration offline, prove the public API, and find out why registering fails."""
