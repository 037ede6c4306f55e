"""All worlds of one server, by id: made on first use, replaced by a reset, dropped when idle."""

from __future__ import annotations

import queue
import re
import threading
import time
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING
from weakref import WeakSet

from hokusai_mock.world import World, WorldError, WorldOptions

if TYPE_CHECKING:
    from hokusai_mock.listeners.interface import Opener
    from hokusai_mock.recording import Recorder
    from hokusai_mock.snapshots import StateFile

__all__ = ["DEFAULT", "TooManyWorlds", "WorldConflict", "Worlds"]

DEFAULT = "default"
"""The id of the sandbox that answers paths without `/s/<id>`."""

MAX_ID = 64
ID_PATTERN = re.compile(rf"[A-Za-z0-9_.-]{{1,{MAX_ID}}}")

IDLE_SECONDS = 3600.0
"""A sandbox that nobody asked for so long goes, as soon as another one is made."""

SWEEP_SECONDS = 60.0
"""How often the idle ones are looked for."""


class TooManyWorlds(WorldError):
    """The server holds as many sandboxes as it may."""


class WorldConflict(WorldError):
    """There is a sandbox of that id already."""


class Worlds:
    """All worlds of one server, by id; made on first use, dropped when idle."""

    def __init__(self, options: WorldOptions, max_worlds: int = 4096, opener: Opener | None = None) -> None:
        """Hold at most `max_worlds` worlds, each started from `options`.

        `opener` opens the private listeners of scenarios; without one, scenarios that have any are refused.
        """
        self.options = options
        self.max_worlds = max_worlds
        self.recorder: Recorder | None = None
        """Who records what passes, when somebody does; set before the first request."""
        self.state_file: StateFile | None = None
        """Where the state of all worlds is kept between two runs, when it is; set before the first request."""
        self.public_url: str | None = None
        """Where clients reach the server, when that is not where control is reached."""
        self._opener = opener
        self._ended = False
        self._made = 0
        self._beside: WeakSet[World] = WeakSet()
        self._swept = time.monotonic()
        self._by_id: dict[str, World] = {}
        self._lock = threading.RLock()  # the end of a world may drop another one, that of its second host
        self._undertaker = _Undertaker()
        self.get(DEFAULT)  # a wrong option is reported now, not by the first request

    def get(self, world_id: str) -> World:
        """The world of that id, made when it does not exist; `WorldError` for an id that is not allowed."""
        world = self._by_id.get(world_id)
        if world is None:
            if ID_PATTERN.fullmatch(world_id) is None:
                raise WorldError(f"{world_id!r} is no sandbox id: 1 to 64 of letters, digits, '_', '.', '-'")
            with self._lock:
                world = self._by_id.get(world_id)
                if world is None:
                    self._make_room()
                    world = self._enter(World(world_id, self.options, self._opener))
        world.last_used = time.monotonic()
        return world

    def ids(self) -> list[str]:
        """The ids of all worlds, oldest first."""
        return list(self._by_id)

    def all(self) -> list[World]:
        """All worlds, the oldest first; looking at them is no use of them."""
        return list(self._by_id.values())

    def own(self) -> list[World]:
        """The worlds that were asked for: without those that stand beside another one, which come back with it."""
        return [world for world in self.all() if world not in self._beside]

    def make(self, world_id: str | None, options: WorldOptions) -> World:
        """Make a world that starts from options of its own; without an id it gets a free one.

        `WorldConflict` when the id is taken.
        """
        with self._lock:
            chosen = world_id or self._free_id()
            if chosen in self._by_id:
                raise WorldConflict(f"the sandbox {chosen!r} exists already; drop it, or choose another id")
            self._make_room()
            return self._enter(World(chosen, options, self._opener))

    def fresh(self, world_id: str, options: WorldOptions) -> World:
        """A new world that is not entered yet; `replace` puts it in its place."""
        if ID_PATTERN.fullmatch(world_id) is None:
            raise WorldError(f"{world_id!r} is no sandbox id: 1 to 64 of letters, digits, '_', '.', '-'")
        return World(world_id, options, self._opener)

    def replace(self, fresh: World) -> None:
        """Put a world in the place of the one with its id; what was recorded of the old one stays."""
        with self._lock:
            old = self._by_id.get(fresh.id)
            if old is None:
                self._make_room()
            else:
                fresh.journal, fresh.errors = old.journal, old.errors
            self._enter(fresh)
        if old is not None:
            old.end()
            self._undertaker.bury(old)

    def _enter(self, world: World) -> World:
        if self._ended:
            world.end()
        self._by_id[world.id] = world
        return world

    def _free_id(self) -> str:
        while True:
            self._made += 1
            free = f"sandbox-{self._made}"
            if free not in self._by_id:
                return free

    def reset(self, world_id: str, seed: int | None = None) -> World:
        """Replace a world by a fresh one and return it; requests that hold the old one finish on the old one.

        A `seed` that is given takes the place of the server's, for later resets too.
        """
        known = self._by_id.get(world_id)
        options = known.options if known is not None else self.options
        fresh = World(world_id, options if seed is None else replace(options, seed=seed), self._opener)
        with self._lock:
            old = self._by_id.get(world_id)
            self._by_id[world_id] = fresh
        if old is not None:
            old.end()
            self._undertaker.bury(old)
        return fresh

    def drop(self, world_id: str) -> bool:
        """Forget a world; false when there was none."""
        with self._lock:
            old = self._by_id.pop(world_id, None)
        if old is not None:
            old.end()
            self._undertaker.bury(old)
        return old is not None

    def beside(self, world: World, name: str) -> World:
        """Make the world of a host called `name` beside `world`: the same profiles, no data and no scenario.

        Its id is `<id>.<name>`, shortened where that is too long, so that its journal can be looked at.
        """
        neighbour_id = f"{world.id}.{name}"
        if len(neighbour_id) > MAX_ID:
            digest = blake2b(neighbour_id.encode(), digest_size=4).hexdigest()
            neighbour_id = f"{world.id[: MAX_ID - len(digest) - 1]}.{digest}"
        options = replace(world.options, scenarios=())
        with self._lock:
            self._make_room()
            self.drop(neighbour_id)
            neighbour = self._by_id[neighbour_id] = World(neighbour_id, options, self._opener)
            self._beside.add(neighbour)
        return neighbour

    def let_go(self, world: World) -> None:
        """Forget this very world; one that has taken its id since stays."""
        with self._lock:
            if self._by_id.get(world.id) is world:
                self.drop(world.id)

    def end(self) -> None:
        """Wake everybody who waits in a world, and let nobody wait any more: the server is about to stop."""
        with self._lock:
            self._ended = True
            for world in list(self._by_id.values()):
                world.end()

    def close(self) -> None:
        """Forget every world."""
        self.end()
        with self._lock:
            worlds = list(self._by_id.values())
            self._by_id.clear()
        self._undertaker.stop()
        for world in worlds:
            world.close()

    def _make_room(self) -> None:
        """Drop the idle ones, now and then, and always when the room is needed."""
        now = time.monotonic()
        full = len(self._by_id) >= self.max_worlds
        if full or now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            for idle in [world for world in self._by_id.values() if now - world.last_used > IDLE_SECONDS]:
                if idle.id != DEFAULT:
                    self.drop(idle.id)
        if len(self._by_id) >= self.max_worlds:
            raise TooManyWorlds(
                f"there are already {self.max_worlds} sandboxes; drop those that are done, or raise --max-sandboxes"
            )


class _Undertaker:
    """Frees worlds in a thread of its own: freeing a big one takes milliseconds that a reset must not take."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[World | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def bury(self, world: World) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hokusai-mock-drop", daemon=True)
                self._thread.start()
        self._queue.put(world)

    def stop(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(2.0)

    def _run(self) -> None:
        while (world := self._queue.get()) is not None:
            world.close()
            del world
