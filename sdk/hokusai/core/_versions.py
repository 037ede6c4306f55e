"""Semantic versions, and the reading of a registered model's versions. Shared by registry, versioning and inference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

from hokusai import _mlflow
from hokusai.exceptions import InvalidParameterError, ModelNotFoundError

__all__ = [
    "FIRST",
    "ModelVersion",
    "Part",
    "Version",
    "find_version",
    "latest",
    "next_version",
    "quoted",
    "read_versions",
    "search_versions",
]

Part = Literal["major", "minor", "patch"]
_SEMANTIC = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_PAGE = 1000


class Version(NamedTuple):
    """A semantic version; ordered numerically, so 1.10.0 is above 1.9.0."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: object) -> Version | None:
        """Read `X.Y.Z`; `None` for anything else."""
        match = _SEMANTIC.fullmatch(text) if isinstance(text, str) else None
        return cls(*(int(part) for part in match.groups())) if match else None

    def bump(self, part: Part) -> Version:
        """Return the next major, minor or patch version."""
        if part == "major":
            return Version(self.major + 1, 0, 0)
        if part == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


FIRST = Version(1, 0, 0)


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a registered model, as the store keeps it."""

    name: str
    number: int
    semantic: Version | None
    source: str
    run_id: str | None
    created: int
    tags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Any) -> ModelVersion:
        """Read MLflow's entity; REST gives the number as a string, a local store as an integer."""
        tags = {str(name): str(value) for name, value in dict(found.tags or {}).items()}
        return cls(
            found.name,
            int(found.version),
            Version.parse(tags.get("version")),
            found.source or "",
            found.run_id or None,
            int(found.creation_timestamp or 0),
            tags,
        )


def check_name(name: object, parameter: str) -> str:
    """Return a registered model's name, or raise `InvalidParameterError` that names the parameter."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidParameterError(f"{parameter} must be a model's name, not {name!r}.")
    if "/" in name or ":" in name:
        raise InvalidParameterError(f"{parameter} must be a model's name, without / and :, not {name!r}.")
    if "'" in name and '"' in name:
        raise InvalidParameterError(f"{parameter} cannot hold both kinds of quotes: {name!r}.")
    return name


def read_versions(client: Any, name: str) -> list[ModelVersion]:
    """Return every version of `name`, by ascending number; `[]` when the model does not exist."""
    return search_versions(client, f"name={quoted(name)}")


def search_versions(client: Any, query: str) -> list[ModelVersion]:
    """Return every version of any model that MLflow's filter `query` fits, by ascending number; reads every page."""
    found: list[Any] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(query, max_results=_PAGE, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            return sorted((ModelVersion.of(item) for item in found), key=lambda version: version.number)


def quoted(text: str) -> str:
    """Return `text` as a string of MLflow's filter language, which knows no escapes: it holds one kind of quotes."""
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"


def latest(versions: Iterable[ModelVersion]) -> ModelVersion | None:
    """Return the highest semantic version (of equal ones the lower number); without any, the highest number."""
    known = list(versions)
    semantic = [version for version in known if version.semantic]
    if semantic:
        return max(semantic, key=lambda version: (version.semantic or FIRST, -version.number))
    return max(known, key=lambda version: version.number, default=None)


def next_version(versions: Iterable[ModelVersion], part: Part = "minor") -> Version:
    """Return the next semantic version after the highest; the first is 1.0.0."""
    semantic = [version.semantic for version in versions if version.semantic]
    return max(semantic).bump(part) if semantic else FIRST


def find_version(client: Any, name: str, wanted: object, parameter: str = "model_version") -> ModelVersion:
    """Return a version by semantic version, MLflow number or alias; the latest for `None`.

    Raises:
        ModelNotFoundError: no such model, or no such version; the message names the nearest.
        InvalidParameterError: `wanted` is neither a string, a number nor `None`.
    """
    if wanted is not None and (isinstance(wanted, bool) or not isinstance(wanted, (str, int))):
        raise InvalidParameterError(f"{parameter} must be a version, a number or an alias, not {wanted!r}.")
    versions = read_versions(client, name)
    if not versions:
        raise _no_model(client, name)
    if wanted is None:
        return latest(versions) or versions[-1]
    text = str(wanted).strip()
    semantic = Version.parse(text)
    if semantic:
        matching = [version for version in versions if version.semantic == semantic]
    elif text.isdecimal():
        matching = [version for version in versions if version.number == int(text)]
    else:
        matching = _by_alias(client, versions, name, text)
    if not matching:
        raise _no_version(versions, name, text)
    return matching[0]


def _by_alias(client: Any, versions: Sequence[ModelVersion], name: str, alias: str) -> list[ModelVersion]:
    """Resolve an alias; servers answer 400 or 404 for an unknown one, which is no error here."""
    model = client.get_registered_model(name)
    number = {str(key): int(value) for key, value in dict(model.aliases or {}).items()}.get(alias)
    return [version for version in versions if version.number == number]


def _no_model(client: Any, name: str) -> ModelNotFoundError:
    """Make the error for an unknown model; the nearest existing name helps against typing errors."""
    try:
        names = [model.name for model in client.search_registered_models(max_results=100)]
    except _mlflow.error_types():
        names = []  # the hint is a courtesy: the error itself must not depend on another request
    near = get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ModelNotFoundError(model_name=name, message=f"No model is registered as {name!r}.{hint}", code="E04")


def _no_version(versions: Sequence[ModelVersion], name: str, wanted: str) -> ModelNotFoundError:
    known = [str(version.semantic or version.number) for version in versions[-10:]]
    return ModelNotFoundError(
        model_name=name,
        version=wanted,
        message=f"Model {name!r} has no version {wanted!r}. It has: {', '.join(known)}.",
        code="E04",
    )
