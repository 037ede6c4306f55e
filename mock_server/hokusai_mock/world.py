"""A world: the whole state of one sandbox. All worlds of a server are kept in `worlds.py`.

Everything that a request can change lives in a `World` and nowhere else, so that reset is swapping an object and a leak
between two sandboxes is impossible. A world is configured from the server's options and the scenarios that were started
in it; what a scenario means is read from its file, never decided here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hokusai_mock import environment, profiles
from hokusai_mock.clock import Clock, IdSource, derive_seed
from hokusai_mock.journal import Journal
from hokusai_mock.keys import DEFAULT_KEYS, HELD, Key
from hokusai_mock.profiles import MlflowProfile, PlatformProfile

if TYPE_CHECKING:
    from hokusai_mock.faults import FaultBoard
    from hokusai_mock.scenarios import ResolvedScenario
    from hokusai_mock.store import MemoryStore

__all__ = ["Settings", "World", "WorldError", "WorldOptions"]


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


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the platform that a scenario may change; a file that names another one cannot be played yet."""

    registry_admin_scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Configuration:
    """What options and scenarios amount to."""

    mlflow: MlflowProfile
    platform: PlatformProfile
    plain: bool
    keys: Mapping[str, Key]
    settings: Settings
    client_env: Mapping[str, str | None] = field(default_factory=dict)


class World:
    """One isolated state: store, keys, clock, ids, profiles, faults and journal."""

    def __init__(self, world_id: str, options: WorldOptions) -> None:
        """Make a fresh world and start the scenarios of the options; raises `WorldError` on a name that is unknown."""
        self.id = world_id
        self.options = options
        self.seed = derive_seed(options.seed, world_id)
        self.lock = threading.RLock()
        self.clock = Clock()
        self.ids = IdSource(self.seed)
        self._store: MemoryStore | None = None
        self.journal = Journal()
        self.fault_board: FaultBoard | None = None
        """The fault rules, once there was one; who adds or lists rules asks `faults`."""
        self.errors: list[str] = []
        """Tracebacks of errors inside the mock itself while it served this world; a test that has one fails."""
        self.last_used = time.monotonic()
        self.scenarios: tuple[tuple[str, Mapping[str, Any]], ...] = ()
        self._profiles = (options.mlflow, options.platform)
        self._configure(self._profiles, ())
        for name, params in options.scenarios:
            self.play(name, params)

    @property
    def store(self) -> MemoryStore:
        """The data of this world; made when they are first asked for."""
        return self._store or self._new_store()

    def _new_store(self) -> MemoryStore:
        from hokusai_mock.store import MemoryStore  # noqa: PLC0415 - loaded with the first request that needs data

        with self.lock:
            if self._store is None:
                self._store = MemoryStore(self.clock, self.ids)
            return self._store

    @property
    def faults(self) -> FaultBoard:
        """The fault rules of this world; made when they are first asked for, as most worlds never have one."""
        return self.fault_board or self._new_fault_board()

    def _new_fault_board(self) -> FaultBoard:
        from hokusai_mock.faults import FaultBoard  # noqa: PLC0415 - a server without faults starts without their schema

        with self.lock:
            if self.fault_board is None:
                self.fault_board = FaultBoard(self.seed, self.clock)
            return self.fault_board

    # -- configuration -----------------------------------------------------------------------------------------------

    @property
    def mlflow(self) -> MlflowProfile:
        """The version of MLflow that this world plays."""
        return self._configuration.mlflow

    @property
    def platform(self) -> PlatformProfile:
        """The era of the platform that this world plays."""
        return self._configuration.platform

    @property
    def plain(self) -> bool:
        """Whether this world is a plain MLflow server without a gateway."""
        return self._configuration.plain

    @property
    def keys(self) -> Mapping[str, Key]:
        """The API keys by role."""
        return self._configuration.keys

    @property
    def settings(self) -> Settings:
        """The settings of the platform."""
        return self._configuration.settings

    def play(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        """Add a scenario to those that are active; `healthy` ends them all.

        Raises `WorldError` for an unknown name or parameter, or for a scenario that cannot be played in this version.
        """
        if name == "healthy":
            self.calm()
            return
        try:
            scenario = _resolve(name, params or {})
        except ValueError as error:
            raise WorldError(str(error)) from error
        if missing := scenario.unplayable():
            raise WorldError(f"scenario {name!r} cannot be played by this version: {'; '.join(missing)}")
        with self.lock:
            active = (*self.scenarios, (name, dict(params or {})))
            self._configure(self._profiles, active)
            self.scenarios = active
            if scenario.faults:
                self.faults.add_all(scenario.faults)

    def calm(self) -> None:
        """End every scenario and every fault; data, journal and profiles stay."""
        with self.lock:
            if self.fault_board is not None:
                self.fault_board.clear()
            self._configure(self._profiles, ())
            self.scenarios = ()

    def use_profiles(self, mlflow: str | None = None, platform: str | None = None) -> None:
        """Play another version of MLflow or another era of the platform from the next request on."""
        if mlflow is not None and self.options.backend is not None:
            raise WorldError(_version_is_fixed(f"the profile {mlflow!r}"))
        with self.lock:
            chosen = (mlflow or self._profiles[0], platform or self._profiles[1])
            self._configure(chosen, self.scenarios)
            self._profiles = chosen

    def _configure(self, names: tuple[str, str], active: tuple[tuple[str, Mapping[str, Any]], ...]) -> None:
        """Work out the configuration from profiles and scenarios; changes nothing when it raises."""
        mlflow_name, platform_name = names
        plain, keys = self.options.plain, dict(DEFAULT_KEYS)
        client_env: dict[str, str | None] = {}
        changes: dict[str, Any] = {}
        for name, params in active:
            scenario = _resolve(name, params)
            if scenario.platform.mlflow and self.options.backend is not None:
                raise WorldError(_version_is_fixed(f"scenario {name!r}"))
            mlflow_name = scenario.platform.mlflow or mlflow_name
            platform_name = scenario.platform.gateway or platform_name
            plain = plain if scenario.platform.plain is None else scenario.platform.plain
            for role, rights in scenario.keys.items():
                role_name = HELD if role == "held" else role
                keys[role_name] = replace(keys.get(role_name, Key(role_name, f"hk_test_{role_name}")), **rights)
            changes.update(scenario.settings)
            client_env.update(scenario.client.env)
        try:
            mlflow, platform = profiles.mlflow(mlflow_name), profiles.platform(platform_name)
        except ValueError as error:
            raise WorldError(str(error)) from error
        self._configuration = _Configuration(
            mlflow=mlflow,
            platform=platform,
            plain=plain,
            keys=keys,
            settings=_settings(platform, changes),
            client_env=client_env,
        )

    # -- the environment of a client ---------------------------------------------------------------------------------

    def environment(self, root: str) -> dict[str, str | None]:
        """The variables for a client of this world, whose base URL is `root`; `None` means: must not be set."""
        held = self.keys[HELD].secret
        changes = environment.table(root, api_key=held, plain=self.plain)
        parts = urlsplit(root)
        for name, value in self._configuration.client_env.items():
            changes[name] = None if value is None else _fill(value, parts.hostname, parts.port, held)
        return changes

    def close(self) -> None:
        """Free what is not memory: spooled artifacts."""
        if self._store is not None:
            self._store.close()


def _resolve(name: str, params: Mapping[str, Any]) -> ResolvedScenario:
    from hokusai_mock import scenarios  # noqa: PLC0415 - a server without scenarios starts without their schema

    return scenarios.load(name).resolve(**params)


def _version_is_fixed(wanted: str) -> str:
    return (
        f"{wanted} plays another version of MLflow, and with a backend the version is the backend's; "
        "start that version of MLflow as the backend, or a mock without one"
    )


def _settings(platform: PlatformProfile, changes: Mapping[str, Any]) -> Settings:
    known = {item.name for item in fields(Settings)}
    if unknown := sorted(set(changes) - known):
        raise WorldError(
            f"this version cannot play the platform setting {unknown[0]!r}; it can play {', '.join(sorted(known))}"
        )
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
    return replace(Settings(registry_admin_scopes=platform.registry_admin_scopes), **values)


def _fill(text: str, host: str | None, port: int | None, key: str) -> str:
    return text.replace("{host}", host or "").replace("{port}", str(port or "")).replace("{key}", key)
