"""The records of one model version on their way: what waits, what is on the server, where the run is.

No lock, no thread and no request here: `_outbox.py` holds the lock, `_sending.py` makes the requests.
"""

from __future__ import annotations

import uuid
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from hokusai._backend import Place
from hokusai.tracking._records import Record

__all__ = ["Lane", "LaneRun"]

_METRICS_A_REQUEST = 800
"""MLflow's servers take 1,000 things in one log-batch; the texts of the records come with them, as tags."""


@dataclass(slots=True)
class LaneRun:
    """A run, where it is, whether it is to be ended (again), and the texts that it has as tags."""

    place: Place
    run_id: str
    open: bool = True
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Lane:
    """What is tracked of one model version by one process.

    Records are numbered as they come; the number is the step of their metrics, so that a batch which is sent again
    (nobody knows whether the first time counted) is the same batch, and MLflow's database keeps it once.
    """

    model_id: str
    model_version: str
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Stands on its run, to find it again when nobody knows whether it was created."""
    waiting: deque[Record] = field(default_factory=deque)
    first: int = 0
    """The number of the first waiting record."""
    run: LaneRun | None = None
    """The run at the server (or, in local mode, in the local store)."""
    kept: LaneRun | None = None
    """The run in the local store that holds what could not be sent."""
    creating: bool = False
    """Whether creating the run was begun, and it is not known how it ended."""
    refused: bool = False
    """Whether the server has refused the last batch, and a new run was made because of that: not a second one."""

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return f"{self.model_id!r} version {self.model_version!r}"

    @property
    def end(self) -> int:
        """The number that the next record gets."""
        return self.first + len(self.waiting)

    @property
    def unfinished(self) -> bool:
        """Whether there is something to send, or a run to end."""
        return bool(self.waiting) or any(run is not None and run.open for run in (self.run, self.kept))

    def batch(self, until: int) -> list[Record]:
        """Return the waiting records, up to the number `until`, that go in one request."""
        chosen: list[Record] = []
        metrics = 0
        for record in islice(self.waiting, max(0, until - self.first)):
            metrics += len(record.metrics)
            if chosen and metrics > _METRICS_A_REQUEST:
                break
            chosen.append(record)
        return chosen

    def done(self, until: int) -> int:
        """Forget the records below the number `until`; return how many that were."""
        count = max(0, min(until, self.end) - self.first)
        for _ in range(count):
            self.waiting.popleft()
        self.first += count
        return count
