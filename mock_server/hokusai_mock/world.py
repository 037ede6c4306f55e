"""A world: the whole state of one sandbox. All worlds of a server are kept in `worlds.py`.

Everything that a request can change lives in a `World` and nowhere else, so that reset is swapping an object and a leak
between two sandboxes is impossible. What a world is set to is worked out in `configuration.py`, from the server's
options and the scenarios that were started in it; what a scenario means is read from its file, never decided here.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from hokusai_mock import environment
from hokusai_mock.clock import Clock, IdSource, derive_seed
from hokusai_mock.configuration import (
    Change,
    Configuration,
    Playing,
    Settings,
    WorldError,
    WorldOptions,
    configure,
    resolve,
    version_is_fixed,
)
from hokusai_mock.journal import Journal
from hokusai_mock.keys import HELD, Key
from hokusai_mock.listeners.interface import ListenerError
from hokusai_mock.listeners.of_world import WorldListeners
from hokusai_mock.platform_state import PlatformState
from hokusai_mock.profiles import MlflowProfile, PlatformProfile

if TYPE_CHECKING:
    from hokusai_mock.faults import FaultBoard
    from hokusai_mock.listeners.interface import Opener
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.store import MemoryStore

__all__ = ["Settings", "World", "WorldError", "WorldOptions", "WorldState"]

ASK_EVERY = 0.25
"""Real seconds between two questions whether somebody still waits for the answer."""


class WorldState(NamedTuple):
    """What a world keeps to itself, for a snapshot to hold: what was made, and what was never asked for is `None`."""

    profiles: tuple[str, str]
    steps: tuple[Playing | Change, ...]
    store: MemoryStore | None
    platform: PlatformState | None


class World:
    """One isolated state: store, keys, clock, ids, profiles, faults and journal."""

    def __init__(self, world_id: str, options: WorldOptions, opener: Opener | None = None) -> None:
        """Make a fresh world and start the scenarios of the options; raises `WorldError` on a name that is unknown.

        `opener` opens the private listeners of scenarios; without one, scenarios that have any are refused.
        """
        self.id = world_id
        self.options = options
        self.seed = derive_seed(options.seed, world_id)
        self.lock = threading.RLock()
        self.clock = Clock()
        self.ids = IdSource(self.seed)
        self._store: MemoryStore | None = None
        self._platform_state: PlatformState | None = None
        self.journal = Journal()
        self.fault_board: FaultBoard | None = None
        """The fault rules, once there was one; who adds or lists rules asks `faults`."""
        self.errors: list[str] = []
        """Tracebacks of errors inside the mock itself while it served this world; a test that has one fails."""
        self.last_used = time.monotonic()
        self.time_scale = options.time_scale
        """What the seconds of delays and hangs are multiplied with; may be changed at any time."""
        self.listeners = WorldListeners(opener)
        self._ended = threading.Event()
        self._steps: tuple[Playing | Change, ...] = ()
        """The scenarios that run and what was set by hand, in the order of doing."""
        self._profiles = (options.mlflow, options.platform)
        self._worked_out = self._configure(self._profiles, ())
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
                self._store = MemoryStore(self.clock, self.ids, self.settings.artifact_root)
            return self._store

    @property
    def platform_state(self) -> PlatformState:
        """What the platform remembers of this world beside the store; made when it is first asked for."""
        with self.lock:
            if self._platform_state is None:
                self._platform_state = PlatformState()
            return self._platform_state

    @platform_state.setter
    def platform_state(self, state: PlatformState) -> None:
        with self.lock:
            self._platform_state = state

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
    def _configuration(self) -> Configuration:
        """What the world is set to now: a moment of a timeline that has come is worked in here."""
        known = self._worked_out
        if known.since_ms is None and known.until_ms is None:
            return known
        if not known.holds_at(self.clock.now_ms()):
            with self.lock:
                self._worked_out = known = self._configure(self._profiles, self._steps)
        return known

    @property
    def scenarios(self) -> list[Playing]:
        """The scenarios that run, in the order in which they were started."""
        return [step for step in self._steps if isinstance(step, Playing)]

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

    def set_since_ms(self, setting: str) -> int | None:
        """Since when, on this world's clock, a setting has been what it is; `None`: nobody has set it."""
        return self._configuration.settings_since.get(setting)

    def play(self, name: str, params: Mapping[str, Any] | None = None) -> None:
        """Add a scenario to those that are active; `healthy` ends them all.

        Raises `WorldError` for an unknown name or parameter, or for a scenario that cannot be played in this version.
        """
        if name == "healthy" and not params:  # with parameters it is refused, as every parameter that there is not
            self.calm()
            return
        try:
            scenario = resolve(name, params or {})
        except ValueError as error:
            raise WorldError(str(error)) from error
        if missing := scenario.unplayable():
            raise WorldError(f"scenario {name!r} cannot be played by this version: {'; '.join(missing)}")
        with self.lock:
            steps = (*self._steps, Playing(name, dict(params or {}), self.clock.now_ms()))
            worked_out = self._configure(self._profiles, steps)
            with self._opening(name, scenario.listeners):
                if scenario.faults:
                    self.faults.add_all(scenario.faults)
                self._steps, self._worked_out = steps, worked_out

    def calm(self) -> None:
        """End every scenario and every fault; data, journal and profiles stay."""
        with self.lock:
            if self.fault_board is not None:
                self.fault_board.clear()
            steps = tuple(step for step in self._steps if isinstance(step, Change))
            self._worked_out = self._configure(self._profiles, steps)
            self._steps = steps
            self.listeners.close()

    @contextlib.contextmanager
    def _opening(self, name: str, listeners: Sequence[Listener]) -> Iterator[None]:
        try:
            with self.listeners.opening(self, listeners):
                yield
        except ListenerError as error:
            raise WorldError(f"scenario {name!r} cannot be played here: {error}") from error

    def use_profiles(self, mlflow: str | None = None, platform: str | None = None) -> None:
        """Play another version of MLflow or another era of the platform from the next request on."""
        if mlflow is not None and self.options.backend is not None:
            raise WorldError(version_is_fixed(f"the profile {mlflow!r}"))
        with self.lock:
            chosen = (mlflow or self._profiles[0], platform or self._profiles[1])
            self._worked_out = self._configure(chosen, self._steps)
            self._profiles = chosen

    def state(self) -> WorldState:
        """What a snapshot holds beyond what can be seen from outside."""
        return WorldState(self._profiles, self._steps, self._store, self._platform_state)

    def put_back(self, profiles: tuple[str, str], steps: Sequence[Playing | Change], store: MemoryStore | None) -> None:
        """Be set to what another world was set to, and hold its data; for a world that nobody uses yet.

        The listeners of its scenarios are opened; their faults come from the snapshot, with what they counted.
        """
        with self.lock:
            self._worked_out = self._configure(profiles, tuple(steps))
            self._profiles, self._steps, self._store = profiles, tuple(steps), store
        for step in self.scenarios:
            with self._opening(step.name, resolve(step.name, step.params).listeners):
                pass

    def reseed(self, seed: int) -> None:
        """Begin the sequences of ids and of chance that belong to `seed`, as a sandbox does that starts with it."""
        with self.lock:
            self.options = replace(self.options, seed=seed)
            self.seed = derive_seed(seed, self.id)
            self.ids.restart(self.seed)
            if self.fault_board is not None:
                self.fault_board.seed = self.seed

    def set_key(self, role: str, rights: Mapping[str, Any]) -> Key:
        """Give the key of `role` other `rights` (fields of `Key`) from now on; a role that is new gets a key.

        What is not named stays. It holds besides scenarios, and until one that starts later, or a moment of a timeline
        that comes later, sets the same.
        """
        with self.lock:
            kept = (step for step in self._steps if not _covers(role, rights, step))
            steps = (*kept, Change(self.clock.now_ms(), keys={role: dict(rights)}))
            self._worked_out = self._configure(self._profiles, steps)
            self._steps = steps
        return self.keys[role]

    def set_settings(self, changes: Mapping[str, Any]) -> Settings:
        """Set platform settings (fields of `Settings`) from now on; what is not named stays.

        It holds as rights that were set by `set_key` do. `WorldError` for a setting that does not exist.
        """
        with self.lock:
            kept = (step for step in self._steps if not _covers_settings(changes, step))
            steps = (*kept, Change(self.clock.now_ms(), settings=dict(changes)))
            self._worked_out = self._configure(self._profiles, steps)
            self._steps = steps
        return self.settings

    def _configure(self, names: tuple[str, str], steps: tuple[Playing | Change, ...]) -> Configuration:
        return configure(self.options, names, steps, self.clock.now_ms())

    # -- the environment of a client ---------------------------------------------------------------------------------

    def environment(self, root: str) -> dict[str, str | None]:
        """The variables for a client of this world, whose base URL is `root`; `None` means: must not be set."""
        root = self.listeners.root(root)
        changes = environment.table(root, api_key=self.keys[HELD].secret, plain=self.plain)
        changes.update(self.options.client_env)
        changes.update(self.listeners.environment())
        for name, value in self._configuration.client.env.items():
            changes[name] = None if value is None else self.fill(value, root)
        return changes

    def client_side(self, root: str) -> dict[str, Any]:
        """What a client of this world needs to play its scenarios, as plain data.

        `env` as `environment` gives it; `files`, texts by their paths in a private home, whose `{home}` is still in
        them and in `env`; `needs`, `sdk` and `hides` as the files of the scenarios have them.
        """
        client = self._configuration.client
        return {
            "env": self.environment(root),
            "files": {path: self.fill(text, root) for path, text in client.files.items()},
            "needs": list(client.needs),
            "sdk": list(client.sdk),
            "hides": list(client.hides),
        }

    def fill(self, text: str, root: str) -> str:
        """`text` with its placeholders filled, all but `{home}`: only whoever plays the scenario knows that."""
        parts = urlsplit(self.listeners.root(root))
        known = {"host": parts.hostname or "", "port": str(parts.port or ""), "key": self.keys[HELD].secret}
        known.update(self.listeners.placeholders(root))
        return re.sub(r"\{([\w.]+)\}", lambda found: known.get(found[1], found[0]), text)

    # -- waiting and the end -----------------------------------------------------------------------------------------

    def wait(self, seconds: float, unless: Callable[[], bool] | None = None) -> bool:
        """Hold the calling thread for `seconds` x `time_scale` (infinity: for ever); true when it waited to the end.

        False as soon as the sandbox is reset or dropped or the server stops, and soon after `unless` says that nobody
        waits for the answer any more. Never called with a lock held.
        """
        scaled = seconds if seconds == float("inf") else seconds * self.time_scale
        deadline = time.monotonic() + scaled
        while (left := deadline - time.monotonic()) > 0:
            if self._ended.wait(min(left, ASK_EVERY if unless else threading.TIMEOUT_MAX)):
                return False
            if unless is not None and unless():
                return False
        return not self._ended.is_set()

    def end(self) -> None:
        """Wake everybody who waits in this world, now and later, and close its listeners.

        It was reset or dropped, or the server stops.
        """
        self._ended.set()
        self.listeners.end()

    def close(self) -> None:
        """Free what is not memory: spooled artifacts."""
        if self._store is not None:
            self._store.close()


def _covers(role: str, rights: Mapping[str, Any], earlier: Playing | Change) -> bool:
    """Whether a change of these rights leaves nothing of an earlier step, which then need not be kept."""
    return isinstance(earlier, Change) and role in earlier.keys and set(earlier.keys[role]) <= set(rights)


def _covers_settings(changes: Mapping[str, Any], earlier: Playing | Change) -> bool:
    """Whether these settings leave nothing of an earlier step, which then need not be kept."""
    return isinstance(earlier, Change) and not earlier.keys and set(earlier.settings) <= set(changes)
