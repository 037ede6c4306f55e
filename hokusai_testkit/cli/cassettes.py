"""`hokusai-testkit cassettes`: options in, exit code out; the work is in `hokusai_testkit.cassettes`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hokusai_testkit.cli import BROKEN, FALSE, NULL, TRUE

if TYPE_CHECKING:
    from hokusai_testkit.cassettes.check import Defect
    from hokusai_testkit.cassettes.replay import Server
    from hokusai_testkit.cassettes.verify import Verified

__all__ = ["command"]

SCHEMA_VERSION = 1
_AGE = re.compile(r"(\d+)\s*(h|d|w)?", re.I)
_HOURS = {"h": 1, "d": 24, "w": 24 * 7}

_paths = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Put the result on stdout as JSON.")


@click.group("cassettes")
def command() -> None:
    """Look after recorded cassettes: vcrpy's files, YAML or JSON. PATHS are files or folders."""


@command.command("check")
@_paths
@click.option("--max-age", default="180d", show_default=True, help="Since the last verification: 90d, 12w, 36h.")
@click.option("--profile", help="The MLflow profile whose routes count (default: that of the recorded version).")
@click.option(
    "--played",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What tests played: the played.json that `pytest --hokusai-report DIR` wrote.",
)
@_json
@click.pass_context
def check_command(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    max_age: str,
    profile: str | None,
    played: Path | None,
    as_json: bool,
) -> None:
    """Find secrets, age, drift, unused interactions, unsafe tags and unfit tools. Nothing leaves this machine.

    Exit code: 0 nothing is wrong, 1 something is, 2 wrong usage. Every defect has an id.
    """
    from hokusai_testkit.cassettes.check import Rules, check  # noqa: PLC0415 - Flask and YAML only where used

    rules = Rules(_age(ctx, max_age), _profile(ctx, profile), None if played is None else _played(ctx, played))
    files = _files(ctx, paths)
    defects = [defect for path in files for defect in check(path, rules)]
    if as_json:
        _put({"ok": not defects, "files": len(files), "defects": [defect.to_json() for defect in defects]})
    else:
        _show_defects(defects, len(files))
    ctx.exit(FALSE if defects else TRUE)


@command.command("scrub")
@_paths
@click.option("--dry-run", is_flag=True, help="Say what would be replaced, and change nothing.")
@_json
@click.pass_context
def scrub_command(ctx: click.Context, *, paths: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Replace the secrets in cassettes by labels, in place; what they replay stays the same otherwise.

    Exit code: 0 all files are clean now, 1 a file could not be cleaned and is as it was.
    """
    results = [_scrub(path, dry_run=dry_run) for path in _files(ctx, paths)]
    failed = any(result["problem"] for result in results)
    if as_json:
        _put({"ok": not failed, "dry_run": dry_run, "files": results})
    else:
        for result in results:
            click.echo(_scrubbed(result, dry_run=dry_run), err=bool(result["problem"]))
    ctx.exit(FALSE if failed else TRUE)


@command.command("verify")
@_paths
@click.option("--target", required=True, metavar="URL", help="A tracking URI; mock[:PROFILE] is the embedded mock.")
@click.option("--api-key-env", metavar="VAR", help="The variable that holds the key for the target.")
@click.option("--allow-writes", is_flag=True, help="Send requests that write to another machine too.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds for one request.")
@_json
@click.pass_context
def verify_command(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    target: str,
    api_key_env: str | None,
    allow_writes: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Make every recorded request again, compare the answers, and mark what still holds as verified now.

    Answers are compared by status and shape; ids that the server gives anew are followed. The server should be a fresh
    one: names that were created when it was recorded are created again. Exit code: 0 everything holds, 1 something
    differs, 3 not everything could be sent.
    """
    key = _key(ctx, api_key_env)
    results: list[Verified] = []
    for path in _files(ctx, paths):
        with _server(ctx, target, key, timeout) as server:
            results.append(_verify(ctx, path, server, allow_writes=allow_writes))
    states = [result.holds for result in results]
    if as_json:
        _put({"ok": False if False in states else (None if None in states else True), "files": _verified_json(results)})
    else:
        for result in results:
            _show_verified(result)
    ctx.exit(FALSE if False in states else (NULL if None in states else TRUE))


# -- what is asked -----------------------------------------------------------------------------------------------------


def _files(ctx: click.Context, paths: Iterable[Path]) -> list[Path]:
    from hokusai_testkit.cassettes.check import cassettes_in  # noqa: PLC0415

    try:
        files = cassettes_in(paths)
    except FileNotFoundError as problem:
        raise click.UsageError(str(problem), ctx) from None
    if not files:
        raise click.UsageError("there is no .yaml, .yml or .json file in what was given", ctx)
    return files


def _age(ctx: click.Context, text: str) -> timedelta:
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise click.UsageError(f"--max-age is a number of days such as 90d (or 12w, 36h), not {text!r}", ctx)
    return timedelta(hours=int(match[1]) * _HOURS[(match[2] or "d").lower()])


def _profile(ctx: click.Context, name: str | None) -> str | None:
    from hokusai_mock.profiles import ProfileError, mlflow  # noqa: PLC0415

    try:
        return name and mlflow(name).name
    except ProfileError as problem:
        raise click.UsageError(str(problem), ctx) from None


def _played(ctx: click.Context, file: Path) -> dict[str, frozenset[int]]:
    try:
        files = json.loads(file.read_text("utf-8"))["files"]
        return {str(path): frozenset(numbers) for path, numbers in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise click.UsageError(f"{file} is not what `pytest --hokusai-report DIR` writes", ctx) from None


def _key(ctx: click.Context, variable: str | None) -> str | None:
    if variable is not None and not os.environ.get(variable):
        raise click.UsageError(f"the variable {variable} is not set: it shall hold the key for the target", ctx)
    return os.environ[variable] if variable else None


@contextmanager
def _server(ctx: click.Context, target: str, key: str | None, timeout: float) -> Iterator[Server]:
    """The target; the embedded mock is a plain MLflow server that is made for one file, with nothing in it."""
    from hokusai_testkit.cassettes.replay import Server  # noqa: PLC0415

    name, _, profile = target.partition(":")
    if name == "mock":
        from hokusai_mock import MockServer  # noqa: PLC0415 - Flask only where it is played

        try:
            mock = MockServer(profile=profile or (), plain=True)
        except ValueError as problem:
            raise click.UsageError(str(problem), ctx) from None
        with mock:
            yield Server(mock.sandbox().tracking_uri, None, timeout)
        return
    try:
        yield Server(target, key, timeout)
    except ValueError as problem:
        raise click.UsageError(str(problem), ctx) from None


# -- what is shown -----------------------------------------------------------------------------------------------------


def _scrub(path: Path, *, dry_run: bool) -> dict[str, Any]:
    from hokusai_mock.redaction import RedactionError  # noqa: PLC0415
    from hokusai_testkit.cassettes.file import CassetteError  # noqa: PLC0415
    from hokusai_testkit.cassettes.scrub import scrub  # noqa: PLC0415

    try:
        done = scrub(path, dry_run=dry_run)
    except (CassetteError, RedactionError, OSError) as problem:
        return {"path": str(path), "texts": 0, "secrets": {}, "problem": str(problem)}
    return {"path": str(path), "texts": done.texts, "secrets": dict(done.kinds), "problem": None}


def _verify(ctx: click.Context, path: Path, server: Server, *, allow_writes: bool) -> Verified:
    from hokusai_testkit.cassettes.file import CassetteError  # noqa: PLC0415
    from hokusai_testkit.cassettes.verify import verify  # noqa: PLC0415

    try:
        return verify(path, server, allow_writes=allow_writes)
    except (CassetteError, OSError) as problem:
        click.echo(f"Error: {path}: {problem}", err=True)
        ctx.exit(BROKEN)


def _put(content: dict[str, Any]) -> None:
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=2))


def _show_defects(defects: list[Defect], files: int) -> None:
    for defect in defects:
        click.echo(f"{defect.path}:{defect.line}: {defect.id}: {defect.text}")
    for defect_id, remedy in dict.fromkeys((defect.id, defect.remedy) for defect in defects):
        click.echo(f"  {defect_id}: {remedy}")
    click.echo(f"{len(defects)} defect(s) in {files} file(s)" if defects else f"nothing is wrong with {files} file(s)")


def _scrubbed(result: dict[str, Any], *, dry_run: bool) -> str:
    if result["problem"]:
        return f"{result['path']}: not cleaned: {result['problem']}"
    if not result["texts"]:
        return f"{result['path']}: clean"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result["secrets"].items()))
    verb = "would be" if dry_run else "were"
    return f"{result['path']}: {result['texts']} text(s) {verb} replaced ({kinds})"


def _verified_json(results: list[Verified]) -> list[dict[str, Any]]:
    return [
        {
            "path": str(result.path),
            "holds": result.holds,
            "interactions": [
                {"number": one.number, "line": one.line, "request": one.request, "state": one.state, "text": one.text}
                for one in result.outcomes
            ],
        }
        for result in results
    ]


def _show_verified(result: Verified) -> None:
    holding = sum(one.state == "holds" for one in result.outcomes)
    marked = "; marked as verified now" if result.holds else ""
    click.echo(f"{result.path}: {holding} of {len(result.outcomes)} interactions hold{marked}")
    for one in result.outcomes:
        if one.state != "holds":
            click.echo(f"  {result.path}:{one.line}: {one.state}: {one.request}: {one.text}")
