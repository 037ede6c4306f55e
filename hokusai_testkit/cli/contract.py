"""`hokusai-testkit contract`: options in, exit code out; the work is in `hokusai_testkit.contract.runner`."""

from __future__ import annotations

from pathlib import Path

import click

from hokusai_testkit.cli import BROKEN, FALSE, INTERRUPTED, NULL, TRUE
from hokusai_testkit.contract.runner import RunError, Selection, UsageError, run
from hokusai_testkit.reports import JsonReport, ProgressLine, TerminalReport, write

__all__ = ["command"]

_EXIT = {True: TRUE, False: FALSE, None: NULL}


class _RunByDefault(click.Group):
    """A group whose command `run` may be left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of arguments that name no command."""
        if not args or args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


def _writable(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:  # noqa: ARG001
    """Refuse a place that cannot be written to before the run, not after it."""
    if value not in (None, "-"):
        path = Path(value)
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise click.BadParameter(f"{value} cannot be written: it must be a file in a folder that exists")
    return value


@click.group("contract", cls=_RunByDefault)
def command() -> None:
    """Hold an implementation of Hokusai's public Python API to its contract."""


@command.command("run")
@click.option("--target", default="mock", show_default=True, metavar="TARGET", help="What it runs against.")
@click.option("--sdk", default="hokusai", show_default=True, metavar="MODULE", help="The implementation under test.")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="A profile of the mock, one of each kind.")
@click.option("--level", type=click.Choice(["core", "full"]), default="full", show_default=True, help="How much.")
@click.option("-k", "keyword", metavar="EXPR", help="Cases by name, method, issue, criterion: 'ISSUE-2 and not C5'.")
@click.option(
    "--json", "json_file", metavar="FILE", callback=_writable, help="Write the result as JSON to FILE; - is stdout."
)
@click.pass_context
def run_command(
    ctx: click.Context,
    *,
    target: str,
    sdk: str,
    profiles: tuple[str, ...],
    level: str,
    keyword: str | None,
    json_file: str | None,
) -> None:
    """Run the public API contract suite.

    Every case arranges and inspects by raw HTTP and only acts through the implementation, so that one broken method
    fails its own cases and no others. Exit code: 0 the contract is kept, 1 it is broken, 2 wrong usage, 3 not
    everything ran, 4 the suite itself broke.
    """
    selection = Selection(sdk=sdk, target=target, profiles=profiles, level=level, keyword=keyword)
    try:
        with ProgressLine() as progress:
            result = run(selection, progress=progress)
    except UsageError as problem:
        raise click.UsageError(str(problem), ctx) from problem
    except RunError as problem:
        click.echo(f"Error: {problem}", err=True)
        ctx.exit(BROKEN)
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        ctx.exit(INTERRUPTED)
    if json_file is not None:
        write(JsonReport(), result, json_file)
    if json_file != "-":
        write(TerminalReport.for_terminal(), result, "-")
    ctx.exit(_EXIT[result.verdict])
