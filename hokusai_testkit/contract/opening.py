"""Which target a name means, and on what terms it may be used."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from hokusai_testkit.contract.servers.limits import Refusal
from hokusai_testkit.contract.servers.target import ServerTarget, Terms, is_platform
from hokusai_testkit.contract.targets import REPLAY, MockTarget, Target, TargetError, is_url

__all__ = ["default_level", "open_target", "terms_from", "terms_to"]


def default_level(target: str) -> str:
    """Return how much is run when nobody says: all of it offline, the core on the real service."""
    return "core" if is_url(target) and is_platform(target) else "full"


def open_target(
    name: str,
    profiles: Sequence[str] = (),
    *,
    level: str = "full",
    terms: str | None = None,
) -> Target:
    """Return the target called `name`, not started. Raises `TargetError` for one that cannot be used.

    `terms` is what `terms_to` wrote: who runs cases on a server by URL says what may be done there, and cleans up.
    """
    if name == "mock":
        return MockTarget(profiles)
    if name.startswith("replay:"):
        raise TargetError(REPLAY)
    if not is_url(name):
        raise TargetError(f"there is no target {name!r}: it is 'mock', the embedded mock platform, or a server's URL")
    if profiles:
        raise TargetError("a server by URL is what it is: profiles are the mock's (leave --profile out)")
    if not terms:
        raise TargetError(f"a server by URL is counted and cleaned up: hokusai-testkit contract --target {name}")
    return ServerTarget(name, terms_from(terms), level)


def terms_to(terms: Terms) -> str:
    """Return `terms` as text for another process; of the key only the name of its variable."""
    return json.dumps(
        {
            "run": terms.run,
            "folder": str(terms.folder),
            "api_key_env": terms.api_key_env,
            "read_only": terms.read_only,
            "events": terms.events,
            "budget": terms.budget,
            "rate": terms.rate,
            "spent": terms.spent,
            "stopped": None if terms.stopped is None else [terms.stopped.code, terms.stopped.text],
        }
    )


def terms_from(text: str) -> Terms:
    """Read what `terms_to` wrote, and the key from its variable."""
    data = json.loads(text)
    variable, stopped = data["api_key_env"], data["stopped"]
    given = {name: data[name] for name in ("run", "api_key_env", "read_only", "events", "budget", "rate", "spent")}
    return Terms(
        **given,
        folder=Path(data["folder"]),
        api_key=os.environ.get(variable) if variable else None,
        stopped=Refusal(*stopped) if stopped else None,
    )
