"""JSON Schema of a `[[fault]]` table: the frame and the schedule, and the effects with their parameters."""

from __future__ import annotations

from typing import Any, get_args

from hokusai_mock.admin.json_schema import Definitions, properties, schema_of
from hokusai_mock.faults.interface import Layer, When
from hokusai_mock.faults.matching import Match
from hokusai_mock.faults.rule import EFFECTS, Window
from hokusai_mock.faults.schedule import Schedule

__all__ = ["fault_schema"]


def fault_schema(known: Definitions) -> dict[str, Any]:
    """The schema of a fault rule; which parameters `with` has depends on the effect, and is described there."""
    schedule, _ = properties(Schedule, known)
    return {
        "type": "object",
        "description": "One fault rule, as a scenario's [[fault]] table has it.",
        "properties": {
            "layer": {
                "enum": [layer for layer in get_args(Layer) if layer != "listener"],
                "description": "Where the rule is attached; a rule that names none, where its effect is at home.",
            },
            "effect": {"enum": sorted(EFFECTS)},
            "when": {"enum": list(get_args(When)), "default": "before"},
            "match": schema_of(Match, known),
            "window": schema_of(Window, known),
            **schedule,
            "with": {"type": "object", "description": "The parameters of the effect."},
        },
        "required": ["effect"],
        "additionalProperties": False,
        "allOf": [_parameters(name, effect, known) for name, effect in sorted(EFFECTS.items())],
    }


def _parameters(name: str, effect: type, known: Definitions) -> dict[str, Any]:
    """What `with` holds when the rule has this effect."""
    fields, required = properties(effect, known)
    parameters: dict[str, Any] = {"type": "object", "properties": fields, "additionalProperties": False}
    demanded: list[str] = []
    if required:
        parameters["required"], demanded = required, ["with"]
    then: dict[str, Any] = {"properties": {"with": parameters}}
    if demanded:
        then["required"] = demanded
    return {"if": {"properties": {"effect": {"const": name}}}, "then": then}
