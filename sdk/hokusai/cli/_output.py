"""How results and errors are shown: text for people, one JSON object on stdout with `--json`; never a secret."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

__all__ = ["SCHEMA_VERSION", "Output", "json_option"]

SCHEMA_VERSION = 1
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Output:
    """Where one call of the command line writes to."""

    def __init__(self) -> None:
        """Write text, until `--json` is seen."""
        self.json = False
        self.secrets: tuple[str, ...] = ()
        """What must never be shown: keys that were given on the command line."""

    def say(self, text: str = "") -> None:
        """Write a line for people to stdout; with `--json` nothing."""
        if not self.json:
            click.echo(self.masked(text))

    def note(self, text: str) -> None:
        """Write a line about the work itself to stderr."""
        click.echo(self.masked(f"hokusai: {text}"), err=True)

    def result(self, content: Mapping[str, Any]) -> None:
        """Write the result as JSON, with `--json`; without, nothing: it was said in words."""
        if self.json:
            text = json.dumps({"schema_version": SCHEMA_VERSION, **content}, indent=2, default=str)
            click.echo(self.masked(text))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write rows below each other, every column as wide as it must be; without `head` the rows alone."""
        lines = (head, *rows) if head else tuple(rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for row in lines:
            self.say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def fail(self, error: BaseException) -> None:
        """Say what went wrong and what to do about it: one message, no traceback."""
        facts = _facts(error)
        if self.json:
            self.result({"error": facts})
            return
        code = f"[{facts['code']}] " if facts["code"] else ""
        self.note(f"{code}{facts['message']}")
        if facts["remedy"]:
            click.echo(self.masked(f"What to do: {facts['remedy']}"), err=True)

    def masked(self, text: str) -> str:
        """Take every key that this process knows out of a text."""
        for secret in (*self.secrets, *_known_secrets()):
            if secret:
                text = text.replace(secret, "***")
        return text

    def quiet_libraries(self) -> None:
        """Keep what MLflow and its dependencies log and warn of off the terminal; the SDK's own warnings are notes."""
        import logging  # noqa: PLC0415

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)

        def show(message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any) -> None:
            if category.__module__.startswith("hokusai") or "hokusai" in filename.replace(os.sep, "/").split("/"):
                self.note(f"warning: {message}")

        warnings.showwarning = show


def _facts(error: BaseException) -> dict[str, Any]:
    """Return what an error says: the SDK's own errors know a code and a remedy, a bug knows nothing."""
    known = sys.modules.get("hokusai.exceptions")
    if known is not None and isinstance(error, known.HokusaiException):
        return {
            "type": type(error).__name__,
            "message": error.message,
            "code": error.code,
            "status_code": error.status_code,
            "remedy": error.remedy,
        }
    message, remedy = f"{type(error).__name__}: {error}", "This is a defect of the SDK: please report it."
    if isinstance(error, (ImportError, click.ClickException)):
        message, remedy = getattr(error, "message", "") or str(error), ""
    elif isinstance(error, OSError):
        message, remedy = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", ""
    return {
        "type": type(error).__name__,
        "message": " ".join(message.split()),
        "code": None,
        "status_code": None,
        "remedy": remedy or None,
    }


def _known_secrets() -> tuple[str, ...]:
    """Return the keys of the environment and those that the SDK was given; without loading what is not in use."""
    variables = ("HOKUSAI_API_KEY", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD")
    credentials = sys.modules.get("hokusai.auth._credentials")
    given = credentials.TABLE.secrets() if credentials is not None else ()
    return (*(os.environ.get(name, "") for name in variables), *given)


def json_option(function: _Function) -> _Function:
    """Give a command the option `--json`, and itself the `Output` as first argument."""

    def chosen(context: click.Context, _: click.Parameter, value: bool) -> None:
        output = context.ensure_object(Output)
        output.json = value

    option = click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=chosen,
        help="Put one JSON object on stdout.",
    )
    return option(click.pass_obj(function))  # type: ignore[return-value]
