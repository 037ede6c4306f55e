"""What a sandbox is set to: profiles, clock, seed, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypedDict

from hokusai_mock.admin.interface import SANDBOX, AdminError, Call, Route
from hokusai_mock.admin.routes.sandboxes import Described, Profiles, Seed, TimeScale, describe
from hokusai_mock.keys import Key
from hokusai_mock.schema import Between, Seconds, did_you_mean
from hokusai_mock.world import World

__all__ = ["ROUTES", "clock_json"]

LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: no date comes after it."""
Moment = Annotated[int, Between(0, LATEST_MS)]


class ClockState(TypedDict):
    """The virtual clock: milliseconds since the epoch. `time_scale` stretches delays and hangs, which are real."""

    frozen: bool
    now_ms: int
    time_scale: float


class SeedState(TypedDict):
    """The seed that was given, or the server's."""

    seed: int


class KeyState(TypedDict):
    """A key and its rights."""

    key: str
    valid: bool
    admin: bool
    scopes: list[str]
    roles: list[str]
    email: str
    balance: float


class KeyStates(TypedDict):
    """The keys by role."""

    keys: dict[str, KeyState]


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The profiles to play from the next request on; an absent one stays."""

    mlflow: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """What the clock is set to; what is absent stays. `now_ms` is set first, then it is frozen or let go."""

    frozen: bool | None = None
    now_ms: Moment | None = None
    time_scale: TimeScale | None = None


@dataclass(frozen=True, slots=True)
class ClockStep:
    """How far the clock moves on: `advance` in seconds, or text such as "90m" or "24h"; it may be set before."""

    advance: Seconds = 0.0
    frozen: bool | None = None
    now_ms: Moment | None = None
    time_scale: TimeScale | None = None


@dataclass(frozen=True, slots=True)
class SeedSetting:
    """Another seed."""

    seed: Seed


@dataclass(frozen=True, slots=True)
class RightsChange:
    """Rights of a key; what is absent stays."""

    valid: bool | None = None
    admin: bool | None = None
    scopes: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    email: str | None = None
    balance: Annotated[float, Between(-1e12, 1e12)] | None = None


def get_profile(call: Call) -> Profiles:
    """Tell the profiles in force."""
    return describe(call, call.world)["profiles"]


def set_profile(call: Call) -> Described:
    """Play another version of MLflow, or another era of the platform, from the next request on."""
    world, wanted = call.world, call.body or ProfileChange()
    world.use_profiles(mlflow=wanted.mlflow, platform=wanted.platform)
    return describe(call, world)


def get_clock(call: Call) -> ClockState:
    """Tell the time of the sandbox."""
    return clock_json(call.world)


def set_clock(call: Call) -> ClockState:
    """Set, freeze or thaw the clock, or scale delays and hangs."""
    world, wanted = call.world, call.body or ClockSetting()
    _set_clock(world, wanted, 0.0)
    return clock_json(world)


def move_clock(call: Call) -> ClockState:
    """Advance the clock, frozen or not: what expires, refills or warms up meanwhile has done so."""
    world, wanted = call.world, call.body or ClockStep()
    _set_clock(world, wanted, wanted.advance)
    return clock_json(world)


def _set_clock(world: World, wanted: ClockSetting | ClockStep, advance_s: float) -> None:
    clock = world.clock
    start = clock.now_ms() if wanted.now_ms is None else wanted.now_ms
    if advance_s * 1000 > LATEST_MS - start:
        raise AdminError(f"the clock cannot pass the year 9999: {advance_s:g} s more is too much")
    if wanted.now_ms is not None:
        clock.set(wanted.now_ms)
    if wanted.frozen:
        clock.freeze(wanted.now_ms)  # not where it is: a clock that goes may have gone on since it was set
    elif wanted.frozen is not None:
        clock.thaw()
    clock.advance(round(advance_s * 1000))
    if wanted.time_scale is not None:
        world.time_scale = wanted.time_scale


def clock_json(world: World) -> ClockState:
    """The clock of a world as JSON."""
    return {"frozen": world.clock.frozen, "now_ms": world.clock.now_ms(), "time_scale": world.time_scale}


def get_seed(call: Call) -> SeedState:
    """Tell the seed."""
    return {"seed": call.world.options.seed}


def set_seed(call: Call) -> SeedState:
    """Begin the sequences of ids and of chance that belong to a seed; the data stay, later resets keep the seed."""
    world = call.world
    world.reseed(call.body.seed)
    return {"seed": world.options.seed}


def get_keys(call: Call) -> KeyStates:
    """List the API keys and their rights as they are now."""
    return {"keys": {role: _key_json(key) for role, key in call.world.keys.items()}}


def get_key(call: Call) -> KeyState:
    """Tell the key of one role."""
    keys = call.world.keys
    if call.role not in keys:
        raise AdminError(f"no key has the role {call.role!r}{did_you_mean(call.role, keys)}", 404)
    return _key_json(keys[call.role])


def set_key(call: Call) -> KeyState:
    """Change the rights of a role's key from now on; a role that is new gets a key. The secret never changes."""
    wanted: RightsChange = call.body or RightsChange()
    names = ("valid", "admin", "scopes", "roles", "email", "balance")
    rights = {name: value for name in names if (value := getattr(wanted, name)) is not None}
    return _key_json(call.world.set_key(call.role, rights))


def _key_json(key: Key) -> KeyState:
    return {
        "key": key.secret,
        "valid": key.valid,
        "admin": key.admin,
        "scopes": list(key.scopes),
        "roles": list(key.roles),
        "email": key.email,
        "balance": key.balance,
    }


ROUTES = (
    Route("GET", f"{SANDBOX}/profile", get_profile),
    Route("PUT", f"{SANDBOX}/profile", set_profile, body=ProfileChange),
    Route("GET", f"{SANDBOX}/clock", get_clock),
    Route("PUT", f"{SANDBOX}/clock", set_clock, body=ClockSetting, needs_body=True),
    Route("POST", f"{SANDBOX}/clock", move_clock, body=ClockStep, needs_body=True),
    Route("GET", f"{SANDBOX}/seed", get_seed),
    Route("PUT", f"{SANDBOX}/seed", set_seed, body=SeedSetting, needs_body=True),
    Route("GET", f"{SANDBOX}/keys", get_keys),
    Route("GET", f"{SANDBOX}/keys/{{role}}", get_key),
    Route("PUT", f"{SANDBOX}/keys/{{role}}", set_key, body=RightsChange),
)
