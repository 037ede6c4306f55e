"""The fault rules of one world and what they have counted. Knows when a rule fires, never what a layer does with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hokusai_mock.faults.interface import LAYERS, Effect, FaultError, When
from hokusai_mock.faults.matching import KeyFacts, RequestFacts
from hokusai_mock.faults.rule import PLAYABLE, FaultRule
from hokusai_mock.faults.schedule import Counters

if TYPE_CHECKING:
    from hokusai_mock.clock import Clock
    from hokusai_mock.messages import Handler, Request, Response

__all__ = ["Decision", "FaultBoard"]

UNPLAYED_LAYERS = ("listener", "transport")
"""Layers that no playable effect can be attached to yet: they change bytes, not answers."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A rule has taken a request: its name for the journal, its effect for the answer."""

    name: str
    effect: Effect

    def apply(self, request: Request) -> Response:
        """The answer of the effect."""
        return self.effect.apply(request)


class _Active:
    """A rule on the board, with its counters and the moment when it was added."""

    __slots__ = ("added_ms", "counters", "effect", "rule")

    def __init__(self, rule: FaultRule, effect: Effect, added_ms: int) -> None:
        self.rule = rule
        self.effect = effect
        self.counters = Counters()
        self.added_ms = added_ms


class FaultBoard:
    """The rules of a world, in the order in which they were added; the first that fires takes the request."""

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
        """Add a rule and return it under the name that it got: its own when free, else a new one.

        `FaultError` when it cannot be played here; nothing is changed then.
        """
        return self.add_all([rule])[0]

    def add_all(self, rules: Iterable[FaultRule]) -> list[FaultRule]:
        """Add several rules, or none of them when one is refused."""
        checked = [(rule, _playable(rule)) for rule in rules]
        with self._lock:
            added = []
            for rule, effect in checked:
                named = rule.named(self._free_name(rule))
                self._rules.append(_Active(named, effect, self._clock.now_ms()))
                added.append(named)
            self._index()
        return added

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

    def decide(self, layer: str, when: When, facts: RequestFacts) -> Decision | None:
        """Count the request for the rules at that place, up to the first that takes it; `None` when none does."""
        for active in self._by_layer.get(layer, ()):
            rule = active.rule
            if rule.when != when or not self._window_is_open(active) or not rule.match.holds(facts):
                continue
            with self._lock:
                fires = rule.schedule.fires(active.counters, facts, seed=self.seed, rule=rule.name)
            if fires:
                return Decision(rule.name, active.effect)
        return None

    def around(
        self, layer: str, request: Request, handler: Handler, key_of: Callable[[Request], tuple[str, str | None]]
    ) -> Response:
        """Answer `request` with `handler`, which is the layer, or with the effect of the rule that takes it.

        `key_of` tells the state and the role of the request's key; it is called when a rule asks. Rules see the path
        relative to the sandbox, whatever mounts the layers in between have stripped.
        """
        path = request.path if request.entry is None else request.entry.path
        facts = RequestFacts(request.method, path, request.header, lambda: KeyFacts(*key_of(request)))
        decision = self.decide(layer, "before", facts)
        if decision is None:
            response = handler(request)
            decision = self.decide(layer, "after", facts)
            if decision is None:
                return response
            response.discard()
        if request.entry is not None:
            request.entry.faults.append(decision.name)
            request.entry.layer = layer
        return decision.apply(request)

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
        # Replaced as a whole, so that `active` and `decide` may read it without the lock.
        self._by_layer = {layer: tuple(actives) for layer, actives in by_layer.items()}


def _playable(rule: FaultRule) -> Effect:
    if not isinstance(rule.effect, Effect):
        raise FaultError(
            f"the effect {rule.effect.name!r} is known but this version cannot play it yet; it plays: "
            f"{', '.join(sorted(PLAYABLE))}"
        )
    if rule.layer in UNPLAYED_LAYERS:
        usable = ", ".join(layer for layer in LAYERS if layer not in UNPLAYED_LAYERS)
        raise FaultError(f"the effect {rule.effect.name!r} needs a layer that answers ({usable}), not {rule.layer!r}")
    return rule.effect
