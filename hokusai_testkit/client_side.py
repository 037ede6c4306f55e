"""The client's side of scenarios: what `run`, `hokusai_env` and the tests do before they start a client.

A scenario may ask for files in the client's home, for an SDK that lacks something, for packages that are not there. The
sandbox tells so (`describe()`: `env`, `files`, `sdk`, `hides`); here it is put into a folder, and the variables that
lead a client to it are worked out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hokusai_mock import client_home

__all__ = ["asks_for_folder", "prepared"]


def asks_for_folder(description: Mapping[str, Any]) -> bool:
    """Whether a client of the sandbox that is so described needs a folder of its own."""
    more = description["sdk"] or description["hides"]
    return bool(more) or client_home.needs_home(description["files"], description["env"])


def prepared(
    home: Path, description: Mapping[str, Any], outside: Mapping[str, str] = os.environ
) -> dict[str, str | None]:
    """Put what the sandbox's scenarios ask for into `home`; returns the variables for the client, `None` to unset.

    `description` is the sandbox as the admin API describes it, `outside` the environment that the variables are for.
    """
    env: dict[str, str | None] = dict(description["env"])
    if client_home.needs_home(description["files"], env):
        client_home.furnish(home, description["files"])
        env = client_home.variables(home, env)
    if description["sdk"] or description["hides"]:
        from hokusai_testkit.contract import stand_in  # noqa: PLC0415 - most scenarios do without it

        client_home.furnish(home, stand_in.files(description["sdk"], description["hides"]))
        before = env["PYTHONPATH"] if "PYTHONPATH" in env else outside.get("PYTHONPATH")
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(home / stand_in.FOLDER), before]))
    return env
