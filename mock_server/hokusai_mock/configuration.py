"""What a world is set to, worked out from the server's options, the profiles, the running scenarios and the time.

Pure: values in, one immutable `Configuration` out, which says for how long it holds. A scenario's `[[timeline]]` needs
no thread: whoever reads a configuration after a moment has passed works out the next one. Who keeps it is `world.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hokusai_mock import profiles
from hokusai_mock.keys import DEFAULT_KEYS, HELD, Key
from hokusai_mock.profiles import MlflowProfile, PlatformProfile
from hokusai_mock.settings import Settings, settle

if TYPE_CHECKING:
    from hokusai_mock.scenarios import Client, ResolvedScenario

__all__ = [
    "Change",
    "ClientSide",
    "Configuration",
    "Playing",
    "Settings",
    "WorldError",
    "WorldOptions",
    "configure",
    "resolve",
]


class WorldError(ValueError):
    """A sandbox cannot be set up as asked; the message says why and what is possible. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """How a new world starts; the same for every sandbox of a server."""

    mlflow: str = "mlflow-3.9"
    platform: str = "platform-documented"
    plain: bool = False
    seed: int = 0
    scenarios: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    max_upload: int = 64 * 1024 * 1024
    """Largest artifact in bytes that the memory store takes."""
    backend: str | None = None
    """The base URL of a real MLflow server that all worlds share in the place of a store of their own."""
    backend_timeout: float = 30.0
    """Seconds of silence after which the backend is given up."""
    time_scale: float = 1.0
    """What the seconds of delays and hangs are multiplied with."""
    client_env: Mapping[str, str | None] = field(default_factory=dict)
    """Variables that clients of this server need beside those of the table: with TLS, whom to trust."""

    def __post_init__(self) -> None:
        """All worlds of a server share its options: what they hold cannot be changed."""
        object.__setattr__(self, "client_env", MappingProxyType(dict(self.client_env)))
        scenarios = tuple((name, MappingProxyType(dict(params))) for name, params in self.scenarios)
        object.__setattr__(self, "scenarios", scenarios)


class Playing(NamedTuple):
    """A scenario that runs in a world, since `started_ms` of the world's clock."""

    name: str
    params: Mapping[str, Any]
    started_ms: int


@dataclass(frozen=True, slots=True)
class Change:
    """Rights of keys, by role, and settings that are set from a moment of the world's clock on."""

    at_ms: int
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientSide:
    """What the running scenarios ask of the client: the `[client]` tables, together. Placeholders are still in."""

    env: Mapping[str, str | None] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts by path; paths are relative to a private home that whoever plays the scenario makes."""
    needs: tuple[str, ...] = ()
    sdk: tuple[str, ...] = ()
    """The methods and parameters that the SDK is to lack, as `without:Class.method[.param]`."""
    hides: tuple[str, ...] = ()
    """The packages that cannot be imported."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What options, scenarios and the time amount to."""

    mlflow: MlflowProfile
    platform: PlatformProfile
    plain: bool
    keys: Mapping[str, Key]
    settings: Settings
    settings_since: Mapping[str, int]
    """When each setting that was changed got its value."""
    client: ClientSide
    since_ms: int | None
    """The moment from which it holds; `None`: it has held from the beginning."""
    until_ms: int | None
    """The moment at which something changes; `None`: never."""

    def holds_at(self, now_ms: int) -> bool:
        """Whether it is the configuration of that moment; a clock may also have been set back."""
        return (self.since_ms is None or self.since_ms <= now_ms) and (self.until_ms is None or now_ms < self.until_ms)


def configure(
    options: WorldOptions,
    profile_names: tuple[str, str],
    steps: Sequence[Playing | Change],
    now_ms: int,
) -> Configuration:
    """Work out what holds at `now_ms` after the `steps`: scenarios and what was set by hand, in the order of doing.

    Steps and the moments of timelines apply in the order of their times: of two that set the same thing the later one
    wins. A step holds at once, wherever the clock stands. `WorldError` when a step cannot be played.
    """
    mlflow_name, platform_name = profile_names
    plain = options.plain
    client = ClientSide()
    changes, moments = list[Change](), list[Change]()
    for step in steps:
        if isinstance(step, Change):
            changes.append(step)
            continue
        scenario = resolve(step.name, step.params)
        if scenario.platform.mlflow and options.backend is not None:
            raise WorldError(version_is_fixed(f"scenario {step.name!r}"))
        mlflow_name = scenario.platform.mlflow or mlflow_name
        platform_name = scenario.platform.gateway or platform_name
        plain = plain if scenario.platform.plain is None else scenario.platform.plain
        client = _join(client, scenario.client)
        changes.append(Change(step.started_ms, scenario.keys, scenario.settings))
        timeline = list(_timeline(scenario, step.started_ms))
        moments += timeline
        changes += [moment for moment in timeline if moment.at_ms <= now_ms]
    try:
        mlflow, platform = profiles.mlflow(mlflow_name), profiles.platform(platform_name)
    except ValueError as error:
        raise WorldError(str(error)) from error
    for moment in moments:
        _settings(platform, moment.settings)  # what could not be played is refused now, not when it comes
    changes.sort(key=lambda one: one.at_ms)  # stable: at the same time, what was done later comes later
    return Configuration(
        mlflow=mlflow,
        platform=platform,
        plain=plain,
        keys=_keys(changes),
        settings_since={name: change.at_ms for change in changes for name in change.settings},
        settings=_settings(platform, dict(chain.from_iterable(change.settings.items() for change in changes))),
        client=client,
        since_ms=max((moment.at_ms for moment in moments if moment.at_ms <= now_ms), default=None),
        until_ms=min((moment.at_ms for moment in moments if moment.at_ms > now_ms), default=None),
    )


def resolve(name: str, params: Mapping[str, Any]) -> ResolvedScenario:
    """The scenario of that name with its parameters filled in; `ScenarioError` (a `ValueError`) when there is none."""
    from hokusai_mock import scenarios  # noqa: PLC0415 - a server without scenarios starts without their schema

    return scenarios.load(name).resolve(**params)


def version_is_fixed(wanted: str) -> str:
    """Why a world with a backend cannot play `wanted`."""
    return (
        f"{wanted} plays another version of MLflow, and with a backend the version is the backend's; "
        "start that version of MLflow as the backend, or a mock without one"
    )


def _join(before: ClientSide, client: Client) -> ClientSide:
    return ClientSide(
        env={**before.env, **client.env},
        files={**before.files, **{path: file.text for path, file in client.files.items()}},
        needs=tuple(dict.fromkeys((*before.needs, *client.needs))),
        sdk=(*before.sdk, client.sdk) if client.sdk else before.sdk,
        hides=tuple(dict.fromkeys((*before.hides, *client.hides))),
    )


def _timeline(scenario: ResolvedScenario, started_ms: int) -> Iterator[Change]:
    for moment in scenario.timeline:
        yield Change(started_ms + round(moment.at * 1000), moment.keys, moment.settings)


def _keys(changes: Sequence[Change]) -> dict[str, Key]:
    keys = dict(DEFAULT_KEYS)
    for change in changes:
        for role, rights in change.keys.items():
            name = HELD if role == "held" else role
            keys[name] = replace(keys.get(name, Key(name, f"hk_test_{name}")), **rights)
    return keys


def _settings(platform: PlatformProfile, changes: Mapping[str, Any]) -> Settings:
    try:
        return settle(platform, changes)
    except ValueError as error:
        raise WorldError(str(error)) from error
