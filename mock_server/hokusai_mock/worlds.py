"""All worlds of one server, by id: made on first use, replaced by a reset, dropped when idle."""

from __future__ import annotations

import queue
import re
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from hokusai_mock.world import World, WorldError, WorldOptions

if TYPE_CHECKING:
    from hokusai_mock.recording import Recorder

__all__ = ["DEFAULT", "TooManyWorlds", "Worlds"]

DEFAULT = "default"
"""The id of the sandbox that answers paths without `/s/<id>`."""

ID_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,64}")

IDLE_SECONDS = 3600.0
"""A sandbox that nobody asked for an hour goes when room is needed."""


class TooManyWorlds(WorldError):
    """The server holds as many sandboxes as it may."""


class Worlds:
    """All worlds of one server, by id; made on first use, dropped when idle."""

    def __init__(self, options: WorldOptions, max_worlds: int = 4096) -> None:
        """Hold at most `max_worlds` worlds, each started from `options`."""
        self.options = options
        self.max_worlds = max_worlds
        self.recorder: Recorder | None = None
        """Who records what passes, when somebody does; set before the first request."""
        self._ended = False
        self._by_id: dict[str, World] = {}
        self._lock = threading.Lock()
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
                    world = World(world_id, self.options)
                    if self._ended:
                        world.end()
                    self._by_id[world_id] = world
        world.last_used = time.monotonic()
        return world

    def ids(self) -> list[str]:
        """The ids of all worlds, oldest first."""
        return list(self._by_id)

    def reset(self, world_id: str, seed: int | None = None) -> World:
        """Replace a world by a fresh one and return it; requests that hold the old one finish on the old one.

        A `seed` that is given takes the place of the server's, for later resets too.
        """
        known = self._by_id.get(world_id)
        options = known.options if known is not None else self.options
        fresh = World(world_id, options if seed is None else replace(options, seed=seed))
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

    def end(self) -> None:
        """Wake everybody who waits in a world, and let nobody wait any more: the server is about to stop."""
        with self._lock:
            self._ended = True
            for world in self._by_id.values():
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
        if len(self._by_id) < self.max_worlds:
            return
        horizon = time.monotonic() - IDLE_SECONDS
        for idle in [key for key, world in self._by_id.items() if world.last_used < horizon and key != DEFAULT]:
            world = self._by_id.pop(idle)
            world.end()
            self._undertaker.bury(world)
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
