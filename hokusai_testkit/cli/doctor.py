"""`hokusai-testkit doctor`: hands its arguments to the doctor, whose command line works without click too."""

from __future__ import annotations

import sys

import click

__all__ = ["command"]


@click.command(
    "doctor",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,
    short_help="Diagnose this machine, its configuration and the platform.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Diagnose this machine, its configuration and the platform."""
    from hokusai_testkit.diagnosis.main import main  # noqa: PLC0415 - only when it is used

    sys.exit(main(arguments))
