"""`hokusai-testkit contract`: options in, exit code out; the work is in `hokusai_testkit.contract.runner`."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from hokusai_testkit.cli import BROKEN, FALSE, INTERRUPTED, NULL, TRUE
from hokusai_testkit.contract.comparison import compare, compared_lines
from hokusai_testkit.contract.results import RunResult
from hokusai_testkit.contract.runner import Plan, RunError, Selection, UsageError, plan, run
from hokusai_testkit.contract.servers.cleanup import lines
from hokusai_testkit.contract.servers.ledger import LedgerError, default_folder, read
from hokusai_testkit.contract.servers.target import Terms, clean_up
from hokusai_testkit.contract.targets import TargetError, is_url
from hokusai_testkit.reports import REPORTS, ProgressLine, TerminalReport, write, write_all

__all__ = ["command"]

_EXIT = {True: TRUE, False: FALSE, None: NULL}
_RUN_ID = re.compile(r"[0-9a-f]{8}")


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


def _report_files(function: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each format that can be written to a file."""
    for name, report in reversed(REPORTS.items()):
        text = f"Write the result as {name} to FILE; - is stdout."
        function = click.option(f"--{report.option}", metavar="FILE", callback=_writable, help=text)(function)
    return function


@click.group("contract", cls=_RunByDefault)
def command() -> None:
    """Hold an implementation of Hokusai's public Python API to its contract."""


@command.command("run")
@click.option("--target", default="mock", show_default=True, metavar="TARGET", help="mock, or the URL of a server.")
@click.option("--sdk", default="hokusai", show_default=True, metavar="MODULE", help="The implementation under test.")
@click.option("--profile", "profiles", multiple=True, metavar="P", help="A profile of the mock, one of each kind.")
@click.option("--level", type=click.Choice(["core", "full"]), help="How much; full, on the real service core.")
@click.option("-k", "keyword", metavar="EXPR", help="Cases by name, method, issue, criterion: 'ISSUE-2 and not C5'.")
@click.option("--api-key-env", metavar="VAR", help="The variable that holds the API key for the real service.")
@click.option(
    "--read-only/--allow-writes",
    default=None,
    help="Whether cases may create anything on a server; not on the real service unless allowed.",
)
@click.option("--allow-events", metavar="TOKEN", help="Send registration events of this token; they stay for ever.")
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Requests that a server may get in all.")
@click.option("--rate", type=click.FloatRange(0.1, 1000), metavar="R", help="Requests a second; 5 to the real service.")
@click.option("--dry-run", is_flag=True, help="Show what would run and how many requests, and send none.")
@click.option(
    "--report", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Write every report."
)
@_report_files
@click.pass_context
def run_command(
    ctx: click.Context,
    /,
    *,
    target: str,
    sdk: str,
    profiles: tuple[str, ...],
    level: str | None,
    keyword: str | None,
    dry_run: bool,
    folder: Path | None,
    **others: Any,
) -> None:
    """Run the public API contract suite.

    Every case arranges and inspects by raw HTTP and only acts through the implementation, so that one broken method
    fails its own cases and no others. Exit code: 0 the contract is kept, 1 it is broken, 2 wrong usage, 3 not
    everything ran, 4 the suite itself broke.
    """
    files = {report: others.pop(report.option) for report in REPORTS.values()}
    if list(files.values()).count("-") > 1:
        raise click.UsageError("only one report can go to standard output", ctx)
    terms = _terms(ctx, target, folder, others)
    selection = Selection(sdk=sdk, target=target, profiles=profiles, level=level, keyword=keyword, terms=terms)
    if dry_run:
        found = _guarded(ctx, lambda: plan(selection))
        click.echo("\n".join(_plan_lines(found, selection)))
        return
    if terms is not None:
        click.echo(f"Run {terms.run} on {target}; ledger: {terms.folder}", err=True)
    with ProgressLine() as progress:
        result = _guarded(ctx, lambda: run(selection, progress=progress), terms)
    _write(result, files, folder, _secrets(terms))
    ctx.exit(_EXIT[result.verdict])


def _write(result: RunResult, files: dict[Any, str | None], folder: Path | None, known: list[str]) -> None:
    """Write every report that was asked for; the table goes to standard output unless another report does."""
    if folder is not None:
        write_all(REPORTS.values(), result, folder, known)
    for report, place in files.items():
        if place is not None:
            write(report(), result, place, known)
    if "-" not in files.values():
        write(TerminalReport.for_terminal(), result, "-", known)


def _guarded(ctx: click.Context, work: Callable[[], Any], terms: Terms | None = None) -> Any:
    """Do `work`, and end with the exit code of what went wrong; say how what is left on a server is removed."""
    try:
        return work()
    except UsageError as problem:
        raise click.UsageError(str(problem), ctx) from problem
    except RunError as problem:
        click.echo(f"Error: {problem}{_way_out(terms)}", err=True)
        ctx.exit(BROKEN)
    except KeyboardInterrupt:
        click.echo(f"Interrupted.{_way_out(terms)}", err=True)
        ctx.exit(INTERRUPTED)


def _way_out(terms: Terms | None) -> str:
    if terms is None:
        return ""
    return f"\nRemove what it made: hokusai-testkit contract cleanup --run {terms.run} --report {terms.folder}"


def _terms(ctx: click.Context, target: str, folder: Path | None, given: dict[str, Any]) -> Terms | None:
    """The terms for a server by URL; None for the mock, which takes none."""
    if not is_url(target):
        for name, value in given.items():
            if value is not None:
                option = "--" + name.replace("_", "-")
                raise click.UsageError(f"{option} is for a server by URL: the mock needs no limits", ctx)
        return None
    run_id = secrets.token_hex(4)
    events = given["allow_events"]
    return Terms(
        run=run_id,
        folder=folder or default_folder(run_id),
        api_key=os.environ.get(given["api_key_env"] or ""),
        api_key_env=given["api_key_env"],
        read_only=given["read_only"],
        events=events.upper() if events else None,
        budget=given["budget"],
        rate=given["rate"],
    )


def _secrets(terms: Terms | None) -> list[str]:
    return [terms.api_key] if terms is not None and terms.api_key else []


def _plan_lines(found: Plan, selection: Selection) -> Iterator[str]:
    yield f"{len(found.cases)} cases would run at level {selection.chosen_level} against {found.target['name']}:"
    for info in found.cases:
        count = f"{found.requests[info.id]:>5} requests" if info.id in found.requests else ""
        yield f"  {'writes' if info.writes else 'reads ':<7}{count}  {info.id}"
    reasons: dict[str, int] = {}
    for case in found.disabled:
        code = case.reason.code if case.reason is not None else "?"
        reasons[code] = reasons.get(code, 0) + 1
    yield from (f"{number} cases would not: {code}" for code, number in sorted(reasons.items()))
    if found.requests:
        total = sum(found.requests.get(info.id, 0) for info in found.cases)
        budget = found.target["limits"]["budget"]
        most = "without a limit" if budget is None else f"at most {budget}"
        yield f"{total} requests in a rehearsal on the mock; the run would make {most}. Nothing was sent."


@command.command("cleanup")
@click.option("--run", "run_id", required=True, metavar="ID", help="The id that the run said when it began.")
@click.option(
    "--report",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the run's reports and its ledger are, if not in the default place.",
)
@click.option("--api-key-env", metavar="VAR", help="The variable that holds the API key, if another one by now.")
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_context
def cleanup_command(
    ctx: click.Context, *, run_id: str, folder: Path | None, api_key_env: str | None, as_json: bool
) -> None:
    """Remove what a killed online run left.

    It goes by the run's ledger and by the prefix of its names. Exit code: 0 everything is gone, 2 there is no such run,
    3 something is left or could not be looked at.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise click.BadParameter(f"{run_id!r} is no run id: eight hexadecimal digits, as in hkt-1a2b3c4d-...")
    place = folder or default_folder(run_id)
    try:
        facts, _ = read(place, run_id)
        variable = api_key_env or facts.api_key_env
        terms = Terms(run_id, place, os.environ.get(variable or ""), variable)
        found = clean_up(terms, facts.target)
    except (LedgerError, TargetError) as problem:
        raise click.UsageError(str(problem), ctx) from problem
    click.echo(json.dumps({"schema_version": 1, **found.to_json()}) if as_json else "\n".join(lines(found)))
    ctx.exit(TRUE if found.complete else NULL)


@command.command("diff")
@click.argument("old", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")
@click.pass_context
def diff_command(ctx: click.Context, *, old: Path, new: Path, as_json: bool) -> None:
    """Show what changed between two JSON results.

    Exit code: 0 nothing got worse, 1 a case that passed in OLD does not pass in NEW, 2 a file is no result.
    """
    found = compare(_read_result(ctx, old), _read_result(ctx, new))
    click.echo(json.dumps({"schema_version": 1, **found.to_json()}) if as_json else "\n".join(compared_lines(found)))
    ctx.exit(FALSE if found.worse else TRUE)


def _read_result(ctx: click.Context, file: Path) -> RunResult:
    try:
        return RunResult.from_json(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise click.UsageError(f"{file} is no result of the contract suite: {problem}", ctx) from problem
