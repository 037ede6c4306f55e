"""The mock and a real server side by side: the same random calls to both, the same answers from both.

Every sequence works on things of its own (their names have a prefix), in one world and on one real server that live as
long as all sequences. Ids that an answer contains are remembered per side and compared by the name of what made them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from calls import GROUPS, Known, beginning
from exchange import Send, compared, dig, fill
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from step import Step

__all__ = ["STEPS", "SideBySide", "asking", "side_by_side"]

STEPS = 200
"""Calls in a sequence."""


class SideBySide(RuleBasedStateMachine):
    """One sequence of calls."""

    senders: ClassVar[tuple[Send, Send]]
    """The mock and the real server."""
    sequences: ClassVar[int] = 0
    answers: ClassVar[Counter[int]] = Counter()
    """Compared answers by status."""

    def __init__(self) -> None:
        super().__init__()
        type(self).sequences += 1
        self.known = Known(f"s{self.sequences}-")
        self.ids: tuple[dict[str, str], dict[str, str]] = ({}, {})

    @initialize()
    def begin(self) -> None:
        """Have one of everything, so that most calls find something."""
        for step in beginning(self.known):
            self.ask(step)

    @rule(data=st.data())
    def call(self, data: st.DataObject) -> None:
        draw = data.draw
        group = draw(st.sampled_from(sorted(GROUPS)))
        chosen = draw(st.sampled_from(range(len(GROUPS[group]))))
        self.ask(GROUPS[group][chosen].step(self.known, draw))

    def ask(self, step: Step) -> None:
        """Send a request to both sides and compare the answers."""
        ours, theirs = (answer_of(step, send, known) for send, known in zip(self.senders, self.ids, strict=True))
        self.answers[theirs["status"]] += 1
        assert ours == theirs, f"{step.method} {step.path} {step.body or ''}\nthe mock: {ours}\nMLflow:   {theirs}"


def answer_of(step: Step, send: Send, known: dict[str, str]) -> dict[str, Any]:
    """One side's answer in its unified form; what it made is remembered."""
    body = None if step.body is None else fill(step.body, known).encode()
    answer = send(step.method, fill(step.path, known), step.headers, body)
    for name, way in step.capture.items():
        value = dig(answer.body, way)
        if value is not None:
            known[name] = value
    return compared(answer, known)


@contextmanager
def asking(mock: Send, real: Send) -> Iterator[None]:
    """Let sequences ask these two."""
    SideBySide.senders = (mock, real)
    SideBySide.sequences, SideBySide.answers = 0, Counter()
    yield


def side_by_side(sequences: int) -> settings:
    """Settings for that many sequences; a failing one is shown as it is, because making it smaller takes minutes."""
    return settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
