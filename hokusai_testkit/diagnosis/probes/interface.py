"""What a probe is: a function that looks and returns facts. It decides nothing, and it is one decorated function.

A probe that has nothing to look at raises `NotApplicable`; one that must not look, or cannot yet, raises `Withheld`.
The names of probes and their facts are those of `hokusai_mock.scenarios.PROBES`, in which signatures are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hokusai_testkit.diagnosis.configuration import Configuration
from hokusai_testkit.diagnosis.exchange import Facts, exchange, proxy_for

__all__ = ["PROBES", "Context", "NotApplicable", "Probe", "Withheld", "probe"]


class NotApplicable(Exception):
    """There is nothing for this probe to look at here; the examination is complete without it."""


class Withheld(Exception):
    """The probe could not or must not look; without it the examination is incomplete."""

    def __init__(self, reason: str, waits_on: str | None = None) -> None:
        """`waits_on` names the check that has to be in order first."""
        super().__init__(reason)
        self.waits_on = waits_on


@dataclass(slots=True)
class Context:
    """What probes have in hand: the configuration, limits, and what earlier probes observed."""

    configuration: Configuration
    python: str
    timeout: float = 10.0
    facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Observations so far, by probe."""
    limited: bool = False
    """The platform answered 429; nothing more is asked."""

    def seen(self, name: str, fact: str) -> Any:
        """An earlier observation; `None` when it was not made."""
        return self.facts.get(name, {}).get(fact)

    def ask(self, method: str, url: str, *, payload: object = None, with_key: bool = False) -> Facts:
        """Send one request; stops the examination's requests after a 429."""
        if self.limited:
            raise Withheld("the platform answered 429 (too many requests); nothing more was asked")
        headers = {}
        if with_key and self.configuration.key is not None:
            headers["Authorization"] = f"Bearer {self.configuration.key.value}"
        facts = exchange(method, url, headers=headers, payload=payload, timeout=self.timeout)
        self.limited = facts.get("status") == 429
        return facts

    def proxy(self) -> str | None:
        """The proxy between here and the tracking URI."""
        return proxy_for(self.configuration.base)

    def must_show_key(self) -> bool:
        """Whether reading needs the key, which then must have been found good.

        `Withheld` when neither the server lets everybody read nor the key has opened it.
        """
        if self.seen("http.noauth", "status") == 200:
            return False
        if self.seen("auth.bearer", "status") != 200:
            raise Withheld("reading was refused", waits_on="auth.bearer")
        return True


@dataclass(frozen=True, slots=True)
class Probe:
    """A registered probe."""

    id: str
    group: str
    look: Callable[[Context], Facts]
    needs: tuple[str, ...]
    """Checks that must not have failed."""
    online: bool
    """Whether it uses the network."""

    @property
    def title(self) -> str:
        """What it looks at, in one line."""
        return (self.look.__doc__ or "").strip().partition("\n")[0]


PROBES: dict[str, Probe] = {}
"""All probes, in the order in which they look."""


def probe(
    name: str, *, group: str, needs: tuple[str, ...] = (), online: bool = False
) -> Callable[[Callable[[Context], Facts]], Callable[[Context], Facts]]:
    """Register a function as the probe `name`; registration order is examination order."""

    def register(look: Callable[[Context], Facts]) -> Callable[[Context], Facts]:
        PROBES[name] = Probe(name, group, look, needs, online)
        return look

    return register


COLLECTOR = Path(__file__).parent.parent / "collect.py"
"""The file that is run in the examined interpreter."""
