"""What is wrong with a cassette: secrets, age, drift, tags, tools, what nothing plays. One defect, one id.

Nothing is changed and nothing leaves this machine. That a recording still holds is a matter of `verify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from hokusai_mock import profiles
from hokusai_testkit.cassettes.clean import changes, redactor
from hokusai_testkit.cassettes.file import Cassette, CassetteError, UnsafeTagError, read
from hokusai_testkit.cassettes.replay import mlflow_path

__all__ = ["DEFECTS", "Defect", "Rules", "cassettes_in", "check"]

DEFECTS: Mapping[str, str] = MappingProxyType(
    {
        "unreadable": "the file is no cassette of vcrpy, or a broken one",
        "unsafe-tag": "a YAML tag makes an object, and vcrpy before 8.2.1 runs code for it",
        "secret": "a secret stands in the file",
        "unverified": "nothing says when it was recorded or last verified",
        "stale": "it was last verified too long ago",
        "drift": "a request has no route in the profile, or the recording is of another version",
        "unused": "nothing played the interaction",
        "tool": "the file needs a newer tool, or the installed vcrpy is unsafe",
    }
)
"""What can be wrong, by id."""

_SAFE_VCRPY = (8, 2, 1)
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong, where, and what to do. `text` never holds a secret."""

    id: str
    path: Path
    line: int
    text: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {
            "id": self.id,
            "path": str(self.path),
            "line": self.line,
            "text": self.text,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of a cassette.

    `max_age` counts from the last verification; `profile` is the MLflow profile whose routes count, by default that of
    the recorded version; `played` says which interactions were played, by file and number, `None` when nobody knows.
    """

    max_age: timedelta = timedelta(days=180)
    profile: str | None = None
    played: Mapping[str, frozenset[int]] | None = None


def cassettes_in(paths: Iterable[Path]) -> list[Path]:
    """The files among `paths`, and all YAML and JSON files below the folders among them, in order.

    `FileNotFoundError` for a path that does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml", ".json"))
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(f"there is no {path}")
    return list(dict.fromkeys(found))


def check(path: Path, rules: Rules, *, now: datetime | None = None) -> list[Defect]:
    """Everything that is wrong with the cassette at `path`, in the order of the file."""
    try:
        cassette = read(path)
    except UnsafeTagError as error:
        return [Defect("unsafe-tag", path, 1, str(error), "record it again with `hokusai-testkit serve --record`")]
    except (CassetteError, OSError) as error:
        return [Defect("unreadable", path, 1, str(error), "record it again, or take it out of the folder")]
    found = [
        *_tools(cassette),
        *_age(cassette, rules, now or datetime.now(timezone.utc)),
        *_secrets(cassette),
        *_drift(cassette, rules),
        *_unused(cassette, rules),
    ]
    return sorted(found, key=lambda defect: defect.line)


def _secrets(cassette: Cassette) -> Iterator[Defect]:
    for change in changes(cassette, redactor()):
        if change.kinds:
            kinds = ", ".join(change.kinds)
            text = f"{change.part.place} holds a secret ({kinds})"
            remedy = f"hokusai-testkit cassettes scrub {cassette.path}; then revoke it: it was in a file"
            yield Defect("secret", cassette.path, change.part.line, text, remedy)


def _age(cassette: Cassette, rules: Rules, now: datetime) -> Iterator[Defect]:
    told = cassette.about.get("verified") or cassette.about.get("recorded")
    moment = _moment(told)
    remedy = f"hokusai-testkit cassettes verify {cassette.path} --target URL"
    if moment is None:
        text = "it says neither when it was recorded nor when it was last verified"
        yield Defect("unverified", cassette.path, 1, text if told is None else f"{told!r} is no time", remedy)
    elif now - moment > rules.max_age:
        days = (now - moment).days
        text = f"it was last verified {days} days ago, on {moment:%Y-%m-%d}; {rules.max_age.days} are allowed"
        yield Defect("stale", cassette.path, 1, text, remedy)


def _moment(told: object) -> datetime | None:
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _tools(cassette: Cassette) -> Iterator[Defect]:
    if cassette.version != 1:
        text = f"its format is {cassette.version!r}, and vcrpy's is 1"
        yield Defect("tool", cassette.path, 1, text, "record it again")
    written_by, ours = cassette.about.get("kit"), metadata.version("hokusai-testkit")
    if isinstance(written_by, str) and _numbers(written_by) > _numbers(ours):
        text = f"hokusai-testkit {written_by} recorded it, and {ours} is installed"
        yield Defect("tool", cassette.path, 1, text, f"pip install 'hokusai-testkit>={written_by}'")
    try:
        player = metadata.version("vcrpy")
    except metadata.PackageNotFoundError:
        return
    if _numbers(player) < _SAFE_VCRPY:
        text = f"vcrpy {player} is installed, which runs code that stands in a cassette"
        yield Defect("tool", cassette.path, 1, text, "pip install 'vcrpy>=8.2.1'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _drift(cassette: Cassette, rules: Rules) -> Iterator[Defect]:
    recorded = cassette.about.get("mlflow") or []
    versions = [version for version in recorded if isinstance(version, str)]
    name = rules.profile or next(filter(None, map(_profile_of, versions)), None)
    if name is None:
        return
    profile = profiles.mlflow(name)
    other = [version for version in versions if rules.profile and _profile_of(version) != rules.profile]
    if other:
        text = f"it was recorded from MLflow {', '.join(other)}, and {rules.profile} is {profile.version}"
        yield Defect("drift", cassette.path, 1, text, "record it again from that version, or name its profile")
    known = [(method, _pattern(path)) for method, path in profile.routes]
    for one in cassette.interactions:
        path = urlsplit(str(one.uri.value)).path
        inner = mlflow_path(path)
        if inner is None or one.status == 404:
            continue
        if not any(method == one.method and pattern.fullmatch(inner) for method, pattern in known):
            text = f"interaction {one.number}: MLflow {profile.version} has no route {one.method} {inner}"
            yield Defect("drift", cassette.path, one.line, text, "record it again from that version")


def _profile_of(version: str) -> str | None:
    """The profile that plays `version`: that of the same minor version."""
    name = "mlflow-" + ".".join(version.split(".")[:2])
    return name if name in profiles.mlflow_names() else None


def _pattern(route: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for match in _PARAMETER.finditer(route):
        pieces += [re.escape(route[end : match.start()]), ".+" if match["kind"] == "path" else "[^/]+"]
        end = match.end()
    return re.compile("".join([*pieces, re.escape(route[end:])]))


def _unused(cassette: Cassette, rules: Rules) -> Iterator[Defect]:
    if rules.played is None:
        return
    played = rules.played.get(str(cassette.path.resolve()))
    remedy = "record it again, so that only what is asked for is in it"
    if played is None:
        text = "no test played it"
        yield Defect("unused", cassette.path, 1, text, "delete it, or select the tests that play it")
        return
    for one in cassette.interactions:
        if one.number not in played:
            path = urlsplit(str(one.uri.value)).path
            text = f"interaction {one.number}, {one.method} {path}, was played by no test"
            yield Defect("unused", cassette.path, one.line, text, remedy)
