"""`hokusai auth`: what authenticates the calls to MLflow, and whether the server takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hokusai.cli._connection import Connection, connection_options
from hokusai.cli._output import Output, json_option

if TYPE_CHECKING:
    from hokusai.config._resolver import Settings

__all__ = ["command"]


@click.group("auth", short_help="What authenticates the calls.")
def command() -> None:
    """Show what authenticates the calls to MLflow."""


@command.command("status")
@click.option("--check", is_flag=True, help="Ask the server once, too; exit code 1 when it refuses or is not there.")
@json_option
@connection_options
def status(output: Output, connection: Connection, check: bool) -> None:
    """Show which key goes to which server, where both come from, and what is in conflict with them.

    Without --check nothing is sent. The key itself is never shown. Exit code 1 when the configuration cannot work.
    """
    settings = connection.settings()
    facts = {**_facts(settings), **_authentication(settings)}
    _show(output, facts)
    if check and settings.mode == "online":
        _ask(output, settings)
        facts["server"] = "answers"
        output.say("Server:           answers, and takes this authentication")
    output.result(facts)


def _facts(settings: Settings) -> dict[str, Any]:
    return {
        "api_endpoint": settings.api_endpoint,
        "api_key": "set" if settings.api_key else "not set",
        "api_key_source": settings.key_source,
        "tracking_uri": settings.tracking_uri,
        "tracking_uri_source": settings.tracking_source,
        "mode": settings.mode,
        "local_store": str(settings.local_store),
    }


def _authentication(settings: Settings) -> dict[str, Any]:
    """Return what will really be sent to the tracking URI of `settings`."""
    from hokusai.auth._credentials import TABLE  # noqa: PLC0415
    from hokusai.config._auth_status import status_of  # noqa: PLC0415

    if settings.credential is not None:
        TABLE.add(settings.credential)
    found = status_of(settings.tracking_uri)
    if settings.mode == "local":
        return {"auth_type": "none", "source": None, "conflicts": []}
    return {name: found[name] for name in ("auth_type", "source", "conflicts")}


def _show(output: Output, facts: dict[str, Any]) -> None:
    key = f"set ({facts['api_key_source']})" if facts["api_key_source"] else "not set"
    via = f" ({facts['source']})" if facts["source"] else ""
    output.say(f"API endpoint:     {facts['api_endpoint']}")
    output.say(f"API key:          {key}")
    output.say(f"Tracking URI:     {facts['tracking_uri']} (from {facts['tracking_uri_source']})")
    output.say(f"Authentication:   {facts['auth_type']}{via}")
    output.say(f"Mode:             {facts['mode']}")
    output.say(f"Local store:      {facts['local_store']}")
    for conflict in facts["conflicts"]:
        output.say(f"Conflict:         {conflict}")


def _ask(output: Output, settings: Settings) -> None:
    """Ask the server once, bounded to 10 s; raises what is wrong."""
    from hokusai import _mlflow  # noqa: PLC0415

    _mlflow.require()
    output.quiet_libraries()
    from hokusai._backend import Backend  # noqa: PLC0415

    Backend(settings).check()
