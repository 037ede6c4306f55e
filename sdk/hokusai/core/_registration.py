"""Registering a model: the one way that every documented method shares.

Everything that can be refused is refused first; then the model is saved in the journal; only then the server is
touched, in this order: run, artifacts, registered model, version. The source is `runs:/<run id>/<path>` together with
the run id, because servers from 3.17 on accept nothing less. All calls go through the client, never the fluent API.

Every step is written down (`_journal.py`) after it was done, and can be done again: run and version carry the tag
`hokusai.registration_id`, which is searched before either is created a second time; uploads and metrics overwrite
themselves. So a registration that broke off, by the server or by the death of its process, is gone on with by the same
call (`_order.digest_of`), or by `finish`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hokusai import _mlflow
from hokusai._backend import Backend, Place, same_platform
from hokusai.core import _sources
from hokusai.core._breaking_off import break_off
from hokusai.core._entry import ModelRegistryEntry
from hokusai.core._journal import Draft, Entry, Journal
from hokusai.core._order import Order, digest_of
from hokusai.core._packaging import save
from hokusai.core._settling import MOVED, settle
from hokusai.core._versions import ModelVersion, Version, next_version, read_versions
from hokusai.exceptions import ConfigurationError, HokusaiException, RegistryException, VersioningException

__all__ = ["REGISTRATION", "Registered", "ensure_model", "finish", "register", "registering"]

EXPERIMENT = "hokusai_registrations"
"""The experiment that holds the runs which registration makes."""

REGISTRATION = "hokusai.registration_id"
"""The tag of run and version that says which registration made them."""

_DOUBLE = "hokusai.duplicate_of"
"""On a version that a repeated request made once more: the number of the one that counts."""

_AT_ONCE = 1000
"""Metrics that a server takes in one request."""

_WISH = "hokusai.kept_version"
"""On a version that a fallback keeps: `asked` when its semantic version was asked for, else how it was counted."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version that a registration made, at the place where it is."""

    order: Order
    place: Place
    id: str
    """The registration's id."""
    number: int
    semantic: Version | None
    run_id: str | None
    created: datetime
    tags: dict[str, str]

    def entry(self) -> ModelRegistryEntry:
        """Return it as the documented methods do; what a fallback keeps has `local:` ids and no number."""
        tags, local = self.tags, self.place.fallback_from is not None
        delta = tags.get("delta_metrics")
        model_id = tags.get("model_id") or f"{self.order.name}/{self.number}"  # a tokenized version has none of its own
        return ModelRegistryEntry(
            model_id=f"local:{model_id}" if local else model_id,
            model_type=self.order.name,
            version=str(self.semantic or self.number),
            is_baseline=tags.get("is_baseline") == "true",
            baseline_id=tags.get("baseline_id"),
            metrics=dict(self.order.metrics),
            delta_metrics=json.loads(delta) if delta else None,
            contributor_address=tags.get("contributor_address"),
            timestamp=self.created,
            mlflow_version=None if local else str(self.number),
            tags=dict(tags),
            run_id=f"local:{self.run_id}" if local and self.run_id else self.run_id,
        )


def register(backend: Backend, order: Order, model: object = None) -> ModelRegistryEntry:
    """Register what `order` says, and return the entry with the version it got."""
    with registering(backend, order, model) as registered:
        return registered.entry()


@contextmanager
def registering(
    backend: Backend, order: Order, model: object = None, *, fallback: bool = True, place: Place | None = None
) -> Iterator[Registered]:
    """Register what `order` says; the registration counts as finished when the block ends, also by an SDK error.

    A process that dies inside the block leaves the registration open, so that the same call comes by there again.
    `model` is an object to save, or a URI that `order` holds. With `fallback=False` an unavailable server raises,
    whatever the rules of fallback forgive. `place` is where to register, if the caller had to choose already.
    """
    journal = Journal(backend.settings.local_store)
    with journal.draft() as draft:
        if model is not None and not isinstance(model, str):
            save(model, draft.model)
        saved = draft.model if draft.model.exists() else None
        digest = digest_of(order, backend.uri, saved)
        entry, versions = journal.claim(digest, backend.local_uri), None
        if entry is None:
            place = place or backend.unit(_action(order), fallback=fallback)
            entry, versions = _begin(backend, place, order, draft, digest)
        else:
            place = _again(backend, entry)
            if saved is not None and not _is_whole(entry, order):
                entry.replace_model(saved)
        registered = _carried_out(backend, place, order, entry, versions)
    try:
        yield registered
    except HokusaiException:
        entry.discard()  # the version is there: what failed is told by the error, and has its own way to go on
        raise
    except BaseException:
        entry.leave(None)
        raise
    entry.discard()


def finish(entry: Entry, backend: Backend) -> ModelRegistryEntry:
    """Go on with an open registration of the journal, without its model, and return what it made.

    Raises:
        ConfigurationError: `backend` is another platform than the one that the registration is meant for.
        RegistryException: another process works on it, or has finished it meanwhile; or the server refused.
        MLflowAuthenticationError, MLflowConnectionError: the registration stays open, and is named in the error.
    """
    if not same_platform(entry.target, backend.uri):
        raise ConfigurationError(
            f"The registration of {entry.name!r} is meant for {entry.target}, not for {backend.uri}.",
            remedy=f"Set MLFLOW_TRACKING_URI={entry.target}, or discard the registration.",
        )
    taken = Journal(backend.settings.local_store).take(entry)
    if taken is None:
        raise RegistryException(f"Another process works on the registration {entry.id}, or has finished it.")
    order = Order.from_json(taken.order)
    if not _is_whole(taken, order):
        taken.leave(None)
        raise RegistryException(
            f"The model kept in {taken.folder} is damaged.",
            remedy="Make the call that registers it again, or discard the registration.",
        )
    registered = _carried_out(backend, _again(backend, taken), order, taken, None)
    taken.discard()
    return registered.entry()


def _action(order: Order | Entry) -> str:
    """Say what is being done, as errors do."""
    return f"register {order.name!r}"


def _begin(backend: Backend, place: Place, order: Order, draft: Draft, digest: str) -> tuple[Entry, list[ModelVersion]]:
    """Refuse what only the server can tell, and write the registration down."""
    with backend.calling(_action(order)):
        versions = read_versions(place.client, order.name) if order.numbered else []
        _choose(order, versions)
        if not draft.model.exists():
            _sources.resolve(place.client, order.uri, order.run_id)
        elif order.run_id:
            place.client.get_run(order.run_id)
    store = place.uri if place.fallback_from else None
    return draft.begin(digest, backend.uri, store, order.to_json()), versions


def _again(backend: Backend, entry: Entry) -> Place:
    """Return the place where an open registration began; it does not move, whatever the server says now."""
    try:
        if entry.store is None:
            return backend.unit(_action(entry), fallback=False)
        return backend.kept_place(entry.store)
    except HokusaiException as error:
        break_off(entry, error)
        raise
    except BaseException:
        entry.leave(None)
        raise


def _is_whole(entry: Entry, order: Order) -> bool:
    """Tell whether the kept model is what was saved: a power failure may have cut it off."""
    return digest_of(order, entry.target, entry.model) == entry.digest


def _carried_out(
    backend: Backend, place: Place, order: Order, entry: Entry, versions: list[ModelVersion] | None
) -> Registered:
    """Do every step that is missing; what fails leaves the registration open, and says what exists."""
    try:
        with backend.calling(_action(order)):
            return _Unit(place, order, entry).done(versions)
    except HokusaiException as error:
        break_off(entry, error)
        raise
    except BaseException:
        entry.leave(None)
        raise


def _choose(order: Order, taken: list[ModelVersion]) -> Version | None:
    """Return the semantic version to write; refuse one that was asked for exactly and is taken."""
    if not order.numbered:
        return None
    following = next_version(taken, order.part)
    if order.version is None:
        return following
    if order.version not in {version.semantic for version in taken}:
        return order.version
    if order.exact:
        raise VersioningException(
            f"Model {order.name!r} already has a version {order.version}.",
            remedy=f"Use the next one, {following}, or pass auto_increment.",
        )
    return following


@dataclass(frozen=True, slots=True)
class _Unit:
    """The steps of one registration at its place, each of which may be done already."""

    place: Place
    order: Order
    entry: Entry

    def done(self, versions: list[ModelVersion] | None) -> Registered:
        """Do the steps; `versions` are those of the model where they were just read."""
        order, entry, client = self.order, self.entry, self.place.client
        if versions is None:
            versions = read_versions(client, order.name)
        made = next((version for version in versions if version.tags.get(REGISTRATION) == entry.id), None)
        if made is None:
            source = self._source()
            if not entry.steps.registered_model:
                ensure_model(client, order.name)
                entry.record(registered_model=True)
            tags = self._tags(_choose(order, versions))
            created = _mlflow.create_version(
                client, order.name, source.uri, run_id=source.run_id, tags=tags, logged_model=source.logged_model
            )
            entry.record(version=str(created.version))
            number, run_id, moved = int(created.version), source.run_id, False
        else:
            number, run_id, tags, moved = made.number, made.run_id, made.tags, MOVED in made.tags
        semantic = Version.parse(tags.get("version")) if order.numbered else None
        if semantic is not None:
            number, versions = self._one_of(number)
            part = order.part
            semantic = settle(client, order.name, number, semantic, part, moved=moved, versions=versions)
            tags = {**tags, "version": str(semantic)}
        return Registered(order, self.place, entry.id, number, semantic, run_id, entry.created, tags)

    def _one_of(self, number: int) -> tuple[int, list[ModelVersion]]:
        """Return the number of the version to keep, and all versions of the model but its doubles.

        MLflow's client sends a create again whose answer was lost (C15), and then there are two. The lower number is
        kept; the other loses its semantic version, and says so. It is not deleted: some gateways lose what DELETE says.
        """
        client, name = self.place.client, self.order.name
        versions = read_versions(client, name)
        own = [version.number for version in versions if version.tags.get(REGISTRATION) == self.entry.id]
        kept = min(own, default=number)
        for double in own:
            if double != kept:
                client.set_model_version_tag(name, str(double), _DOUBLE, str(kept))
                client.set_model_version_tag(name, str(double), "version", "")
        return kept, [version for version in versions if version.number == kept or version.number not in own]

    def _source(self) -> _sources.Source:
        """Upload the saved model, unless that was done; or find out where what is logged already lies."""
        order, entry = self.order, self.entry
        if entry.model is None:
            return _sources.resolve(self.place.client, order.uri, order.run_id)
        run_id = order.run_id or self._run()
        path = f"model-{entry.id[:8]}" if order.run_id else "model"
        if not entry.steps.artifacts:
            self._upload(entry.model, run_id, path)
        return _sources.Source(f"runs:/{run_id}/{path}", run_id)

    def _run(self) -> str:
        """Return the run that holds the model, creating it unless an earlier attempt did."""
        experiment = self.place.experiment(EXPERIMENT)
        if self.entry.resumed:
            query = f"tags.`{REGISTRATION}` = '{self.entry.id}'"
            found = self.place.client.search_runs([experiment], filter_string=query, max_results=1)
            if found:
                return str(found[0].info.run_id)
        tags = {"mlflow.runName": f"register {self.order.name}", REGISTRATION: self.entry.id, **self.place.tags()}
        run_id = str(self.place.client.create_run(experiment, tags=tags).info.run_id)
        self.entry.record(run_id=run_id, artifacts=False)
        return run_id

    def _upload(self, model: Path, run_id: str, path: str) -> None:
        client, order = self.place.client, self.order
        if not order.run_id:
            # The same moment at every attempt, so that none counts twice; it is kept as naive UTC.
            moment = int(self.entry.created.replace(tzinfo=timezone.utc).timestamp() * 1000)
            rows = [(name, value, moment, 0) for name, value in order.metrics.items()]
            for start in range(0, len(rows), _AT_ONCE):
                _mlflow.log_metrics(client, run_id, rows[start : start + _AT_ONCE])
        client.log_artifacts(run_id, str(model), path)
        if not order.run_id:
            _mlflow.end_run(client, run_id)
        self.entry.record(run_id=run_id, artifacts=True)

    def _tags(self, semantic: Version | None) -> dict[str, str]:
        """Return the tags of a version, by the names that the platform's own pages read."""
        order, entry = self.order, self.entry
        marks = {REGISTRATION: entry.id, **self.place.tags()}
        if semantic is None:
            return {**order.tags, **marks}
        if self.place.fallback_from:
            marks[_WISH] = "asked" if semantic == order.version else order.part
        tags = {
            "model_id": order.model_id or f"{order.name}-{entry.id[:12]}",
            "model_type": order.name,
            "version": str(semantic),
            "is_baseline": "true",
            "metrics": json.dumps(order.metrics, sort_keys=True),
            "timestamp": entry.created.isoformat(),
        }
        if order.metadata:
            tags["metadata"] = json.dumps(order.metadata, sort_keys=True)
        return {**tags, **order.tags, **marks}


def ensure_model(client: Any, name: str) -> None:
    """Create the registered model unless it exists."""
    try:
        client.create_registered_model(name)
    except _mlflow.error_types() as error:
        if getattr(error, "error_code", None) != "RESOURCE_ALREADY_EXISTS":
            raise
