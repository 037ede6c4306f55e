"""The troubleshooting guide: every incident by what is seen of it, from the scenario files and what clients showed.

One entry an incident, under the first thing that a user sees: the SDK's error where it raises one, else MLflow's, else
the answer itself. The pages of the incidents themselves are made in `incidents.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hokusai_mock.scenarios import Scenario
from makers.incidents import OWNERS, Shown, catalogue, gist
from makers.markdown import code, text_of

__all__ = ["Entry", "entries", "pages"]

NOTE = "<!-- Made by docs/build.py from the scenario files. Change those, then run it again. -->"
LONG = 260
"""Characters of a message that are shown."""


class Group(NamedTuple):
    """Incidents that look alike at first sight, and the pattern of the texts by which they are found."""

    title: str
    seen: str
    pattern: str


_GROUPS = (
    Group(
        "Nothing was sent",
        "`ConfigurationError`, `ImportError`, `AttributeError`, `TypeError`, an error of encoding",
        r"^(Configuration|Import|MissingMLExtra|ModuleNotFound|Attribute|Type|Unicode\w+|InvalidParameter)Error|^MissingSchema"
        r"|^\w+: \[F03\]",
    ),
    Group("TLS", "`SSLError`, `certificate`, `wrong version number`", r"SSL|certificate|https was spoken"),
    Group("429: too many requests", "`429`, `RateLimitError`", r"\b429\b|^RateLimitError"),
    Group(
        "500, 502, 503, 504",
        "`5xx`, `too many 503 error responses`, a call that takes minutes",
        r"HTTP 5\d\d|too many 5\d\d|^5\d\d\b|code 5\d\d|5\d\d Server",
    ),
    Group(
        "401: who are you",
        "`401`, `API key required`, `Invalid or expired API key`",
        r"HTTP 401|401 Client|code 401|^401|API key required|Invalid or expired",
    ),
    Group(
        "403: you may not",
        "`403`, `Forbidden`, `REGISTRY_ADMIN_REQUIRED`, `INTERNAL_ERROR` with one of them",
        r"HTTP 403|403 Client|code 403|^403|write permissions|Admin access",
    ),
    Group(
        "404: not here",
        "`404`, `RESOURCE_NOT_FOUND`, `RESOURCE_DOES_NOT_EXIST`, `Enum ErrorCode has no value`",
        r"HTTP 404|404 Client|code 404|^404|NOT_FOUND|DOES_NOT_EXIST|Not Found|No such",
    ),
    Group(
        "400, 402, 409, 413: not like this",
        "`INVALID_PARAMETER_VALUE`, `RESOURCE_ALREADY_EXISTS`, `Request Entity Too Large`",
        r"INVALID_PARAMETER|ALREADY_EXISTS|HTTP 4\d\d|4\d\d Client|code 4\d\d|^4\d\d\b",
    ),
    Group("A page in place of JSON", "`not in a valid JSON format`, HTML", r"valid JSON|not MLflow's|<html"),
    Group(
        "No answer",
        "`ConnectionError`, `Timeout`, `Max retries exceeded`, a call that hangs",
        r"Connection|[Tt]imed? ?out|Max retries|Curl|Proxy|closed|reset",
    ),
)
_SILENT = Group("No error, and yet it is wrong", "nothing: the call succeeds", r"^$")
_OTHER = Group("Something else", "another error", r"")


class Entry(NamedTuple):
    """An incident as a user meets it.

    `sdk`, `mlflow` and `answer` are the first failures in its main situation, empty without one; `all` are the failures
    of the SDK and of MLflow in all of its situations.
    """

    scenario: Scenario
    others: Sequence[Scenario]
    sdk: str
    mlflow: str
    answer: str
    all: Sequence[str]

    @property
    def group(self) -> Group:
        """Where its entry stands: by what is seen first in its main situation."""
        return _group_of(self.sdk or self.mlflow or self.answer)

    @property
    def groups(self) -> list[Group]:
        """Where it may be looked for."""
        found = {self.group, *map(_group_of, self.all)} - {_OTHER}
        return [group for group in (*_GROUPS, _SILENT) if group in found]


def _group_of(text: str) -> Group:
    return next((group for group in _GROUPS if text and re.search(group.pattern, text)), _OTHER if text else _SILENT)


def entries() -> list[Entry]:
    """Every incident once, by its name."""
    by_incident, _, shown = catalogue()
    return [_entry(files, shown) for _, files in sorted(by_incident.items())]


def pages() -> dict[str, str]:
    """The guide."""
    return {"troubleshooting.md": text_of(_guide(entries()))}


def _entry(files: Sequence[Scenario], shown: Shown) -> Entry:
    main = next((one for one in files if one.variant is None), files[0])
    sdk, mlflow, answer = (next(_failures([main], shown, clients), "") for clients in _CLIENTS)
    everything = list(_failures(files, shown, ("hokusai", "mlflow")))
    return Entry(main, [one for one in files if one is not main], sdk, mlflow, answer, everything)


_CLIENTS = (("hokusai",), ("mlflow",), ("requests", "curl"))


def _failures(files: Sequence[Scenario], shown: Shown, clients: tuple[str, ...]) -> Iterator[str]:
    """What these clients showed when they failed, of every symptom the newest MLflow's text."""
    for scenario in files:
        for symptom in scenario.symptoms:
            texts = shown.get(scenario.name, {}).get(symptom.label, {}) if symptom.client.startswith(clients) else {}
            failures = [text for text in texts.values() if _is_failure(text)]
            yield from failures[-1:]


def _is_failure(text: str) -> bool:
    return text != "no exception" and not re.match(r"[23]\d\d\b", text)


# -- the page ----------------------------------------------------------------------------------------------------------


def _guide(found: Sequence[Entry]) -> Iterator[str]:
    groups = [group for group in (*_GROUPS, _SILENT, _OTHER) if any(entry.group is group for entry in found)]
    yield NOTE
    yield "# Troubleshooting"
    yield ""
    yield "1. An error of the SDK says what it is: `error.code` is the incident (`A05`), `error.remedy` what to do"
    yield "   ([all of them](errors.md))."
    yield "2. `hokusai-testkit doctor --online` asks your configuration and the platform, and names the incident."
    yield "3. Else look here for what you see; below it is each incident that looks so, with its cause and its remedy."
    yield ""
    yield "| you see | then it is one of these |"
    yield "|---|---|"
    for group in groups:
        links = ", ".join(f"[{entry.scenario.id}](#{_anchor(entry)})" for entry in found if group in entry.groups)
        yield f"| [{group.title}](#{_slug(group.title)}): {group.seen} | {links} |"
    for group in groups:
        yield ""
        yield f"## {group.title}"
        for entry in (one for one in found if one.group is group):
            yield ""
            yield from _lines(entry)


def _lines(entry: Entry) -> Iterator[str]:
    main = entry.scenario
    yield f"### {_heading(entry)}"
    yield ""
    for who, text in (("the SDK", entry.sdk), ("MLflow alone", entry.mlflow), ("the answer", entry.answer)):
        if text and (who != "the answer" or not (entry.sdk or entry.mlflow)):
            yield f"- **You see**, {who}: {code(_short(gist(text)))}"
    if not (entry.sdk or entry.mlflow or entry.answer):
        yield "- **You see** no error"
    yield f"- **Cause**: {_cause(main)}"
    if main.remedy:
        yield f"- **What to do** ({OWNERS[main.remedy.owner]}): {' '.join(main.remedy.text.split())}"
    related = [f"{one.title}" for one in entry.others if one.title and one.title != main.title]
    more = f"; also: {'; '.join(related)}" if related else ""
    yield f"- [More, and how to play it](incidents/{main.id}.md){more}"


def _cause(scenario: Scenario) -> str:
    """The first paragraph of the story."""
    return " ".join((scenario.story or "").strip().split("\n\n")[0].split())


def _short(text: str) -> str:
    said = " ".join(text.partition(" What to do: ")[0].split())
    return said if len(said) <= LONG else said[: LONG - 1] + "…"


def _heading(entry: Entry) -> str:
    return f"{entry.scenario.id}: {entry.scenario.title}"


def _anchor(entry: Entry) -> str:
    return _slug(_heading(entry))


def _slug(title: str) -> str:
    """The name under which GitHub links to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
