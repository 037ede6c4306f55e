"""The private home of a client: where whoever plays a scenario puts the files that its `[client]` table asks for.

The mock only tells what files there are (`describe()`); they are written by the side that starts the client: `run`, the
fixture `hokusai_env`, the tests. Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["furnish", "needs_home", "variables"]

_PLACEHOLDER = "{home}"
_HOME = ("HOME", "USERPROFILE")
"""The variables that say where the home is: on POSIX and on Windows."""


def needs_home(files: Mapping[str, str], env: Mapping[str, str | None]) -> bool:
    """Whether a client with these files and this environment needs a home of its own."""
    return bool(files) or any(_PLACEHOLDER in (value or "") for value in env.values())


def furnish(home: Path, files: Mapping[str, str]) -> None:
    """Write `files`, texts by relative path, into `home`, readable by the owner alone; folders are made.

    `{home}` in a text stands for the home. `ValueError` for a path that leaves it, before anything is written.
    """
    root = home.resolve()
    paths = {name: (root / name).resolve() for name in files}
    for name, path in paths.items():
        if not path.is_relative_to(root) or path == root:
            raise ValueError(f"the file {name!r} is not inside of the client's home {str(home)!r}")
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name].replace(_PLACEHOLDER, str(home)).encode())
        path.chmod(0o600)


def variables(home: Path, env: Mapping[str, str | None]) -> dict[str, str | None]:
    """The environment `env` for a client that lives in `home`: the placeholder filled in, the home told."""
    filled = {name: value and value.replace(_PLACEHOLDER, str(home)) for name, value in env.items()}
    return {**dict.fromkeys(_HOME, str(home)), **filled}
