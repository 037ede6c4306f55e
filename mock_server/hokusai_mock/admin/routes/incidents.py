"""What goes wrong in a sandbox: scenarios and fault rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from hokusai_mock.admin.interface import SANDBOX, AdminError, Call, Route
from hokusai_mock.admin.json_schema import Definitions
from hokusai_mock.admin.routes.sandboxes import Described, Running, describe
from hokusai_mock.world import World

__all__ = ["ROUTES", "FaultTable", "fault_list"]


class RunningScenarios(TypedDict):
    """The scenarios that run, in the order in which they were started."""

    scenarios: list[Running]


class Fault(TypedDict, total=False):
    """A rule with the name under which it is journalled, and the fields of its `[[fault]]` table."""

    name: str
    layer: str
    effect: str
    when: str
    match: dict[str, Any]


class Faults(TypedDict):
    """The fault rules, in the order in which they are asked."""

    faults: list[Fault]


@dataclass(frozen=True, slots=True)
class ScenarioStart:
    """A scenario to start besides those that run; `healthy` ends them all."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


class FaultTable:
    """The fields of a scenario's `[[fault]]` table."""

    @staticmethod
    def parse(data: Any) -> Any:
        """Leave it to `FaultRule.parse`, which the mock of a server without faults never loads."""
        return data

    @staticmethod
    def json_schema(known: Definitions) -> dict[str, Any]:
        """Its schema, for the OpenAPI document."""
        from hokusai_mock.admin.fault_schema import fault_schema  # noqa: PLC0415

        known.setdefault("FaultTable", fault_schema(known))
        return {"$ref": "#/components/schemas/FaultTable"}


def get_scenarios(call: Call) -> RunningScenarios:
    """List the scenarios that run."""
    return {"scenarios": describe(call, call.world)["scenarios"]}


def start_scenario(call: Call) -> Described:
    """Start a scenario besides those that run; answers the new environment, because it may have moved the URLs."""
    world, wanted = call.world, call.body
    world.play(wanted.name, wanted.params)
    return describe(call, world)


def end_scenarios(call: Call) -> Described:
    """End every scenario and every fault; data, clock, keys set by hand and journal stay."""
    world = call.world
    world.calm()
    return describe(call, world)


def get_faults(call: Call) -> Faults:
    """List the fault rules; those of running scenarios too."""
    return fault_list(call.world)


def add_fault(call: Call) -> Faults:
    """Add one fault rule, in the vocabulary of a scenario's `[[fault]]`; answers all rules."""
    from hokusai_mock.admin.routes.idle_faults import refuse_idle  # noqa: PLC0415 - as below
    from hokusai_mock.faults import FaultRule  # noqa: PLC0415 - most mocks never have a fault

    try:
        rule = FaultRule.parse(call.body)
        refuse_idle(call.world, rule)
        call.world.faults.add(rule)
    except ValueError as error:
        raise AdminError(str(error)) from error
    return fault_list(call.world)


def end_faults(call: Call) -> Faults:
    """Remove every fault rule; those of running scenarios too."""
    board = call.world.fault_board
    if board is not None:
        board.clear()
    return {"faults": []}


def fault_list(world: World) -> Faults:
    """The fault rules of a world as JSON."""
    rules: list[Any] = [] if world.fault_board is None else world.fault_board.rules()
    return {"faults": [Fault(**{**rule.table, "name": rule.name}) for rule in rules]}  # type: ignore[typeddict-item]


ROUTES = (
    Route("GET", f"{SANDBOX}/scenarios", get_scenarios),
    Route("POST", f"{SANDBOX}/scenarios", start_scenario, body=ScenarioStart, needs_body=True),
    Route("DELETE", f"{SANDBOX}/scenarios", end_scenarios),
    Route("GET", f"{SANDBOX}/faults", get_faults),
    Route("POST", f"{SANDBOX}/faults", add_fault, body=FaultTable, needs_body=True),
    Route("DELETE", f"{SANDBOX}/faults", end_faults),
)
