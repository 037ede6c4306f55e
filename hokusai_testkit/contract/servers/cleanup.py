"""Removes what a run made on a server, from its ledger and from the prefix of its names.

What cannot be removed is listed, and so is where it could not look: a list that is empty because of a 403 would be a
lie. Everything goes through a relay, so the rate of the run holds here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hokusai_testkit.contract.failures import ArrangementError
from hokusai_testkit.contract.servers.ledger import Made, RunFacts
from hokusai_testkit.contract.wire import Answer, Tracking

__all__ = ["Cleanup", "clean", "lines"]

_GONE = 404
_PAGE = 1000


@dataclass(slots=True)
class Cleanup:
    """What became of what a run had made; each entry is a line for people."""

    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    cannot_look: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether nothing is left and everything could be looked at."""
        return not self.left and not self.cannot_look

    def to_json(self) -> dict[str, list[str]]:
        """Return the lists as JSON values."""
        return {"removed": self.removed, "left": self.left, "cannot_look": self.cannot_look}


def clean(tracking: Tracking, facts: RunFacts, made: Sequence[Made]) -> Cleanup:
    """Remove what `made` lists and what carries the prefix of the run, in the order that lets it go: versions first."""
    job = _Job(tracking, facts.prefix)
    job.models({entry.fields.get("name", "") for entry in made if entry.what in ("registered model", "model version")})
    job.runs([entry for entry in made if entry.what == "run"])
    job.experiments([entry for entry in made if entry.what == "experiment"])
    job.others([entry for entry in made if entry.what == "logged model"])
    return job.found


class _Job:
    def __init__(self, tracking: Tracking, prefix: str) -> None:
        self._tracking, self._prefix = tracking, prefix
        self.found = Cleanup()

    def models(self, named: set[str]) -> None:
        """Remove versions and registered models whose names carry the prefix; others were there before."""
        listed = self._listed("GET", "registered-models/search", "registered_models", self._filter())
        own = {model["name"] for model in listed} | {name for name in named if name.startswith(self._prefix)}
        for name in sorted(own):
            if self._tracking.call("GET", f"registered-models/get?{urlencode({'name': name})}").status == _GONE:
                continue
            try:
                self._tracking.delete_versions(name)
            except ArrangementError as problem:
                self.found.left.append(f"registered model {name} with its versions: {problem}")
                continue
            self._remove("DELETE", "registered-models/delete", {"name": name}, f"registered model {name}")
        for name in sorted(named - own - {""}):
            self.found.left.append(f"versions of the registered model {name}, whose name is not the run's own")

    def runs(self, made: Sequence[Made]) -> None:
        """Remove the runs of the ledger; one whose id is not known may be in an experiment that goes."""
        for entry in made:
            if entry.id is not None:
                self._remove("POST", "runs/delete", {"run_id": entry.id}, f"run {entry.id}")
            elif entry.status is None:
                where = entry.fields.get("experiment_id", "?")
                self.found.left.append(f"perhaps a run in the experiment {where}: its creation was never answered")

    def experiments(self, made: Sequence[Made]) -> None:
        """Remove the experiments with the prefix; one of another name stays, since its name could not be used again."""
        listed = self._listed("POST", "experiments/search", "experiments", f"name LIKE '%{self._prefix}%'")
        for experiment in listed:
            name, number = experiment["name"], experiment["experiment_id"]
            self._remove("POST", "experiments/delete", {"experiment_id": number}, f"experiment {name}")
        for entry in made:
            name = entry.fields.get("name", "?")
            if self._prefix not in name and entry.id is not None:
                self.found.left.append(f"experiment {name}: a deleted experiment's name cannot be used again")

    def others(self, made: Sequence[Made]) -> None:
        """Remove logged models, which servers from 3.0 on have."""
        for entry in made:
            if entry.id is not None:
                self._remove("DELETE", f"logged-models/{entry.id}", None, f"logged model {entry.id}")

    def _filter(self) -> str:
        return f"name LIKE '{self._prefix}%'"

    def _listed(self, method: str, call: str, field_name: str, query: str) -> list[dict[str, Any]]:
        """Everything that a search finds; where it is refused, that is noted and nothing is claimed."""
        asked: dict[str, Any] = {"filter": query, "max_results": _PAGE}
        name = f"{call}?{urlencode(asked)}" if method == "GET" else call
        try:
            answer = self._tracking.call(method, name, asked if method == "POST" else None)
        except ArrangementError as problem:
            self.found.cannot_look.append(f"{field_name.replace('_', ' ')}: {problem}")
            return []
        if answer.status >= 300:
            self.found.cannot_look.append(f"{field_name.replace('_', ' ')}: {_why(answer)}")
            return []
        found: list[dict[str, Any]] = answer.json.get(field_name, [])
        return found

    def _remove(self, method: str, call: str, body: dict[str, Any] | None, what: str) -> None:
        try:
            answer = self._tracking.call(method, call, body)
        except ArrangementError as problem:
            self.found.left.append(f"{what}: {problem}")
            return
        if answer.status < 300:
            self.found.removed.append(what)
        elif answer.status != _GONE and b"deleted" not in answer.body:  # a run that the case itself had deleted
            self.found.left.append(f"{what}: {_why(answer)}")


def _why(answer: Answer) -> str:
    return f"the target answered {answer.status} {answer.body.decode('utf-8', 'replace')[:200]}"


def lines(found: Cleanup) -> Iterator[str]:
    """Say it for people: what was removed, what is left, where it could not look."""
    yield f"removed: {len(found.removed)}"
    yield from (f"left: {what}" for what in found.left)
    yield from (f"cannot look: {what}" for what in found.cannot_look)
