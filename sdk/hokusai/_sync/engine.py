"""One sync from beginning to end: the lock, the order, and what a failure stops.

What the server refuses stays in the local store and is named, the rest goes on; when the server itself is gone, nothing
more is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from hokusai import _mlflow
from hokusai._backend import Backend, Place
from hokusai._local_store import LocalStore
from hokusai._locks import FileLock
from hokusai._sync import artifacts
from hokusai._sync.journal import Journal, store_id
from hokusai._sync.kept import Kept, KeptRun, KeptVersion, other_stores, read_kept, waiting_here
from hokusai._sync.logged_models import copy_logged_models
from hokusai._sync.registrations import finish_one, open_elsewhere, open_for, send_event
from hokusai._sync.report import Left, Progress, Report, Uploaded
from hokusai._sync.runs import Job, copy_run, end_run
from hokusai._sync.versions import copy_version
from hokusai.core._journal import Entry
from hokusai.core._notifying import delivery_of
from hokusai.exceptions import HokusaiException, MLflowAuthenticationError, MLflowConnectionError, RateLimitError

__all__ = ["sync"]

_EVENT_SECONDS = 10.0
_OVERHEAD = 20_000
"""What a run or version counts for in the progress, beside its files: about as long as so many bytes take."""


@dataclass(slots=True)
class _Work:
    """A sync at work."""

    backend: Backend
    report: Report
    progress: Progress
    unfinished: bool
    gone: HokusaiException | None = None
    """Why the server need not be asked any more: it answers no more, or refuses this caller."""
    lost: set[str] = field(default_factory=set)
    """Ids of runs that are not on the server as a whole."""
    open: set[str] = field(default_factory=set)
    """Ids of registrations that are not finished."""


def sync(
    backend: Backend, *, notify: bool = False, unfinished: bool = False, progress: Progress | None = None
) -> Report:
    """Upload to the server of `backend` what fallbacks kept for it in the local store of the MLflow in use.

    Every thing is uploaded once, however often this is interrupted and called again. Registrations that broke off are
    finished. `unfinished` uploads runs, too, whose process may still be writing them; `notify` sends the registration
    events that versions finished here keep. Originals are marked, never deleted.

    Raises:
        ConfigurationError: with `notify`, the events could not be sent (no key, wrong endpoint); nothing was uploaded.
        MLflowAuthenticationError, MLflowConnectionError: the server refuses the key, or cannot be reached; nothing was
            uploaded.
        HokusaiException: another sync is at work on the same local store.
    """
    settings = backend.settings
    delivery = delivery_of(settings, endpoint=None, seconds=_EVENT_SECONDS, best_effort=True, wanted=notify)
    store = LocalStore(settings.local_store)
    report = Report(settings.tracking_uri, store.folder)
    if not store.root.is_dir():
        return report
    work = _Work(backend, report, progress or Progress(), unfinished)
    with _alone(store):
        _upload_all(work, store)
        if delivery is not None:
            report.events = [send_event(event, backend, delivery) for event in report.events]
        report.elsewhere.extend([*open_elsewhere(store.root, report.target), *other_stores(store)])
    return report


@contextmanager
def _alone(store: LocalStore) -> Iterator[None]:
    lock = FileLock.attempt(store.root / ".sync.lock")
    if lock is None:
        raise HokusaiException(
            f"Another sync is at work on the local store {store.root}.",
            remedy="Wait for it to end; what it does not upload waits for the next one.",
        )
    try:
        yield
    finally:
        lock.release()


def _upload_all(work: _Work, store: LocalStore) -> None:
    """Finish what broke off, then upload what is kept; the server is asked before anything is begun."""
    entries = open_for(store.root, work.report.target)
    if entries:
        work.backend.check()
    for entry in entries:
        _one(work, "registration", entry.name, entry.id, partial(_registration, work, entry))
    kept = read_kept(store.client()) if waiting_here(store) else Kept()
    work.report.elsewhere.extend(kept.elsewhere(work.report.target))
    mine = kept.meant_for(work.report.target)
    waiting = mine.waiting()
    if not waiting:
        return
    if not entries:
        work.backend.check()
    work.open = {entry.id for entry in open_for(store.root, work.report.target)}
    job = _job(work, store, mine)
    work.progress.begin(_size(waiting))
    try:
        for run in waiting.runs:
            _one(work, "run", run.name, run.id, partial(_run, work, job, run))
        for version in waiting.versions:
            name = f"{version.name} {version.tags.get('version', version.number)}"
            _one(work, "version", name, str(version.number), partial(_version, work, job, version))
    finally:
        work.progress.end()


def _job(work: _Work, store: LocalStore, kept: Kept) -> Job:
    target = work.report.target
    journal = Journal(store.folder / "sync.jsonl", target)
    place = Place(_mlflow.client(target), target, None)
    job = Job(work.backend, store.client(), place, store_id(store.folder), journal, work.progress)
    job.run_ids.update((run.id, run.copy) for run in kept.runs if run.copy)
    return job


def _size(kept: Kept) -> int:
    """Estimate in bytes what is to be uploaded."""
    folders = (artifacts.folder_of(str(run.run.info.artifact_uri)) for run in kept.runs)
    files = (file for folder in folders if folder is not None for file in artifacts.files_below(folder))
    return sum(file.stat().st_size for file in files) + _OVERHEAD * (len(kept.runs) + len(kept.versions))


def _one(work: _Work, kind: str, name: str, local_id: str, upload: Callable[[], None]) -> None:
    """Upload one thing; what fails is put into the report, and does not stop the others."""
    if work.gone is not None:
        reason = "it was not tried: the server was gone by then"
        work.report.left.append(Left(kind, name, local_id, reason, work.gone.remedy, work.gone.code))
        return
    work.progress.at(f"{kind} {name}")
    try:
        with work.backend.calling(f"upload the {kind} {name!r}", HokusaiException):
            upload()
    except HokusaiException as error:
        work.report.left.append(Left(kind, name, local_id, error.message, error.remedy, error.code))
        _look_at_server(work, error)
    except OSError as error:
        reason = f"a file of it cannot be read: {error.strerror or error} ({error.filename})"
        work.report.left.append(Left(kind, name, local_id, reason))
    work.progress.advance(_OVERHEAD)


def _look_at_server(work: _Work, error: HokusaiException) -> None:
    """Find out whether the server failed for this one thing, or is gone for all."""
    if isinstance(error, RateLimitError):
        work.gone = error
    elif isinstance(error, (MLflowConnectionError, MLflowAuthenticationError)):
        try:
            work.backend.check()
        except HokusaiException as gone:
            work.gone = gone


def _registration(work: _Work, entry: Entry) -> None:
    made, event = finish_one(entry, work.backend)
    work.report.uploaded.extend([made] if made else [])
    work.report.events.extend([event] if event else [])


def _run(work: _Work, job: Job, kept: KeptRun) -> None:
    work.lost.add(kept.id)  # until all of it is there
    if kept.at_work and not work.unfinished:
        remedy = "Sync again when it has ended; if nothing writes to it any more: hokusai sync --unfinished."
        reason = f"it is still running ({kept.kept_by})"
        work.report.left.append(Left("run", kept.name, kept.id, reason, remedy, failed=False))
        return
    if kept.registration in work.open:
        raise HokusaiException("The registration that it was made for is not finished.")
    if kept.parent in work.lost:
        raise HokusaiException(f"The run that it is nested in ({kept.parent}) is not on the server.")
    experiments = set(job.experiments)
    new = copy_run(job, kept)
    models = copy_logged_models(job, kept)
    end_run(job, kept)
    work.lost.discard(kept.id)
    made = [("experiment", kept.experiment.name, old, job.experiments[old]) for old in job.experiments]
    work.report.uploaded.extend(
        Uploaded(kind, name, f"local:{old}", there) for kind, name, old, there in made if old not in experiments
    )
    work.report.uploaded.extend([Uploaded("run", kept.name, f"local:{kept.id}", new), *models])


def _version(work: _Work, job: Job, kept: KeptVersion) -> None:
    if kept.version.run_id in work.lost:
        raise HokusaiException(f"The run that holds its model ({kept.version.run_id}) is not on the server.")
    made = copy_version(job, kept)
    detail = f"{kept.tags.get('version')} -> {made.semantic}" if made.semantic else ""
    work.report.uploaded.append(Uploaded("version", kept.name, f"local:{kept.number}", str(made.number), detail))
