"""Collects inference records and sends them in batches, by a thread that lives only while there is something to send.

Checking a record is in `_records.py`, the requests in `_sending.py`, the end of the process in `_process_end.py`. In an
outage records wait in memory and are sent when the server is back. What is more than memory may hold, or is left when
the process ends, goes to the local store where the rules of fallback allow it. What is lost all the same is named.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from hokusai._backend import Backend
from hokusai.exceptions import HokusaiException, MLflowAuthenticationError, MLflowConnectionError, RateLimitError
from hokusai.tracking import _process_end, _sending
from hokusai.tracking._lane import Lane, LaneRun
from hokusai.tracking._process_end import Leftover
from hokusai.tracking._records import Record

__all__ = ["Outbox"]

BATCH_RECORDS = 1000
"""So many waiting records are sent at once, without waiting for more."""
BATCH_SECONDS = 10.0
"""The longest that a record waits before it is sent for the first time."""
PAUSE_SECONDS = 300.0
"""The longest pause between attempts at a server that does not take the records."""
KEPT_FROM = 25_000
"""So many waiting records, and a server that does not take them: they go to the local store."""
MOST_RECORDS = 50_000
"""More records never wait in memory: the oldest give way."""
EXIT_SECONDS = 10.0
"""How long the end of the process waits without a batch arriving: MLflow's own patience is many minutes."""


@dataclass(slots=True)
class _State:
    """What an outbox holds; replaced as a whole in a forked child."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    """Guards everything here; held for moments, never during a request."""
    sending: threading.Lock = field(default_factory=threading.Lock)
    """Held by the one thread that sends."""
    wake: threading.Event = field(default_factory=threading.Event)
    lanes: dict[tuple[str, str], Lane] = field(default_factory=dict)
    waiting: int = 0
    sender: threading.Thread | None = None
    failures: int = 0
    """How many attempts in a row have failed."""
    failure: HokusaiException | None = None
    """The first failure that still matters: nothing was sent since."""
    lost: int = 0
    """How many records were given up, and nobody was told yet."""
    closed: bool = False


class Outbox:
    """Records on their way to one server. Safe from many threads, forks, and the end of the process."""

    def __init__(self, backend: Backend) -> None:
        """Start empty."""
        self._backend = backend
        self._state = _State()
        _process_end.watch(self)

    def put(self, record: Record) -> None:
        """Take a record, and see to it that it is sent soon."""
        state = self._state
        key = (record.model_id, record.model_version)
        with state.lock:
            lane = state.lanes.get(key)
            if lane is None:
                lane = state.lanes[key] = Lane(*key)
            lane.waiting.append(record)
            state.waiting += 1
            if state.waiting > MOST_RECORDS:
                fullest = max(state.lanes.values(), key=lambda other: len(other.waiting))
                given_up = fullest.done(fullest.first + 1)
                state.waiting -= given_up
                state.lost += given_up
            if state.sender is None and not state.closed:
                state.sender = self._start(state)
            if state.waiting >= BATCH_RECORDS and not state.failures:
                state.wake.set()
            closed = state.closed
        if closed:  # a handler of the user's, after ours
            _process_end.finish([self])

    def send(self) -> HokusaiException | None:
        """Send what waits; return the first failure, unless all was sent since. What was not sent waits on.

        Before its first request a run is a unit of work like any other: in an outage it may fall back.
        """
        state = self._state
        with state.sending:
            self._attempt(state, fallback=True)
        with state.lock:
            failure, state.failure = state.failure, None
            lost, state.lost = state.lost, 0
        return _told(failure, lost)

    def finish(self) -> Leftover:
        """Send what waits, for the last time, and keep locally what cannot be sent; nothing waits afterwards."""
        state = self._state
        with state.lock:
            state.closed = True
        state.wake.set()
        if state.lanes:
            self._send_for_the_last_time(state)
        with state.lock:
            lost, state.lost = state.lost, 0
        leftover = Leftover(state.failure, overflowed=lost)
        if state.waiting:
            # Without a failure a request is still under way. Whether it will count nobody knows: it is kept as well.
            leftover.failure = leftover.failure or MLflowConnectionError(
                "The server did not answer in time.", self._backend.settings.tracking_uri, code="D03"
            )
            self._keep(state, leftover, leftover.failure)
            self._give_up(state, leftover)
        return leftover

    def forget(self) -> None:
        """Start a forked child with nothing: its parent sends what was collected before."""
        self._state = _State()

    def _send_for_the_last_time(self, state: _State) -> None:
        """Send as long as batches arrive; what does not within some seconds is left."""

        def work() -> None:
            with state.sending:
                self._attempt(state, fallback=False)

        thread = threading.Thread(target=work, name="hokusai-tracker-end", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # too late for threads
            work()
        waiting = -1
        while thread.is_alive() and waiting != state.waiting:
            waiting = state.waiting
            thread.join(EXIT_SECONDS)

    def _start(self, state: _State) -> threading.Thread | None:
        """Start the sender; `None` where the system gives no thread: the next record, `flush` or the end sends."""
        thread = threading.Thread(target=self._work, args=(state,), name="hokusai-tracker", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return None
        return thread

    def _work(self, state: _State) -> None:
        """Send until nothing waits: every few seconds, sooner when there is much, later when the server fails."""
        while True:
            state.wake.wait(min(PAUSE_SECONDS, BATCH_SECONDS * 2 ** min(state.failures, 8)))
            with state.lock:
                if state.closed:
                    return
                state.wake.clear()
            with state.sending:
                self._attempt(state, fallback=False)
                if state.failure is not None and state.waiting >= KEPT_FROM:
                    self._make_room(state, state.failure)
            with state.lock:
                if not any(lane.unfinished for lane in state.lanes.values()):
                    state.sender = None
                    return

    def _attempt(self, state: _State, *, fallback: bool) -> None:
        """Send everything that waits now, as far as the server takes it. The caller holds `state.sending`."""
        with state.lock:
            lanes = [(lane, lane.end) for lane in state.lanes.values() if lane.unfinished]
        failed: HokusaiException | None = None
        for lane, until in lanes:
            error = self._try(state, lane, until, fallback=fallback)
            failed = failed or error
            if isinstance(error, (MLflowConnectionError, RateLimitError)):
                break  # the other runs are at the same server
        with state.lock:
            state.failures = state.failures + 1 if failed else 0
            state.failure = (state.failure or failed) if failed else None

    def _try(self, state: _State, lane: Lane, until: int, *, fallback: bool) -> HokusaiException | None:
        """Send the records of a lane; return what went wrong."""
        try:
            self._send(state, lane, until, fallback=fallback)
        except HokusaiException as error:
            return error
        except Exception as error:  # noqa: BLE001 - the sender must outlive whatever MLflow raises
            failure = HokusaiException(f"Could not record inferences of {lane.label}: {type(error).__name__}: {error}")
            failure.__cause__ = error
            return failure
        return None

    def _send(self, state: _State, lane: Lane, until: int, *, fallback: bool) -> None:
        """Send the records of a lane up to the number `until`, and end its run."""
        action = f"record {until - lane.first} inferences of {lane.label}"
        run = lane.run
        if run is None:
            place = self._backend.unit(action, fallback=fallback)
            with self._backend.calling(action, HokusaiException):
                run = lane.kept if place.fallback_from and lane.kept else _sending.open_run(place, lane)
            if place.fallback_from:
                lane.kept = run
            else:
                lane.run = run
        elif state.failures:
            self._backend.unit(action, fallback=False)  # one short question, before MLflow asks for minutes
        try:
            with self._backend.calling(action, HokusaiException):
                self._log(state, lane, until, run)
        except HokusaiException as error:
            if not _is_refusal(error) or lane.refused:
                raise
            lane.refused, lane.run = True, None  # somebody has deleted the run, or the server has lost it: a new one
            self._send(state, lane, until, fallback=fallback)
        lane.refused = False

    def _log(self, state: _State, lane: Lane, until: int, run: LaneRun) -> None:
        while True:
            with state.lock:
                first, batch = lane.first, lane.batch(until)
            if not batch:
                break
            _sending.log(run, first, batch)
            with state.lock:
                state.waiting -= lane.done(first + len(batch))
        _sending.end(run)

    def _keep(self, state: _State, leftover: Leftover, failure: HokusaiException) -> bool:
        """Move what waits to the local store, and return whether that is allowed after `failure`."""
        before = state.waiting
        try:
            place = self._backend.instead(failure)
            if place is None or place.local is None:
                return False
            leftover.store = str(place.local.folder)
            with self._backend.calling("keep inferences in the local store", HokusaiException):
                for lane in [lane for lane in list(state.lanes.values()) if lane.waiting]:
                    lane.kept = lane.kept or _sending.open_run(place, lane)
                    self._log(state, lane, lane.end, lane.kept)
        except (HokusaiException, ImportError) as error:
            leftover.obstacle = error
        leftover.kept += before - state.waiting
        return True

    def _give_up(self, state: _State, leftover: Leftover) -> None:
        """Forget what still waits, and count it as lost."""
        with state.lock:
            for lane in state.lanes.values():
                given_up = lane.done(lane.end)
                state.waiting -= given_up
                leftover.lost += given_up

    def _make_room(self, state: _State, failure: HokusaiException) -> None:
        """Keep locally what is more than memory should hold; where that fails, it stays as long as there is room."""
        leftover = Leftover(failure)
        if self._keep(state, leftover, failure):
            _process_end.tell([leftover])


def _is_refusal(error: HokusaiException) -> bool:
    """Tell a server that works and does not want these records (400, 404) from one that may take them later."""
    if isinstance(error, (MLflowConnectionError, MLflowAuthenticationError, RateLimitError)):
        return False
    return error.status_code in (400, 404)


def _told(failure: HokusaiException | None, lost: int) -> HokusaiException | None:
    """Return the failure, with the loss named in it where there was one."""
    if not lost:
        return failure
    told = f"{lost} tracked inferences were lost: while the server took none, at most {MOST_RECORDS} are kept."
    if failure is None:
        return HokusaiException(told, remedy="Call flush() more often, or track fewer inferences.")
    failure.message += f" {told}"
    return failure
