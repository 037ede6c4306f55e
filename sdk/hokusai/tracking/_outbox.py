"""Collects inference records and sends them in batches, by a thread that lives only while there is something to send.

Checking a record is in `_records.py`. Nothing here uses MLflow's fluent API, so the caller's active run is not touched.
"""

from __future__ import annotations

import atexit
import os
import threading
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from hokusai import _mlflow
from hokusai._backend import Backend, Place
from hokusai.exceptions import HokusaiException
from hokusai.tracking._records import Record

__all__ = ["Outbox"]

_BATCH_RECORDS = 1000
_BATCH_SECONDS = 10.0
_METRICS_A_REQUEST = 1000
"""MLflow's servers refuse more in one log-batch."""


@dataclass(slots=True)
class _Run:
    """The run of one model version in this process, and how many records it has: the next step."""

    place: Place
    run_id: str
    steps: int = 0
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _State:
    """What an outbox holds; replaced as a whole in a forked child."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    sending: threading.Lock = field(default_factory=threading.Lock)
    wake: threading.Event = field(default_factory=threading.Event)
    waiting: list[Record] = field(default_factory=list)
    runs: dict[tuple[str, str], _Run] = field(default_factory=dict)
    sender: threading.Thread | None = None
    failure: HokusaiException | None = None


class Outbox:
    """Records on their way to one server. Safe from many threads, forks, and the end of the process."""

    def __init__(self, backend: Backend) -> None:
        """Start empty."""
        self._backend = backend
        self._state = _State()
        _OUTBOXES.add(self)

    def put(self, record: Record) -> None:
        """Take a record, and see to it that it is sent within ten seconds."""
        state = self._state
        with state.lock:
            state.waiting.append(record)
            if state.sender is None:
                state.sender = threading.Thread(target=self._send_later, name="hokusai-tracker", daemon=True)
                state.sender.start()
            if len(state.waiting) >= _BATCH_RECORDS:
                state.wake.set()

    def send(self) -> HokusaiException | None:
        """Send what waits; return the first failure since the last call. What was not sent waits on."""
        self._send()
        with self._state.lock:
            failure, self._state.failure = self._state.failure, None
        return failure

    def forget(self) -> None:
        """Start a forked child with nothing: its parent sends what was collected before."""
        self._state = _State()

    def _send_later(self) -> None:
        """Send once, after some seconds or many records; the next record starts another thread."""
        state = self._state
        state.wake.wait(_BATCH_SECONDS)
        with state.lock:
            state.sender = None
            state.wake.clear()
        self._send()

    def _send(self) -> None:
        state = self._state
        with state.sending:
            with state.lock:
                records, state.waiting = state.waiting, []
            records.sort(key=_model_version)
            for key, group in groupby(records, key=_model_version):
                batch = list(group)
                failure = self._send_batch(key, batch)
                if failure is not None:
                    with state.lock:
                        state.failure = state.failure or failure
                        state.waiting[:0] = batch

    def _send_batch(self, key: tuple[str, str], batch: Sequence[Record]) -> HokusaiException | None:
        """Send the records of one model version; return what went wrong."""
        action = f"record {len(batch)} inferences of {key[0]!r} version {key[1]!r}"
        runs = self._state.runs
        try:
            if key not in runs:
                place = self._backend.unit(action)
                with self._backend.calling(action, HokusaiException):
                    runs[key] = _open_run(place, *key)
            with self._backend.calling(action, HokusaiException):
                _log(runs[key], batch)
                _mlflow.end_run(runs[key].place.client, runs[key].run_id)
        except HokusaiException as error:
            return error
        return None


def _model_version(record: Record) -> tuple[str, str]:
    return record.model_id, record.model_version


def _open_run(place: Place, model_id: str, model_version: str) -> _Run:
    """Create the run of one model version in this process."""
    tags = {
        "mlflow.runName": f"inference {model_version}",
        "model_id": model_id,
        "model_version": model_version,
        **place.tags(),
    }
    run = place.client.create_run(place.experiment(f"hokusai_inference/{model_id}"), tags=tags)
    return _Run(place, run.info.run_id)


def _log(run: _Run, batch: Sequence[Record]) -> None:
    """Log a batch in as few requests as MLflow's limits allow; the step counts the records of the run."""
    rows = [
        (name, value, record.timestamp, run.steps + position)
        for position, record in enumerate(batch)
        for name, value in record.metrics
    ]
    for start in range(0, len(rows), _METRICS_A_REQUEST):
        _mlflow.log_metrics(run.place.client, run.run_id, rows[start : start + _METRICS_A_REQUEST])
    texts = {name: value for record in batch for name, value in record.tags}
    for name, value in texts.items():
        if run.tags.get(name) != value:
            run.place.client.set_tag(run.run_id, name, value)
            run.tags[name] = value
    run.steps += len(batch)


_OUTBOXES: weakref.WeakSet[Outbox] = weakref.WeakSet()
"""Every outbox that is in use; one with records waiting is kept alive by its thread."""


def _send_at_exit() -> None:
    """Send what is left when the process ends; a failure is told once, it cannot be raised any more."""
    failures = [outbox.send() for outbox in list(_OUTBOXES)]
    told = next((failure for failure in failures if failure is not None), None)
    if told is not None:
        warnings.warn(f"Tracked inferences were not sent: {told}", RuntimeWarning, stacklevel=2)


def _after_fork() -> None:
    for outbox in list(_OUTBOXES):
        outbox.forget()


atexit.register(_send_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
