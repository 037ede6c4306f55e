"""What a world knows of its private listeners: their names, their URLs, and how a client must be set up for them.

A world has no idea of sockets: an `Opener` that the server gave it opens them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hokusai_mock.environment import TRUST
from hokusai_mock.listeners.interface import MAIN, ListenerError, Opener, OpenListener

if TYPE_CHECKING:
    from hokusai_mock.scenarios import Listener
    from hokusai_mock.world import World

__all__ = ["WorldListeners"]


class WorldListeners(Mapping[str, OpenListener]):
    """The private listeners of one world, by name; of two with one name the later one stays."""

    def __init__(self, opener: Opener | None) -> None:
        """Start with none; without an `opener` none can be opened."""
        self._opener = opener
        self._open: dict[str, OpenListener] = {}
        self._lock = threading.Lock()
        self._ended = False

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[str]:
        return iter(self._open)

    def __getitem__(self, name: str) -> OpenListener:
        return self._open[name]

    @contextlib.contextmanager
    def opening(self, world: World, specs: Sequence[Listener]) -> Iterator[None]:
        """Open `specs` for what is done inside; they stay when it succeeds and are closed when it raises.

        Raises `ListenerError` before anything is done.
        """
        if not specs:
            yield
            return
        if self._opener is None:
            raise ListenerError(
                "it opens ports of its own, which only a running MockServer (or `hokusai-testkit serve`) can do: a "
                "WSGI application made with create_app() has no say in where it is served"
            )
        opened = self._opener(world, specs)
        try:
            yield
        except BaseException:
            for listener in opened.values():
                listener.close()
            raise
        with self._lock:
            if self._ended:
                replaced = list(opened.values())
            else:
                replaced = [self._open.pop(name) for name in opened if name in self._open]
                self._open = {**self._open, **opened}
        for listener in replaced:
            listener.close()

    def close(self) -> None:
        """Close all; their ports are free when this returns."""
        with self._lock:
            listeners, self._open = list(self._open.values()), {}
        for listener in listeners:
            listener.close()

    def end(self) -> None:
        """Close all, and open none any more: the world has ended, though somebody may still hold it."""
        with self._lock:
            self._ended = True
        self.close()

    def root(self, root: str) -> str:
        """The world's base URL: `root`, unless the listener `main` replaces it."""
        main = self._open.get(MAIN)
        return root if main is None else main.url(_host(root))

    def url(self, name: str, root: str) -> str | None:
        """The base URL of the listener `name`, for a client that reaches the server at `root`; `None`: no such one."""
        listener = self._open.get(name)
        return None if listener is None else listener.url(_host(root))

    def placeholders(self, root: str) -> dict[str, str]:
        """What `{listener.NAME.url}` stands for, by the text between the braces."""
        return {f"listener.{name}.url": listener.url(_host(root)) for name, listener in self._open.items()}

    def environment(self) -> dict[str, str | None]:
        """The variables with which a client trusts whom it may trust; empty when no listener speaks TLS.

        `None` where a variable must not be set: an authority of the developer's machine would change the outcome.
        """
        secured = [listener for listener in self._open.values() if listener.tls]
        if not secured:
            return {}
        trusted = next((listener.ca for listener in secured if listener.trusted), None)
        return dict.fromkeys(TRUST, trusted)

    def describe(self, root: str) -> dict[str, Any]:
        """The listeners as the admin API shows them."""
        return {
            name: {
                "url": listener.url(_host(root)),
                "kind": listener.kind,
                "tls": listener.tls,
                "ca": listener.ca,
                "client_certificate": listener.client_certificate,
            }
            for name, listener in self._open.items()
        }


def _host(root: str) -> str:
    return urlsplit(root).hostname or "127.0.0.1"
