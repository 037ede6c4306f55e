"""Finishes registrations that broke off: those that a dead process or a failing server left open in the journal.

One that began on the server goes on there. One that began in the local store is finished in it, and is then kept work
like any other.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hokusai._backend import Backend, same_platform
from hokusai._sync.report import Elsewhere, Event, Uploaded
from hokusai.core._journal import Entry, Journal
from hokusai.core._notifying import Delivery
from hokusai.core._registration import finish
from hokusai.core._tokenized import renotify
from hokusai.core._tokenized_model import EVENT_TAG, STATE_TAG
from hokusai.exceptions import HokusaiException

__all__ = ["finish_one", "open_elsewhere", "open_for", "send_event"]


def open_for(root: Path, target: str) -> list[Entry]:
    """Return the open registrations below the local store `root` that are meant for `target`, oldest first."""
    return [entry for entry in Journal(root).open_registrations() if same_platform(entry.target, target)]


def open_elsewhere(root: Path, target: str) -> list[Elsewhere]:
    """Count the open registrations that are meant for other servers than `target`."""
    found = Journal(root).open_registrations()
    places = Counter(entry.target for entry in found if not same_platform(entry.target, target))
    return [Elsewhere(place, registrations=count) for place, count in sorted(places.items())]


def finish_one(entry: Entry, backend: Backend) -> tuple[Uploaded | None, Event | None]:
    """Finish a registration; `None` where it is in the local store, from which it is uploaded as what it is."""
    made = finish(entry, backend)
    if entry.store is not None:
        return None, None
    number = str(made.mlflow_version)
    detail = f"-> {made.version}" if made.version else ""
    event = Event(made.model_type, number, made.tags.get(STATE_TAG, "pending")) if EVENT_TAG in made.tags else None
    return Uploaded("registration", entry.name, f"local:{entry.id}", number, detail), event


def send_event(event: Event, backend: Backend, delivery: Delivery) -> Event:
    """Send the registration event that a version keeps; what went wrong is in the result.

    One that was sent, or that the site may have (`unknown`), is not sent again.
    """
    if event.state not in ("pending", "refused"):
        return event
    try:
        result = renotify(backend, event.name, event.version, delivery)
    except HokusaiException as error:
        return Event(event.name, event.version, event.state, str(error))
    return Event(event.name, event.version, str(result.event_state), result.notification_error)
