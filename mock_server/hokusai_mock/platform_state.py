"""What the platform remembers of one world: validated keys, rate windows, debits, events, webhooks, contributions.

Plain data, so that a snapshot can hold it: `to_json` and `from_json` are each other's inverse. It has no clock and no
lock: who changes it passes the world's time in and holds the world's lock. What it is used for is in `gateway/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from hokusai_mock.keys import Key

__all__ = ["KEPT_BYTES", "Breaker", "Debit", "Log", "PlatformState", "Validation", "Window"]

Json = dict[str, Any]

KEPT = 1000
"""Events and webhooks that are kept; of more only the number is known."""

KEPT_BYTES = 64 * 1024
"""Of a longer event or webhook the details are not kept."""

SCHEMA = 1


class Validation(NamedTuple):
    """A key that the auth service has called good, with its rights of that moment."""

    key: Key
    until_ms: int


class Window(NamedTuple):
    """How many requests were counted in a window that ends at `ends_ms`."""

    ends_ms: int
    requests: int


class Debit(NamedTuple):
    """What was taken from one key's balance, and in how many requests."""

    requests: int = 0
    amount: float = 0.0


class Breaker(NamedTuple):
    """The circuit breaker before MLflow: failures in a row, and since when it is open."""

    failures: int = 0
    opened_ms: int | None = None
    last_failure_ms: int | None = None
    last_success_ms: int | None = None


class Log:
    """The latest `KEPT` of what happened, and how often it happened at all."""

    __slots__ = ("entries", "total")

    def __init__(self, entries: list[Json] | None = None, total: int | None = None) -> None:
        """Start empty, or with what a snapshot holds."""
        self.entries: list[Json] = list(entries or [])
        self.total = len(self.entries) if total is None else total

    def add(self, entry: Json) -> None:
        """Note one thing more; the oldest is forgotten when there are too many."""
        self.total += 1
        self.entries.append(entry)
        if len(self.entries) > KEPT:
            del self.entries[0]

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Json]:
        return iter(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Log) and (self.entries, self.total) == (other.entries, other.total)

    __hash__ = None  # type: ignore[assignment]


@dataclass(slots=True)
class PlatformState:
    """The memory of the platform beside MLflow's store; fresh in every new world."""

    validations: dict[str, Validation] = field(default_factory=dict)
    """By secret: what the gateway's cache holds."""
    windows: dict[str, Window] = field(default_factory=dict)
    """By counter: `route GET /api/models/... 127.0.0.1` or `key admin`."""
    debits: dict[str, Debit] = field(default_factory=dict)
    """By role."""
    refused_predictions: int = 0
    """Predictions that came before model 30 was warm."""
    breaker: Breaker = field(default_factory=Breaker)
    events: Log = field(default_factory=Log)
    """Registration events that were emitted."""
    webhooks: Log = field(default_factory=Log)
    """Webhooks that the site received, refused ones too."""
    contributions: dict[str, Json] = field(default_factory=dict)
    """By contribution id."""

    def to_json(self) -> Json:
        """The state as JSON data; `from_json` makes an equal one of it."""
        return {
            "schema": SCHEMA,
            "validations": {
                secret: {"key": asdict(one.key), "until_ms": one.until_ms} for secret, one in self.validations.items()
            },
            "windows": {name: one._asdict() for name, one in self.windows.items()},
            "debits": {role: one._asdict() for role, one in self.debits.items()},
            "refused_predictions": self.refused_predictions,
            "breaker": self.breaker._asdict(),
            "events": {"total": self.events.total, "entries": list(self.events)},
            "webhooks": {"total": self.webhooks.total, "entries": list(self.webhooks)},
            "contributions": dict(self.contributions),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlatformState:
        """The state that `to_json` wrote; `ValueError` for one of another version."""
        if data.get("schema") != SCHEMA:
            raise ValueError(f"platform state of version {data.get('schema')!r} cannot be read, only {SCHEMA}")
        return cls(
            validations={
                secret: Validation(_key(one["key"]), one["until_ms"]) for secret, one in data["validations"].items()
            },
            windows={name: Window(**one) for name, one in data["windows"].items()},
            debits={role: Debit(**one) for role, one in data["debits"].items()},
            refused_predictions=data["refused_predictions"],
            breaker=Breaker(**data["breaker"]),
            events=Log(data["events"]["entries"], data["events"]["total"]),
            webhooks=Log(data["webhooks"]["entries"], data["webhooks"]["total"]),
            contributions=dict(data["contributions"]),
        )


def _key(data: Mapping[str, Any]) -> Key:
    fields: Json = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Key(**fields)
