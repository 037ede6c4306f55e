"""May this request pass? Read-only, events, the budget, the rate, the first 429, the one registered model.

No socket here: `relay` asks, forwards, and tells what came back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hokusai_testkit.contract.servers.traffic import Action

__all__ = ["Guard", "Limits", "Pace", "Refusal"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do to a server."""

    read_only: bool = True
    """Nothing that changes the server passes."""
    events: str | None = None
    """The token id whose registration events pass; they cannot be undone. None: no event passes."""
    budget: int | None = None
    """Requests in all; None: as many as it takes."""
    rate: float | None = None
    """Requests a second; None: as fast as they come."""
    model: str | None = None
    """Registered models cannot be removed on this server: only this one is made, and left. None: any."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request was not forwarded: `code` for machines, `text` for people."""

    code: str
    text: str


class Pace:
    """Lets requests pass at most `rate` times a second, evenly; the clock and the waiting can be replaced in tests."""

    def __init__(
        self,
        rate: float,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """Let the first request pass at once and each other one `1 / rate` seconds after the one before."""
        self._gap, self._now, self._wait = 1.0 / rate, now, wait
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the next free moment and take it."""
        with self._lock:
            now = self._now()
            moment = max(now, self._next)
            self._next = moment + self._gap
        if moment > now:
            self._wait(moment - now)


class Guard:
    """Decides about each request of a run, whichever thread it comes from; stops for good at the first 429."""

    def __init__(self, limits: Limits, *, spent: int = 0, stopped: Refusal | None = None) -> None:
        """Go on where the run stands: `spent` requests were sent, and it may have `stopped` for good."""
        self.limits = limits
        self.spent = spent
        self.stopped = stopped
        self._pace = None if limits.rate is None else Pace(limits.rate)
        self._lock = threading.Lock()

    def admit(self, action: Action, path: str, name: str | None = None) -> Refusal | None:
        """Return why the request may not pass; None after it was counted and its moment has come.

        `name` is the name of the registered model that the request would create, or the token of its event.
        """
        with self._lock:
            if refusal := self._refused(action, path, name):
                return refusal
            self.spent += 1
        if self._pace is not None:
            self._pace.take()
        return None

    def saw(self, status: int, path: str) -> None:
        """Take note of an answer: after 429 nothing passes any more."""
        if status == 429:
            self.stopped = Refusal("rate-limited", f"the target answered 429 to {path}: the run stopped there")

    def _refused(self, action: Action, path: str, name: str | None) -> Refusal | None:
        limits = self.limits
        if self.stopped is not None:
            return self.stopped
        if limits.budget is not None and self.spent >= limits.budget:
            self.stopped = Refusal("budget", f"the budget of {limits.budget} requests is spent: raise it with --budget")
            return self.stopped
        if action.effect == "event" and (limits.events is None or name != limits.events):
            allowed = "none may be sent" if limits.events is None else f"only those of {limits.events} may be sent"
            return Refusal("events", f"{path} sends a registration event of {name}: {allowed} (--allow-events TOKEN)")
        if action.effect != "read" and limits.read_only:
            return Refusal("read-only", f"{path} changes the target, and this run only reads: --allow-writes")
        if limits.model is not None and action.what == "registered model" and name != limits.model:
            return Refusal(
                "fresh", f"registered models cannot be removed there: only {limits.model} is made, not {name}"
            )
        return None
