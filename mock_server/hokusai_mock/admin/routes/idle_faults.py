"""Fault rules that are well-formed and could never act in this sandbox: they name what it does not have.

Asked when a rule is added by hand. Those of scenarios are not asked: a scenario brings its keys and listeners along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hokusai_mock.faults import FaultRule
from hokusai_mock.faults.matching import ENDPOINT, endpoint_name
from hokusai_mock.profiles import mlflow, mlflow_names
from hokusai_mock.schema import did_you_mean
from hokusai_mock.unrouted import nearest_routes
from hokusai_mock.world import World

__all__ = ["refuse_idle"]

_LISTENER = re.compile(r"\{listener\.(\w+)\.url\}")


def refuse_idle(world: World, rule: FaultRule) -> None:
    """Refuse a rule for a key, an endpoint or a listener that `world` does not have; `ValueError` names the nearest."""
    key, held = rule.match.key, ("valid", "invalid", "none", *world.keys)
    if key is not None and key not in held:
        raise ValueError(f"[[fault]]: 'match': no key has the role {key!r}{did_you_mean(key, held)}")
    for listener in _LISTENER.findall(getattr(rule.effect, "location", None) or ""):
        if listener not in world.listeners:
            known = did_you_mean(listener, world.listeners) or "; the scenario that opens it comes first"
            raise ValueError(f"[[fault]]: no listener {listener!r} is open{known}")
    if world.options.backend is None:  # which endpoints a backend has nobody knows
        for path in rule.match.paths:
            _refuse_unknown_endpoint(path)


def _refuse_unknown_endpoint(path: str) -> None:
    """Any version of MLflow will do: a sandbox may change its own at any time."""
    if not path.startswith(ENDPOINT) or re.search(r"[*?[]", path):
        return
    near = nearest_routes("", path.removeprefix(ENDPOINT), (("", name) for name in _endpoints()))
    if near is not None:
        hint = f"; did you mean {ENDPOINT + near[0].path!r}?" if near else ""
        raise ValueError(f"[[fault]]: 'match': no version of MLflow has the endpoint {path!r}{hint}")


def _endpoints() -> Iterator[str]:
    for profile in mlflow_names():
        yield from filter(None, (endpoint_name(route) for _, route in mlflow(profile).routes))
