"""The table of the SDK's errors: what each playable situation becomes for its user, and what the error says to do.

Exception, code and status are those of the scenario files, which the symptom tests hold against real clients; the
remedies are what was seen in the proof `symptoms`. How long calls can take is in `docs/timeouts.md`, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hokusai_mock.scenarios import Scenario, Symptom
from makers.incidents import Shown, catalogue
from makers.markdown import cell, code, text_of

__all__ = ["Row", "pages", "rows"]

PAGE = "errors.md"
NOTE = (
    "<!-- Made by docs/build.py from the scenario files and proofs/symptoms.seen.json. Run it again after a change. -->"
)
_REMEDY = " What to do: "
_CALLS = {
    "auth.validate": "HokusaiAuth.validate()",
    "contributions.create": "AuthenticatedClient.post(path)",
    "contributors.impact": "AuthenticatedClient.get(path)",
    "experiments.search": "ModelVersionManager.list_versions(model_name)",
    "model_versions.delete": "ModelRegistry.delete_model_version(model_id)",
    "models.list": "AuthenticatedClient.get(path)",
    "serving.predict": "AuthenticatedClient.post(path)",
    "serving.predict with rows": "AuthenticatedClient.post(path)",
}
"""What a user of the SDK calls where the scenario names the call of another client."""


class Row(NamedTuple):
    """One situation as a user of the SDK meets it; `exception` is empty where the call succeeds."""

    incident: str
    scenario: str
    title: str
    call: str
    exception: str
    code: str
    status: str
    remedy: str


def pages() -> dict[str, str]:
    """The one page."""
    return {PAGE: text_of(_page(rows()))}


def rows() -> list[Row]:
    """Every situation that a file says something about for the SDK, by incident."""
    by_incident, versions, shown = catalogue()
    return [
        _row(scenario, symptom, _seen(scenario, symptom, versions, shown))
        for files in by_incident.values()
        for scenario in files
        for symptom in scenario.resolve().symptoms
        if symptom.client == "hokusai"
    ]


def _row(scenario: Scenario, symptom: Symptom, text: str) -> Row:
    return Row(
        incident=scenario.id,
        scenario=scenario.name,
        title=scenario.title or scenario.name,
        call=_call(scenario, symptom),
        exception=(symptom.exception or "").rpartition(".")[2],
        code=symptom.code or "",
        status=str(symptom.status_code or ""),
        remedy=text.partition(_REMEDY)[2] or _of_the_file(scenario, symptom),
    )


def _of_the_file(scenario: Scenario, symptom: Symptom) -> str:
    """The file's own remedy, where what was raised is not the SDK's: an SDK that lacks a method has no words for it."""
    remedy = scenario.resolve().remedy
    return remedy.text if symptom.exception and remedy is not None else ""


def _call(scenario: Scenario, symptom: Symptom) -> str:
    name = symptom.call or (scenario.resolve().plays[symptom.play - 1].call if symptom.play else None) or ""
    return _CALLS.get(name, name)


def _seen(scenario: Scenario, symptom: Symptom, versions: Sequence[str], shown: Shown) -> str:
    """What the SDK showed with the newest client that played it."""
    by_version: Mapping[str, str] = shown.get(scenario.name, {}).get(symptom.label, {})
    return next((by_version[version] for version in reversed(versions) if version in by_version), "")


_TABLE_OF_FAILURES = (
    "| incident | situation | call | exception | code | status | what to do |",
    "|---|---|---|---|---|---|---|",
)
_TABLE_OF_SUCCESSES = ("| incident | situation | call |", "|---|---|---|")
_INTRODUCTION = """\
# What went wrong becomes which error

Everything that the SDK raises is a `HokusaiException` ([the family](api/exceptions.md)). It carries `code` (the
[incident](incidents/index.md), when it is known), `status_code` (as it was on the wire), `remedy`, `url` (never a
secret), and the original as `__cause__`:

```python
from hokusai import HokusaiException, ModelRegistry

try:
    registry = ModelRegistry()
except HokusaiException as error:
    print(error.code, error.status_code, error.remedy)
```

{count} situations, each played on the mock server with real MLflow clients from 2.9 to 3.17. The name below the title
plays it: `hokusai-testkit run --scenario NAME -- python your_program.py`. Where the code is another than the incident,
one answer alone cannot tell the two apart: `hokusai-testkit doctor` asks more. How long a call can take before it
raises is in [timeouts.md](timeouts.md).
"""
_HARMLESS = """\
## What does not hurt a user of the SDK

These calls succeed, although the situation breaks other clients, other calls or other parts of the platform.
"""


def _page(all_rows: Sequence[Row]) -> Iterator[str]:
    failing = [row for row in all_rows if row.exception]
    yield NOTE
    yield _INTRODUCTION.format(count=len(failing))
    yield from _TABLE_OF_FAILURES
    for row in failing:
        remedy = cell(row.remedy).replace("<", "&lt;")  # no tag, but a place to fill in
        cells = (code(row.call), f"`{row.exception}`", row.code, row.status, remedy)
        yield f"{_situation(row)} {' | '.join(cells)} |"
    yield ""
    yield _HARMLESS
    yield from _TABLE_OF_SUCCESSES
    for row in all_rows:
        if not row.exception:
            yield f"{_situation(row)} {code(row.call)} |"


def _situation(row: Row) -> str:
    return f"| [{row.incident}](incidents/{row.incident}.md) | {cell(row.title)}<br>`{row.scenario}` |"
