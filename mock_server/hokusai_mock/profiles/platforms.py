"""Platform profiles: what the gateway of one era of the platform does, as data.

One TOML file an era in `profiles/platform/`; the gateway asks the profile and never the name.
"""

from __future__ import annotations

import difflib
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["PlatformProfile", "platform", "platform_names"]

_FOLDER = Path(__file__).with_name("platform")


class PlatformProfile(NamedTuple):
    """What one era of the gateway does with keys, paths and bodies."""

    name: str
    title: str
    server: str
    """The `Server` header of the gateway's own answers."""
    registry_rule: str
    """Who may use the registry: `admin` (reads and writes alike) or `scopes` (writes want a write scope)."""
    registry_admin_scopes: tuple[str, ...]
    """Any of these scopes makes a key a registry admin."""
    mounts: tuple[tuple[str, str], ...]
    """(mount, what stands in its place before the rest of the path), longest mount first."""
    body_methods: tuple[str, ...]
    """Methods whose request body reaches MLflow; the body of any other is lost on the way."""
    keeps_repeated_parameters: bool
    """Whether `a=1&a=2` reaches MLflow as it is; else the last of equal names wins."""
    forwards_credentials: bool
    """Whether MLflow sees the key that the client sent to the platform."""
    auth_trouble: int
    """With which status the gateway reports trouble of the auth service: 503, or 401."""
    validate_key_in: str
    """Where `/api/v1/keys/validate` wants the key: `header`, `body` or `both`."""
    losses: frozenset[str]
    """Which of the platform's own routes do less than they promise; the file that has one says what it means."""


@lru_cache(maxsize=1)
def platform_names() -> tuple[str, ...]:
    """The names of all platform profiles; no file is parsed."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=8)
def platform(name: str) -> PlatformProfile:
    """Load one platform profile; `ValueError` names the nearest valid one."""
    if name not in platform_names():
        near = difflib.get_close_matches(name, platform_names(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(platform_names())}"
        raise ValueError(f"unknown platform profile {name!r}{hint}")
    data: dict[str, Any] = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
    mounts = sorted(data["mounts"].items(), key=lambda item: -len(item[0]))
    return PlatformProfile(
        name=data["name"],
        title=data["title"],
        server=data["server"],
        registry_rule=data["registry_rule"],
        registry_admin_scopes=tuple(data["registry_admin_scopes"]),
        mounts=tuple(mounts),
        body_methods=tuple(data["forwarding"]["body_methods"]),
        keeps_repeated_parameters=data["forwarding"]["keeps_repeated_parameters"],
        forwards_credentials=data["forwarding"]["forwards_credentials"],
        auth_trouble=data["auth_trouble"],
        validate_key_in=data["validate_key_in"],
        losses=frozenset(data["losses"]),
    )
