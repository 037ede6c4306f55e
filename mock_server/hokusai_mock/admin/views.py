"""What each route of the admin API does: a function of the worlds and a sandbox id that returns JSON data.

`ROUTES` is the table; `admin/__init__.py` hangs it into Flask.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Collection
from typing import Any

from flask import request

from hokusai_mock.faults import FaultRule
from hokusai_mock.keys import Key
from hokusai_mock.redaction import Redactor, environment_secrets
from hokusai_mock.world import World, WorldError
from hokusai_mock.worlds import Worlds

__all__ = ["ROUTES", "AdminError"]


class AdminError(WorldError):
    """A request to the admin API that cannot be carried out; `status` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        """Say why, and with which HTTP status."""
        super().__init__(message)
        self.status = status


def _body(allowed: Collection[str]) -> dict[str, Any]:
    """The JSON object of the request; an unknown field is refused with the nearest valid one."""
    data = _object() if request.get_data(cache=True) else {}
    for name in data:
        if name not in allowed:
            near = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(sorted(allowed))}"
            raise AdminError(f"unknown field {name!r}: {hint}")
    return data


def _object() -> dict[str, Any]:
    """The body as a JSON object. The content type is demanded: a web page cannot send it across origins unasked."""
    if not request.is_json:
        raise AdminError("send the body as JSON, with the header Content-Type: application/json")
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise AdminError("the body must be a JSON object")
    return data


def _root(world: World) -> str:
    """The base URL of the world as this client reaches the server."""
    return f"{request.host_url.rstrip('/')}/s/{world.id}"


def describe(world: World) -> dict[str, Any]:
    """What a handle needs to know: URLs, environment, profiles, active scenarios."""
    root = _root(world)
    return {
        "id": world.id,
        "url": root,
        "env": world.environment(root),
        "plain": world.plain,
        "backend": world.options.backend,
        "profiles": {
            "mlflow": None if world.options.backend else world.mlflow.name,
            "platform": None if world.plain else world.platform.name,
        },
        "scenarios": [{"name": item.name, "params": dict(item.params)} for item in world.scenarios],
        "keys": {role: key.secret for role, key in world.keys.items()},
        "seed": world.options.seed,
        "requests": world.journal.counters["requests"],
    }


def get_sandbox(worlds: Worlds, sandbox: str) -> Any:
    """Describe a sandbox; it is made when it does not exist."""
    return describe(worlds.get(sandbox))


def drop_sandbox(worlds: Worlds, sandbox: str) -> Any:
    """Forget a sandbox and everything in it."""
    return {"dropped": worlds.drop(sandbox)}


def reset(worlds: Worlds, sandbox: str) -> Any:
    """Return the sandbox to its start; `{"seed": N}` gives it another seed from now on."""
    if (backend := worlds.options.backend) is not None:
        raise AdminError(
            f"a sandbox with a backend cannot be reset: its data lie in {backend}, which all sandboxes share. "
            "End its scenarios and faults, forget its journal, or drop it",
            409,
        )
    seed = _body(("seed",)).get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise AdminError(f"seed must be a whole number, not {seed!r}")
    return describe(worlds.reset(sandbox, seed))


def put_profiles(worlds: Worlds, sandbox: str) -> Any:
    """Play other profiles: `{"mlflow": NAME, "platform": NAME}`, each optional."""
    world = worlds.get(sandbox)
    world.use_profiles(**_body(("mlflow", "platform")))
    return describe(world)


def add_scenario(worlds: Worlds, sandbox: str) -> Any:
    """Start a scenario: `{"name": NAME, "params": {...}}`; answers the new environment."""
    body = _body(("name", "params"))
    if not isinstance(body.get("name"), str):
        raise AdminError("'name' is missing: the scenario to start, see `hokusai-testkit scenarios list`")
    world = worlds.get(sandbox)
    world.play(body["name"], body.get("params") or {})
    return describe(world)


def end_scenarios(worlds: Worlds, sandbox: str) -> Any:
    """End every scenario and fault; the data stay."""
    world = worlds.get(sandbox)
    world.calm()
    return describe(world)


def add_fault(worlds: Worlds, sandbox: str) -> Any:
    """Add one fault rule, in the vocabulary of a scenario's `[[fault]]`."""
    data = _object()
    try:
        board = worlds.get(sandbox).faults
        board.add(FaultRule.parse(data))
    except ValueError as error:
        raise AdminError(str(error)) from error
    return {"faults": [{"name": rule.name, **rule.table} for rule in board.rules()]}


def end_faults(worlds: Worlds, sandbox: str) -> Any:
    """Remove every fault rule; those of active scenarios too."""
    worlds.get(sandbox).faults.clear()
    return {"faults": []}


def keys(worlds: Worlds, sandbox: str) -> Any:
    """The API keys of the sandbox and their rights."""
    world = worlds.get(sandbox)
    return {"keys": {role: _describe_key(key) for role, key in world.keys.items()}}


def journal(worlds: Worlds, sandbox: str) -> Any:
    """The recorded requests, redacted: JSON, or HAR 1.2 with `?format=har`."""
    world = worlds.get(sandbox)
    redactor = _redactor()
    roles = {key.secret: role for role, key in world.keys.items()}
    if request.args.get("format") == "har":
        return world.journal.to_har(redactor, roles.get, _root(world))
    return {**world.journal.counters, "entries": world.journal.to_json(redactor, roles.get)}


def clear_journal(worlds: Worlds, sandbox: str) -> Any:
    """Forget the recorded requests."""
    worlds.get(sandbox).journal.clear()
    return {"entries": []}


def write_cassette(worlds: Worlds, sandbox: str) -> Any:
    """Write what was recorded of the sandbox so far; requests go on meanwhile."""
    if worlds.recorder is None:
        raise AdminError("this mock does not record; start it with --record DIR", 409)
    try:
        written = worlds.recorder.write(worlds.get(sandbox).id)
    except RuntimeError as error:
        raise AdminError(str(error), 500) from error
    return {"path": str(written.path), "exchanges": written.exchanges, "left_out": written.left_out}


def errors(worlds: Worlds, sandbox: str) -> Any:
    """Errors inside the mock while it served this sandbox, redacted."""
    redactor = _redactor()
    return {"errors": [redactor.text(error) for error in worlds.get(sandbox).errors]}


def _redactor() -> Redactor:
    """Knows the secrets of this process: a real key of the developer's machine must not leave either."""
    return Redactor(environment_secrets(os.environ))


def _describe_key(key: Key) -> dict[str, Any]:
    return {
        "key": key.secret,
        "valid": key.valid,
        "admin": key.admin,
        "scopes": list(key.scopes),
        "balance": key.balance,
    }


ROUTES: tuple[tuple[str, str, Callable[[Worlds, str], Any]], ...] = (
    ("GET", "", get_sandbox),
    ("DELETE", "", drop_sandbox),
    ("POST", "/reset", reset),
    ("PUT", "/profiles", put_profiles),
    ("POST", "/scenarios", add_scenario),
    ("DELETE", "/scenarios", end_scenarios),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", end_faults),
    ("GET", "/keys", keys),
    ("GET", "/journal", journal),
    ("DELETE", "/journal", clear_journal),
    ("POST", "/cassette", write_cassette),
    ("GET", "/errors", errors),
)
