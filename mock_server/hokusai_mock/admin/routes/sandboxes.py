"""Sandboxes as a whole: listed, made with options of their own, described, reset, dropped."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypedDict

from hokusai_mock.admin.interface import SANDBOX, AdminError, Call, Route
from hokusai_mock.configuration import WorldOptions
from hokusai_mock.schema import Between, Matches
from hokusai_mock.world import World
from hokusai_mock.worlds import ID_PATTERN

__all__ = ["ROUTES", "Described", "Profiles", "Seed", "TimeScale", "describe"]

Seed = Annotated[int, Between(-(2**63), 2**64 - 1)]
TimeScale = Annotated[float, Between(0, 1000)]
SandboxId = Annotated[str, Matches(ID_PATTERN.pattern, "1 to 64 of letters, digits, '_', '.', '-'")]


class Profiles(TypedDict):
    """The profiles in force; `mlflow` is null with a backend, `platform` without a gateway."""

    mlflow: str | None
    platform: str | None


class Running(TypedDict):
    """A scenario that runs, with the parameters that it was given."""

    name: str
    params: dict[str, Any]


class ListenerState(TypedDict):
    """A private listener of the running scenarios; `ca` and `client_certificate` are paths of PEM files."""

    url: str
    kind: str
    tls: bool
    ca: str | None
    client_certificate: str | None


class Described(TypedDict):
    """A sandbox: where it is, what it plays, and what its clients need.

    `env` is their environment (null: must not be set), `files` are texts by their paths in a private home (`{home}` in
    both), `needs`, `sdk` and `hides` are what its scenarios want of them beyond that.
    """

    id: str
    url: str
    listeners: dict[str, ListenerState]
    env: dict[str, str | None]
    files: dict[str, str]
    needs: list[str]
    sdk: list[str]
    hides: list[str]
    plain: bool
    backend: str | None
    profiles: Profiles
    scenarios: list[Running]
    keys: dict[str, str]
    seed: int
    requests: int


class Listed(TypedDict):
    """A sandbox in the list: counts only."""

    id: str
    url: str
    requests: int
    scenarios: list[str]
    faults: int
    errors: int
    idle_s: float


class SandboxList(TypedDict):
    """All sandboxes, the oldest first."""

    sandboxes: list[Listed]
    max_sandboxes: int


class Dropped(TypedDict):
    """Whether there was something to drop."""

    dropped: bool


@dataclass(frozen=True, slots=True)
class ScenarioChoice:
    """A scenario with its parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewSandbox:
    """How a sandbox starts, now and after each reset; what is absent is as the server's options say."""

    id: SandboxId | None = None
    mlflow: str | None = None
    platform: str | None = None
    plain: bool | None = None
    seed: Seed | None = None
    scenarios: tuple[ScenarioChoice, ...] | None = None
    time_scale: TimeScale | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """Another seed from now on, for later resets too."""

    seed: Seed | None = None


def describe(call: Call, world: World) -> Described:
    """What a handle needs to know: URLs, environment, profiles, running scenarios."""
    root = call.root(world)
    client = world.client_side(root)
    return {
        "id": world.id,
        "url": world.listeners.root(root),
        "listeners": world.listeners.describe(root),
        "env": client["env"],
        "files": client["files"],
        "needs": client["needs"],
        "sdk": client["sdk"],
        "hides": client["hides"],
        "plain": world.plain,
        "backend": world.options.backend,
        "profiles": {
            "mlflow": None if world.options.backend else world.mlflow.name,
            "platform": None if world.plain else world.platform.name,
        },
        "scenarios": [{"name": item.name, "params": dict(item.params)} for item in world.scenarios],
        "keys": {role: key.secret for role, key in world.keys.items()},
        "seed": world.options.seed,
        "requests": world.journal.requests,
    }


def list_sandboxes(call: Call) -> SandboxList:
    """List the sandboxes that exist."""
    now = time.monotonic()
    return {
        "sandboxes": [_listed(call, world, now) for world in call.worlds.all()],
        "max_sandboxes": call.worlds.max_worlds,
    }


def _listed(call: Call, world: World, now: float) -> Listed:
    return {
        "id": world.id,
        "url": world.listeners.root(call.root(world)),
        "requests": world.journal.requests,
        "scenarios": [item.name for item in world.scenarios],
        "faults": 0 if world.fault_board is None else len(world.fault_board.rules()),
        "errors": len(world.errors),
        "idle_s": round(max(0.0, now - world.last_used), 3),
    }


def create_sandbox(call: Call) -> Described:
    """Make a sandbox with options of its own; without an `id` it gets a free one.

    A sandbox that is made by its first use starts from the server's options: this route is for another start.
    """
    wanted: NewSandbox = call.body or NewSandbox()
    return describe(call, call.worlds.make(wanted.id, _options(call.worlds.options, wanted)))


def _options(server: WorldOptions, wanted: NewSandbox) -> WorldOptions:
    names = ("mlflow", "platform", "plain", "seed", "time_scale")
    given = {name: value for name in names if (value := getattr(wanted, name)) is not None}
    plain = given.get("plain", server.plain)
    if plain and wanted.platform is not None:
        raise AdminError(f"a plain MLflow server has no gateway: drop the platform profile {wanted.platform!r}")
    if wanted.mlflow is not None and server.backend is not None:
        raise AdminError(f"with a backend the version of MLflow is the backend's: drop the profile {wanted.mlflow!r}")
    if wanted.scenarios is not None:
        given["scenarios"] = tuple((item.name, dict(item.params)) for item in wanted.scenarios)
    return replace(server, **given)


def get_sandbox(call: Call) -> Described:
    """Describe a sandbox; it is made when it does not exist."""
    return describe(call, call.world)


def drop_sandbox(call: Call) -> Dropped:
    """Forget a sandbox and everything in it; the next use makes a fresh one."""
    return {"dropped": call.worlds.drop(call.sandbox)}


def reset(call: Call) -> Described:
    """Return the sandbox to its start: no data, no journal, no faults, the scenarios and profiles of its options."""
    refuse_with_backend(call, "reset")
    wanted: Reset = call.body or Reset()
    return describe(call, call.worlds.reset(call.sandbox, wanted.seed))


def refuse_with_backend(call: Call, what: str) -> None:
    """Refuse, with 409, what would need the data that all sandboxes share."""
    if (backend := call.worlds.options.backend) is not None:
        raise AdminError(
            f"{what} is not possible with a backend: the data lie in {backend}, which all sandboxes share. "
            "End the sandbox's scenarios and faults, forget its journal, or drop it",
            409,
        )


WITH_BACKEND = "the mock has a backend, whose data all sandboxes share"

ROUTES = (
    Route("GET", "/sandboxes", list_sandboxes),
    Route(
        "POST",
        "/sandboxes",
        create_sandbox,
        body=NewSandbox,
        status=201,
        conflict="the sandbox exists already, or there are as many as there may be",
    ),
    Route("GET", SANDBOX, get_sandbox),
    Route("DELETE", SANDBOX, drop_sandbox),
    Route("POST", f"{SANDBOX}/reset", reset, body=Reset, conflict=WITH_BACKEND),
)
