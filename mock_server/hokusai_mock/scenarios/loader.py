"""The catalogue of scenario files: names without parsing, each file parsed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from hokusai_mock.scenarios.scenario import Scenario, ScenarioError, parse_toml
from hokusai_mock.schema import did_you_mean

__all__ = ["load", "names", "parse", "parse_reference"]

_FOLDER = Path(__file__).parent

INHERITED = ("params", "platform", "listener", "timeline", "fault", "client", "play", "symptom")
"""What `extends` takes over: how a situation is made and what users see; causes and remedies are not inherited."""


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """The names of all shipped scenarios, in order, read from the names of the files. `healthy` has no file."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=256)
def load(name: str) -> Scenario:
    """The shipped scenario called `name`; `ScenarioError` with the nearest name when there is none."""
    return Scenario.of_table(_inherit(_shipped_table(name), _shipped_table, (name,)))


def parse(text: str, name: str) -> Scenario:
    """Read a scenario from TOML text; `name` is what the file is called and must be the name inside.

    `ScenarioError` for everything that does not fit the format. `extends` refers to shipped scenarios.
    """
    table = parse_toml(text, name)
    if table.get("name", name) != name:
        raise ScenarioError(f"scenario {name!r}: the file says that its name is {table['name']!r}")
    return Scenario.of_table(_inherit(table, _shipped_table, (name,)))


def parse_reference(reference: str) -> tuple[str, dict[str, str]]:
    """Split what a command line gives, `NAME` or `NAME:k=v,k2=v2`, into the name and the parameters as text.

    Several strings in one value are joined with `+`. `ScenarioError` when a parameter has no value.
    """
    name, _, rest = reference.partition(":")
    params = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise ScenarioError(f"{reference!r}: parameters are written NAME:key=value,key=value; {part!r} is not")
        params[key.strip()] = value
    return name, params


@lru_cache(maxsize=256)
def _shipped_table(name: str) -> dict[str, Any]:
    if name not in names():
        if name == "healthy":
            raise ScenarioError("'healthy' is the platform without any scenario: it has no file and no parameters")
        raise ScenarioError(f"no scenario is called {name!r}{did_you_mean(name, names())}")
    table = parse_toml((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name)
    if table.get("name") != name:
        raise ScenarioError(f"scenario {name!r}: the file says that its name is {table.get('name')!r}")
    return table


def _inherit(
    table: Mapping[str, Any], find: Callable[[str], Mapping[str, Any]], chain: tuple[str, ...]
) -> dict[str, Any]:
    """Work `extends` in: tables are merged key by key, lists of tables are replaced as a whole."""
    parent_name = table.get("extends")
    if parent_name is None:
        return dict(table)
    if parent_name in chain:
        raise ScenarioError(f"scenario {chain[0]!r} extends itself: {' -> '.join([*chain, parent_name])}")
    parent = _inherit(find(parent_name), find, (*chain, parent_name))
    merged = {key: parent[key] for key in INHERITED if key in parent}
    return _merge(merged, table)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        result[key] = _merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return result
