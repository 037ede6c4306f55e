"""Collects inference records and sends them in batches, by a thread that lives only while there is something to send.

Checking a record is in `_records.py`. Nothing here uses MLflow's fluent API, so the caller's active run is not touched.
"""

from __future__ import annotations

import threading
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


class Outbox:
    """Records on their way to one server. Safe from many threads."""

    def __init__(self, backend: Backend) -> None:
        """Start empty."""
        self.backend = backend
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._waiting: list[Record] = []
        self._runs: dict[tuple[str, str], _Run] = {}
        self._sender: threading.Thread | None = None
        self._failure: HokusaiException | None = None

    def put(self, record: Record) -> None:
        """Take a record, and see to it that it is sent within ten seconds."""
        with self._lock:
            self._waiting.append(record)
            if self._sender is None:
                self._sender = threading.Thread(target=self._send_later, name="hokusai-tracker", daemon=True)
                self._sender.start()
            if len(self._waiting) >= _BATCH_RECORDS:
                self._wake.set()

    def send(self) -> HokusaiException | None:
        """Send what waits; return the first failure since the last call. What was not sent waits on."""
        self._send()
        with self._lock:
            failure, self._failure = self._failure, None
        return failure

    def _send_later(self) -> None:
        """Send once, after some seconds or many records; the next record starts another thread."""
        self._wake.wait(_BATCH_SECONDS)
        with self._lock:
            self._sender = None
            self._wake.clear()
        self._send()

    def _send(self) -> None:
        with self._sending:
            with self._lock:
                records, self._waiting = self._waiting, []
            records.sort(key=_model_version)
            for key, group in groupby(records, key=_model_version):
                batch = list(group)
                try:
                    self._send_batch(key, batch)
                except HokusaiException as error:
                    with self._lock:
                        self._failure = self._failure or error
                        self._waiting[:0] = batch

    def _send_batch(self, key: tuple[str, str], batch: Sequence[Record]) -> None:
        action = f"record {len(batch)} inferences of {key[0]!r} version {key[1]!r}"
        run = self._runs.get(key)
        if run is None:
            place = self.backend.unit(action)
            with self.backend.calling(action, HokusaiException):
                run = self._runs[key] = _open_run(place, *key)
        with self.backend.calling(action, HokusaiException):
            _log(run, batch)
            _mlflow.end_run(run.place.client, run.run_id)


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
