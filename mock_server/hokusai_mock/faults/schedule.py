"""When a fault rule fires: `after`, `times`, `every`, `probability`, and what is counted. Decides without I/O or clock.

The rule is that of the documented counter keys: `after`, `times` and `every` count per rule, `probability` and jitter
per client, method and path, so that the outcome does not depend on how the threads of a client happen to interleave.
`per` counts them all by what it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Any, Literal

from hokusai_mock.faults.matching import RequestFacts
from hokusai_mock.schema import AtLeast, Between, ImpossibleError, did_you_mean

__all__ = ["Counters", "Schedule", "chance"]

CounterKey = tuple[str, ...]


def chance(seed: int, rule: str, counter_key: CounterKey, number: int, purpose: bytes = b"") -> float:
    """The draw, from 0 to below 1, of the `number`-th matching request under `counter_key`: always the same one.

    Draws for different purposes know nothing of each other, or a rare fault would also be a short delay.
    """
    text = "\x1f".join([str(seed), rule, *counter_key, str(number)])
    digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8, person=purpose).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53  # all that a float between 0 and 1 can hold


class Counters:
    """What one rule has counted so far. Not safe from several threads: the board holds its lock."""

    __slots__ = ("drawn", "fired", "jittered", "matched")

    def __init__(self) -> None:
        """Start at nothing."""
        self.matched: dict[CounterKey, int] = {}
        self.fired: dict[CounterKey, int] = {}
        self.drawn: dict[CounterKey, int] = {}
        self.jittered: dict[CounterKey, int] = {}

    def copy(self) -> Counters:
        """The same counts, which go their own way from now on."""
        other = Counters()
        for name in self.__slots__:
            setattr(other, name, dict(getattr(self, name)))
        return other

    def to_json(self) -> dict[str, list[list[Any]]]:
        """The counts by kind, as pairs of a counter key and a number; a kind that counted nothing is left out."""
        kinds = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: [[list(key), number] for key, number in counts.items()] for name, counts in kinds.items() if counts
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[Sequence[Any]]]) -> Counters:
        """What `to_json` wrote; `ValueError` when it is something else."""
        counters = cls()
        for name, pairs in data.items():
            if name not in cls.__slots__:
                raise ValueError(f"no rule counts {name!r}{did_you_mean(name, cls.__slots__)}")
            for key, number in pairs:
                getattr(counters, name)[tuple(str(part) for part in key)] = int(number)
        return counters


def _next(counts: dict[CounterKey, int], key: CounterKey) -> int:
    counts[key] = number = counts.get(key, 0) + 1
    return number


@dataclass(frozen=True, slots=True)
class Schedule:
    """Let `after` matching requests pass, take each `every`-th or each with `probability` of the rest, stop at `times`.

    Absent `times` means always, absent `every` and `probability` each one. `every = 3` takes the third, the sixth, ...
    """

    after: Annotated[int, AtLeast(0)] = 0
    times: Annotated[int, AtLeast(1)] | None = None
    every: Annotated[int, AtLeast(1)] | None = None
    probability: Annotated[float, Between(0, 1)] | None = None
    per: Literal["rule", "key", "path"] | None = None

    def __post_init__(self) -> None:
        """Refuse two answers to the question which of the matching requests."""
        if self.every is not None and self.probability is not None:
            raise ImpossibleError("'every' and 'probability' exclude each other: one is exact, the other is chance")

    def fires(self, counters: Counters, facts: RequestFacts, *, seed: int, rule: str) -> bool:
        """Count a matching request in `counters` and say whether the rule takes it."""
        key = self._counter_key(facts, default="rule")
        number = _next(counters.matched, key) - self.after
        if number <= 0:
            return False
        if self.every is not None and number % self.every:
            return False
        if self.probability is not None and not self._drawn(counters, facts, seed=seed, rule=rule):
            return False
        if self.times is not None and counters.fired.get(key, 0) >= self.times:
            return False
        _next(counters.fired, key)
        return True

    def jitter(self, counters: Counters, facts: RequestFacts, *, seed: int, rule: str) -> float:
        """Draw a fraction, from 0 to below 1, for an effect that varies."""
        key = self._counter_key(facts, default="request")
        return chance(seed, rule, key, _next(counters.jittered, key), b"jitter")

    def _drawn(self, counters: Counters, facts: RequestFacts, *, seed: int, rule: str) -> bool:
        key = self._counter_key(facts, default="request")
        number = _next(counters.drawn, key)
        return chance(seed, rule, key, number) < (self.probability or 0.0)

    def _counter_key(self, facts: RequestFacts, default: Literal["rule", "request"]) -> CounterKey:
        per = self.per or default
        if per == "rule":
            return ()
        if per == "key":
            return (facts.client(),)
        if per == "path":
            return (facts.path,)
        return (facts.client(), facts.method, facts.path)
