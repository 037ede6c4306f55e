"""A scenario: one playable situation, read from TOML, checked against the whole format, resolved for its parameters.

Pure: text in, immutable objects out. Where files lie and how they inherit is the business of `loader.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from hokusai_mock.faults.interface import FaultError
from hokusai_mock.faults.rule import FaultRule
from hokusai_mock.scenarios.params import COMMON, Param, substitute
from hokusai_mock.scenarios.tables import (
    Client,
    Listener,
    Platform,
    Play,
    Remedy,
    Signature,
    Symptom,
    Timeline,
    check_placeholders,
    given,
)
from hokusai_mock.scenarios.vocabulary import FAMILIES, PLAYABLE_SETTINGS, is_planned
from hokusai_mock.schema import ImpossibleError, Matches, SchemaError, did_you_mean, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ResolvedScenario", "Scenario", "ScenarioError", "parse_toml"]

Hop = Literal["client", "network", "edge", "gateway", "mlflow", "store"]

IncidentId = Annotated[str, Matches(r"[A-G]\d\d", "an incident, such as 'A05'")]

_RENAMED = {
    "listener": "listeners",
    "fault": "faults",
    "play": "plays",
    "symptom": "symptoms",
    "signature": "signatures",
}

SHIPPED = ("title", "family", "hop", "evidence", "story", "remedy", "symptom")
"""What a shipped file must have, beyond `schema`, `id` and `name`."""


class ScenarioError(ValueError):
    """A scenario does not exist, its file is wrong, or its parameters are; the message has the nearest valid name."""


@dataclass(frozen=True, slots=True)
class _File:
    """The top level of a file, as its schema."""

    schema: Literal[1]
    id: IncidentId
    name: Annotated[str, Matches(r"[a-z0-9_]+\.[a-z0-9_]+", "a name such as 'auth.admin_required'")]
    variant: Annotated[str, Matches(r"[a-z0-9_-]+", "a short lower-case name")] | None = None
    title: str | None = None
    family: Literal["auth", "routing", "outage", "network", "version", "artifact", "sdk"] | None = None
    hop: Hop | None = None
    evidence: tuple[str, ...] | None = None
    looks_like: tuple[IncidentId, ...] = ()
    story: str | None = None
    extends: str | None = None
    params: Mapping[str, Param] = field(default_factory=dict)
    platform: Platform = field(default_factory=Platform)
    listener: tuple[Listener, ...] = ()
    timeline: tuple[Timeline, ...] = ()
    fault: tuple[Mapping[str, Any], ...] = ()
    client: Client = field(default_factory=Client)
    play: tuple[Play, ...] = ()
    symptom: tuple[Symptom, ...] = ()
    signature: tuple[Signature, ...] = ()
    remedy: Remedy | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself across tables."""
        if self.family is not None and self.family != FAMILIES[self.id[0]]:
            raise ImpossibleError(
                f"the incident {self.id} is of the family {FAMILIES[self.id[0]]!r}, not {self.family!r}"
            )
        if self.id in self.looks_like:
            raise ImpossibleError(f"{self.id} cannot look like itself")
        names = [listener.name for listener in self.listener]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ImpossibleError(f"two listeners are called {doubled[0]!r}")
        for symptom in self.symptom:
            if symptom.play is not None and (symptom.play > len(self.play) or not self.play[symptom.play - 1].call):
                raise ImpossibleError(f"a symptom refers to step {symptom.play}, which is no call of this scenario")
        check_placeholders(self.client, self.symptom, self.listener)


@dataclass(frozen=True, slots=True)
class ResolvedScenario:
    """A scenario with its parameters filled in: typed tables, ready to be played."""

    name: str
    id: str
    params: Mapping[str, Any]
    platform: Platform
    listeners: tuple[Listener, ...]
    timeline: tuple[Timeline, ...]
    faults: tuple[FaultRule, ...]
    client: Client
    plays: tuple[Play, ...]
    symptoms: tuple[Symptom, ...]
    signatures: tuple[Signature, ...]
    remedy: Remedy | None

    @property
    def keys(self) -> dict[str, dict[str, Any]]:
        """The rights that change, by role: only the fields that the file names."""
        return {role: given(rights) for role, rights in self.platform.keys.items()}

    @property
    def settings(self) -> dict[str, Any]:
        """The platform settings that the file names."""
        return given(self.platform.settings)

    def unplayable(self) -> list[str]:
        """What in this scenario this version cannot play yet, in words; empty when it can be played."""
        settings = {**self.settings, **{name: None for moment in self.timeline for name in moment.settings}}
        return [f"the platform setting {name!r}" for name in settings if name not in PLAYABLE_SETTINGS]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file of the catalogue, checked; `resolve` fills its parameters in."""

    name: str
    id: str
    variant: str | None
    title: str | None
    family: str | None
    hop: str | None
    evidence: tuple[str, ...]
    looks_like: tuple[str, ...]
    story: str | None
    extends: str | None
    params: Mapping[str, Param]
    symptoms: tuple[Symptom, ...]
    signatures: tuple[Signature, ...]
    remedy: Remedy | None
    table: Mapping[str, Any]
    """The file as TOML gives it, with what it inherits; parameters are not filled in."""

    @classmethod
    def of_table(cls, table: Mapping[str, Any]) -> Scenario:
        """Check a whole file, `extends` already worked in; `ScenarioError` says what is wrong where."""
        where = f"scenario {table.get('name', '?')!r}"
        params = _params(table, where)
        file, _ = _read(table, {name: param.sample for name, param in params.items()}, {}, where)
        return cls(
            name=file.name,
            id=file.id,
            variant=file.variant,
            title=file.title,
            family=file.family,
            hop=file.hop,
            evidence=file.evidence or (),
            looks_like=file.looks_like,
            story=file.story,
            extends=file.extends,
            params=params,
            symptoms=file.symptom,
            signatures=file.signature,
            remedy=file.remedy,
            table=table,
        )

    @property
    def unproved(self) -> list[str]:
        """What its signatures look at and the doctor cannot see yet."""
        return [signature.seen for signature in self.signatures if is_planned(signature.seen)]

    @property
    def named_by_doctor(self) -> bool:
        """Whether the doctor can name it: all that decides can be seen."""
        decides = [signature.seen for signature in self.signatures if signature.weight == "decides"]
        return bool(decides) and not any(is_planned(seen) for seen in decides)

    def missing(self) -> list[str]:
        """What a shipped file must have and this one lacks."""
        return [name for name in SHIPPED if not self.table.get(name)]

    def resolve(self, **params: Any) -> ResolvedScenario:
        """Fill parameters in: the scenario's own, and those common to all with faults (`after`, `times`, ...).

        Values may be text, as a command line gives it. `ScenarioError` for an unknown parameter, with the nearest
        valid name, for a value that does not fit, and for a missing one.
        """
        where = f"scenario {self.name!r}"
        own, common = self._sort(params, where)
        file, faults = _read(self.table, own, common, where)
        return ResolvedScenario(
            name=self.name,
            id=self.id,
            params={**own, **common},
            platform=file.platform,
            listeners=file.listener,
            timeline=file.timeline,
            faults=faults,
            client=file.client,
            plays=file.play,
            symptoms=file.symptom,
            signatures=file.signature,
            remedy=file.remedy,
        )

    def _sort(self, params: Mapping[str, Any], where: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Split given parameters into the file's own, with defaults, and the common ones, both in their types."""
        allowed = {*self.params, *(COMMON if self.table.get("fault") else ())}
        common = {}
        own = {name: param.convert(param.default) for name, param in self.params.items() if param.default is not None}
        for name, value in params.items():
            if name not in allowed:
                none = "" if allowed else "; it has no parameters"
                raise ScenarioError(f"{where} has no parameter {name!r}{did_you_mean(name, allowed) or none}")
            try:
                if name in self.params:
                    own[name] = self.params[name].convert(value)
                else:
                    common[name] = COMMON[name](value)
            except ValueError as error:
                raise ScenarioError(f"{where}: the parameter {name!r} {error}") from None
        if absent := [name for name in self.params if name not in own]:
            raise ScenarioError(f"{where} needs the parameter {absent[0]!r}")
        return own, common


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse the TOML of the scenario `name`; `ScenarioError` when it is not TOML."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"scenario {name!r} is not valid TOML: {error}") from error
    return table


def _params(table: Mapping[str, Any], where: str) -> dict[str, Param]:
    tables = table.get("params", {})
    if not isinstance(tables, Mapping):
        raise ScenarioError(f"{where}: 'params' must be a table of tables")
    try:
        return {name: read(Param, item, f"{where}: [params.{name}]") for name, item in tables.items()}
    except SchemaError as error:
        raise ScenarioError(str(error)) from None


def _read(
    table: Mapping[str, Any], values: Mapping[str, Any], common: Mapping[str, Any], where: str
) -> tuple[_File, tuple[FaultRule, ...]]:
    """Fill `values` into the tables and read them; `common` parameters change every fault."""
    try:
        filled = substitute({name: item for name, item in table.items() if name != "params"}, values)
        file = read(_File, {**filled, "params": table.get("params", {})}, where)
        faults = tuple(
            FaultRule.parse(_with_common(item, common), f"{where}: [[fault]] {number}").named(
                file.name if len(file.fault) == 1 else f"{file.name}#{number}"
            )
            for number, item in enumerate(file.fault, 1)
        )
    except (ImpossibleError, FaultError, SchemaError) as error:
        text = str(error)
        raise ScenarioError(text if text.startswith(where) else f"{where}: {text}") from None
    return file, faults


def _with_common(fault: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    """A `[[fault]]` table with the common parameters: `methods` and `paths` replace those of `match`."""
    result = dict(fault)
    match = dict(result.get("match", {}))
    for name, value in common.items():
        (match if name in ("methods", "paths") else result)[name] = value
    if match:
        result["match"] = match
    return result
