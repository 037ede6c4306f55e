"""The fault rules of one world and what they have counted: which rules take a request, and in which order they act.

Rules at one place follow each other in the order in which they were added. A rule that has taken a request decides
whether those behind it, and the layer itself, are asked at all: an effect that answers asks nobody, one that delays or
alters asks the rest for the answer. What an effect does is its own business.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from hokusai_mock.faults.interface import Layer, Occasion, When
from hokusai_mock.faults.matching import KeyFacts, RequestFacts
from hokusai_mock.faults.rule import FaultRule
from hokusai_mock.faults.schedule import Counters

if TYPE_CHECKING:
    from hokusai_mock.clock import Clock
    from hokusai_mock.messages import Handler, Request, Response

__all__ = ["FaultBoard"]


class _Active:
    """A rule on the board, with its counters and the moment when it was added."""

    __slots__ = ("added_ms", "counters", "rule")

    def __init__(self, rule: FaultRule, added_ms: int) -> None:
        self.rule = rule
        self.counters = Counters()
        self.added_ms = added_ms


class FaultBoard:
    """The rules of a world, in the order in which they were added."""

    __slots__ = ("_by_layer", "_clock", "_given_names", "_lock", "_rules", "seed")

    def __init__(self, seed: int, clock: Clock) -> None:
        """Start without rules; `seed` decides every draw, `clock` every window."""
        self.seed = seed
        self._clock = clock
        self._lock = threading.Lock()
        self._given_names = 0
        self._rules: list[_Active] = []
        self._by_layer: dict[str, tuple[_Active, ...]] = {}

    def add(self, rule: FaultRule) -> FaultRule:
        """Add a rule and return it under the name that it got: its own when free, else a new one."""
        return self.add_all([rule])[0]

    def add_all(self, rules: Iterable[FaultRule]) -> list[FaultRule]:
        """Add several rules, in this order and behind those that are there."""
        with self._lock:
            added = []
            for rule in rules:
                named = rule.named(self._free_name(rule))
                self._rules.append(_Active(named, self._clock.now_ms()))
                added.append(named)
            self._index()
        return added

    def contents(self) -> tuple[list[tuple[FaultRule, int, Counters]], int]:
        """The rules, each with the moment when it was added and a copy of what it counted; how many got a name here."""
        with self._lock:
            return [(one.rule, one.added_ms, one.counters.copy()) for one in self._rules], self._given_names

    def put_back(self, rules: Iterable[tuple[FaultRule, int, Counters]], given_names: int) -> None:
        """Hold these rules, under their names, instead of those that there are."""
        with self._lock:
            self._rules.clear()
            for rule, added_ms, counters in rules:
                active = _Active(rule, added_ms)
                active.counters = counters
                self._rules.append(active)
            self._given_names = given_names
            self._index()

    def clear(self) -> None:
        """Remove every rule and forget what was counted."""
        with self._lock:
            self._rules.clear()
            self._given_names = 0
            self._index()

    def rules(self) -> list[FaultRule]:
        """The rules in their order."""
        with self._lock:
            return [active.rule for active in self._rules]

    def active(self, layer: str) -> bool:
        """Say whether any rule is attached to a layer: one look-up, for layers to ask on every request."""
        return layer in self._by_layer

    def around(
        self, layer: Layer, request: Request, handler: Handler, key_of: Callable[[Request], tuple[str, str | None]]
    ) -> Response:
        """Answer `request` with `handler`, which is the layer, and with the effects of the rules that take it.

        `key_of` tells the state and the role of the request's key; it is called when a rule asks. Rules see the path
        relative to the sandbox, whatever mounts the layers in between have stripped.
        """
        path = request.path if request.entry is None else request.entry.path
        facts = RequestFacts(request.method, path, request.header, lambda: KeyFacts(*key_of(request)))
        rules = self._by_layer.get(layer, ())
        acted: list[Response] = []

        def act() -> Response:
            acted.append(handler(request))
            return acted[0]

        response = self._through(rules, "before", request, facts, act)
        if acted:  # a layer that has not acted has nothing that a rule could come after
            before = response
            response = self._through(rules, "after", request, facts, lambda: before)
            if response is not acted[0]:
                acted[0].discard()
        return response

    def _through(
        self,
        rules: tuple[_Active, ...],
        when: When,
        request: Request,
        facts: RequestFacts,
        act: Callable[[], Response],
    ) -> Response:
        """Ask the rules in their order, `act` behind the last one; who takes the request decides about the rest."""
        for place, active in enumerate(rules, 1):
            if active.rule.when == when and self._takes(active, facts):
                rest = partial(self._through, rules[place:], when, request, facts, act)
                return self._apply(active, request, facts, rest)
        return act()

    def _apply(
        self, active: _Active, request: Request, facts: RequestFacts, answer: Callable[[], Response]
    ) -> Response:
        rule, entry = active.rule, request.entry
        if entry is not None:
            entry.faults.append(rule.name)
        response = rule.effect.apply(Occasion(request, answer, lambda: self._draw(active, facts)))
        if entry is not None and not rule.effect.only_delays:
            entry.layer = rule.layer
        return response

    def _takes(self, active: _Active, facts: RequestFacts) -> bool:
        """Count a request that the rule is for, and say whether its turn has come."""
        rule = active.rule
        if not self._window_is_open(active) or not rule.match.holds(facts):
            return False
        with self._lock:
            return rule.schedule.fires(active.counters, facts, seed=self.seed, rule=rule.name)

    def _draw(self, active: _Active, facts: RequestFacts) -> float:
        with self._lock:
            return active.rule.schedule.jitter(active.counters, facts, seed=self.seed, rule=active.rule.name)

    def _window_is_open(self, active: _Active) -> bool:
        window = active.rule.window
        return window is None or window.is_open((self._clock.now_ms() - active.added_ms) / 1000)

    def _free_name(self, rule: FaultRule) -> str:
        """The rule's own name, numbered when another rule has it; unnamed rules are numbered by effect."""
        taken = {active.rule.name for active in self._rules}
        if rule.name and rule.name not in taken:
            return rule.name
        while True:
            self._given_names += 1
            name = f"{rule.name or rule.effect.name}#{self._given_names}"
            if name not in taken:
                return name

    def _index(self) -> None:
        by_layer: dict[str, list[_Active]] = {}
        for active in self._rules:
            by_layer.setdefault(active.rule.layer, []).append(active)
        # Replaced as a whole, so that `active` and `around` may read it without the lock.
        self._by_layer = {layer: tuple(actives) for layer, actives in by_layer.items()}
